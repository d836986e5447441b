"""Watching a run: is pushing the proxy further still paying, and when did it stop?

Batches of scored samples come in, a few of them are drawn for a gold label with recorded chances,
and detectors fold both into states. Every red signal carries a bound on its false alarms over the
whole run; what can be said from proxies alone is amber and asks for labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overopt.watch.wrapping import wrap as wrap

__all__ = ["wrap"]


def __getattr__(name: str) -> Any:
    if name != "wrap":
        raise AttributeError(f"module 'overopt.watch' has no attribute {name!r}")
    from overopt.watch.wrapping import wrap

    globals()[name] = wrap
    return wrap
