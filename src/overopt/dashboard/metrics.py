"""The same states for Prometheus, in its text format (0.0.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["metrics_text"]

STATES = ("green", "undecided", "red")
Sample = tuple[dict[str, str], float]


def metrics_text(runs: Iterable[Mapping[str, Any]]) -> str:
    """Metrics of all runs; of a signal's states the one that holds is 1 and the others 0."""
    families: dict[str, tuple[str, str, list[Sample]]] = {
        "overopt_watch_rows": ("counter", "Samples seen.", []),
        "overopt_watch_step": ("gauge", "Step of the newest batch.", []),
        "overopt_watch_last_seen_seconds": ("gauge", "Unix time of the newest batch.", []),
        "overopt_watch_draws": ("counter", "Samples drawn for a label.", []),
        "overopt_watch_labels_consumed": ("counter", "Draws that the tests have consumed.", []),
        "overopt_watch_signal_state": ("gauge", "State of a red signal.", []),
        "overopt_watch_gain": ("gauge", "What the last block of labels showed, by bound.", []),
        "overopt_watch_amber": ("gauge", "An amber signal that asks for labels.", []),
    }
    for run in runs:
        for name, sample in _samples(run):
            families[name][2].append(sample)
    return "".join(_family(name, *family) for name, family in families.items())


def _samples(run: Mapping[str, Any]) -> Iterable[tuple[str, Sample]]:
    labels = {"run": str(run["run"])}
    columns = {"rows": "rows", "step": "step", "last_seen_seconds": "time"}
    columns |= {"draws": "drawn", "labels_consumed": "consumed"}
    for name, column in columns.items():
        if run[column] is not None:
            yield f"overopt_watch_{name}", (labels, float(run[column]))
    for told in run["document"].get("runs", ()):
        for signal in told["signals"]:
            named = labels | {"signal": str(signal["name"])}
            for state in STATES:
                sample = (named | {"state": state}, float(signal["state"] == state))
                yield "overopt_watch_signal_state", sample
            for bound, key in (("value", "gain"), ("lower", "gain_lower"), ("upper", "gain_upper")):
                if signal[key] is not None:
                    yield "overopt_watch_gain", (named | {"bound": bound}, float(signal[key]))
        for amber in told["amber"]:
            yield "overopt_watch_amber", (labels | {"signal": str(amber["name"])}, 1.0)


def _family(name: str, kind: str, told: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {told}", f"# TYPE {name} {kind}"]
    for labels, value in samples:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{inside}}} {value!r}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
