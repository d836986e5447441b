"""Watching a run: is pushing the proxy further still paying, and when did it stop?

Batches of scored samples come in, a few of them are drawn for a gold label with recorded chances,
and detectors fold both into states. Every red signal carries a bound on its false alarms over the
whole run; what can be said from proxies alone is amber and asks for labels.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overopt.watch.replaying import replay as replay
    from overopt.watch.run_metrics import metrics as metrics
    from overopt.watch.wrapping import wrap as wrap

# Where each public name lives; it is imported at first use, so that a part stays light.
_HOMES = {
    "metrics": "overopt.watch.run_metrics",
    "replay": "overopt.watch.replaying",
    "wrap": "overopt.watch.wrapping",
}
__all__ = ["metrics", "replay", "wrap"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'overopt.watch' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value
