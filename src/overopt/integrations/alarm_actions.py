"""What to do with an alarm: post it to a web address, or run a command.

    overopt.watch.wrap(reward, run="exp7", on_alarm=[Webhook(URL, allow=["hooks.slack.com"])])

Both return at once and work in a thread of their own; what fails is counted in ``counts``. No text
of a sample is ever in an alarm.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
import subprocess
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, final
from urllib.parse import urlsplit

from overopt.errors import BadOption

__all__ = ["Command", "Webhook"]

TIMEOUT = 5.0  # seconds
COMMAND_TIMEOUT = 60.0


@final
class Webhook:
    """Posts an alarm as JSON to ``url``, whose host must be in ``allow``.

    Redirects are not followed and proxies not used. A host that turns out to be an address of this
    machine or of a private network is refused unless ``allow`` has that very address.

    Raises
    ------
    BadOption
        At construction: not http or https, credentials in the address, or a host not allowed.
    """

    def __init__(self, url: str, *, allow: Sequence[str]) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        shown = f"{parts.scheme}://{host}"  # the rest may be a secret
        if parts.scheme not in ("http", "https") or not host or parts.username is not None:
            raise BadOption(f"webhook {shown!r}: give http or https, a host, and no user")
        if isinstance(allow, str) or host not in allow:
            raise BadOption(f"webhook {shown!r}: allow=[{host!r}] must say that this host is meant")
        self._host, self._allow = host, frozenset(allow)
        self._secure = parts.scheme == "https"
        self._port = parts.port or (443 if self._secure else 80)
        self._target = parts.path + (f"?{parts.query}" if parts.query else "") or "/"
        self.counts: Counter[str] = Counter()

    def __call__(self, alarm: Mapping[str, Any]) -> None:
        """Post the alarm, in the background."""
        _apart(self.counts, lambda: self._post(_message(alarm)))

    def _post(self, body: bytes) -> None:
        """One request; any answer but success is an error."""
        plain = socket.create_connection((self._address(), self._port), TIMEOUT)
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT)
        try:
            connection.sock = plain
            if self._secure:
                context = ssl.create_default_context()
                connection.sock = context.wrap_socket(plain, server_hostname=self._host)
            head = {"Content-Type": "application/json", "Connection": "close"}
            connection.request("POST", self._target, body, head)
            status = connection.getresponse().status
        finally:
            connection.close()
            plain.close()
        if not 200 <= status < 300:
            raise ConnectionError(f"status {status}")

    def _address(self) -> str:
        """The address to connect to: checked once, and no other is used."""
        found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        for *_, place in found:
            address = str(place[0])
            if address in self._allow or ipaddress.ip_address(address.split("%")[0]).is_global:
                return address
        raise PermissionError(f"{self._host} is an address of a private network")


@final
class Command:
    """Runs a program with its arguments, never through a shell; the alarm is JSON on its input."""

    def __init__(self, arguments: Sequence[str]) -> None:
        if isinstance(arguments, str) or not arguments:
            raise BadOption("command: give the program and its arguments as a list")
        self._arguments = list(arguments)
        self.counts: Counter[str] = Counter()

    def __call__(self, alarm: Mapping[str, Any]) -> None:
        """Run the command, in the background, for a minute at most."""
        _apart(self.counts, lambda: self._run(_message(alarm)))

    def _run(self, body: bytes) -> None:
        subprocess.run(
            self._arguments,
            input=body,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_TIMEOUT,
            check=True,
        )


def _message(alarm: Mapping[str, Any]) -> bytes:
    """What is sent: names and steps, and a line for chat programs."""
    kept = {key: alarm[key] for key in ("run", "tier", "name", "step")}
    sentence = alarm.get("content", {}).get("sentence")
    text = f"run {kept['run']}: {kept['name']} is {kept['tier']} at step {kept['step']}"
    kept["text"] = f"{text}. {sentence}" if sentence else text
    return json.dumps(kept, allow_nan=False).encode()


def _apart(counts: Counter[str], action: Any) -> None:
    def work() -> None:
        try:
            action()
            counts["done"] += 1
        except Exception as error:
            counts[type(error).__name__] += 1

    threading.Thread(target=work, name="overopt-alarm", daemon=True).start()
