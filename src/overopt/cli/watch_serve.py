"""``overopt watch serve``: the page of a watch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from overopt.cli.output import complain

__all__ = ["serve"]

Folder = Annotated[
    Path,
    typer.Option(
        "--store",
        metavar="DIR",
        envvar="OVEROPT_WATCH",
        show_envvar=True,
        help="The folder that the watch writes to.",
    ),
]
Host = Annotated[
    str,
    typer.Option("--host", help="Address to listen on; any but this machine's needs --token."),
]
Port = Annotated[int, typer.Option("--port", help="0 takes a free one.", min=0, max=65535)]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="OVEROPT_WATCH_TOKEN",
        show_envvar=True,
        help="What a reader must show, 22 characters or more. The variable keeps it out of the "
        "list of processes.",
    ),
]


def serve(
    store: Folder = Path("overopt-watch"),
    host: Host = "127.0.0.1",
    port: Port = 8899,
    token: Token = None,
) -> int:
    """Serve the page of a watch: states, curves, labels to give, alarms. Stop with Ctrl-C."""
    from overopt.dashboard.access import Access
    from overopt.dashboard.server import serve as serve_page

    access = Access(host=host, token=token)
    serve_page(store, access=access, port=port, tell=lambda where: complain(f"the page is {where}"))
    return 0
