"""How hard may you optimise against an imperfect score before true quality stops improving?"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overopt.errors import (
        BadOption as BadOption,
        BadSamples as BadSamples,
        MissingDependency as MissingDependency,
        NotIdentified as NotIdentified,
        OveroptError as OveroptError,
        StoreError as StoreError,
    )
    from overopt.findings import Finding as Finding, Severity as Severity
    from overopt.samples import Samples as Samples

__version__ = "0.1.0"

# Where each public name lives; it is imported at first use, so that `import overopt` stays light.
_HOMES = {
    "BadOption": "overopt.errors",
    "BadSamples": "overopt.errors",
    "Finding": "overopt.findings",
    "MissingDependency": "overopt.errors",
    "NotIdentified": "overopt.errors",
    "OveroptError": "overopt.errors",
    "Samples": "overopt.samples",
    "Severity": "overopt.findings",
    "StoreError": "overopt.errors",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'overopt' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
