"""How hard may you optimise against an imperfect score before true quality stops improving?"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overopt.auditing import Audit as Audit, audit as audit
    from overopt.curves.estimated_curve import EstimatedCurve as EstimatedCurve
    from overopt.curves.estimation import gold_curve as gold_curve
    from overopt.curves.gold_curve import GoldCurve as GoldCurve
    from overopt.errors import (
        BadOption as BadOption,
        BadSamples as BadSamples,
        MissingDependency as MissingDependency,
        NotIdentified as NotIdentified,
        OveroptError as OveroptError,
        StoreError as StoreError,
    )
    from overopt.findings import Finding as Finding, Severity as Severity
    from overopt.pressure import (
        BestOfN as BestOfN,
        BestOfPoisson as BestOfPoisson,
        ChiSquare as ChiSquare,
        KLTilt as KLTilt,
        Pressure as Pressure,
        SoftBestOfN as SoftBestOfN,
        Threshold as Threshold,
    )
    from overopt.samples import (
        Samples as Samples,
        read_samples as read_samples,
        to_arrow as to_arrow,
        to_parquet as to_parquet,
    )
    from overopt.tails import (
        TailVerdict as TailVerdict,
        error_tail as error_tail,
        gold_tail as gold_tail,
        proxy_tail as proxy_tail,
        tails_document as tails_document,
    )

__version__ = "0.1.0"

# Where each public name lives; it is imported at first use, so that `import overopt` stays light.
_HOMES = {
    "Audit": "overopt.auditing",
    "BadOption": "overopt.errors",
    "BadSamples": "overopt.errors",
    "BestOfN": "overopt.pressure",
    "BestOfPoisson": "overopt.pressure",
    "ChiSquare": "overopt.pressure",
    "EstimatedCurve": "overopt.curves.estimated_curve",
    "Finding": "overopt.findings",
    "GoldCurve": "overopt.curves.gold_curve",
    "KLTilt": "overopt.pressure",
    "MissingDependency": "overopt.errors",
    "NotIdentified": "overopt.errors",
    "OveroptError": "overopt.errors",
    "Pressure": "overopt.pressure",
    "Samples": "overopt.samples",
    "Severity": "overopt.findings",
    "SoftBestOfN": "overopt.pressure",
    "StoreError": "overopt.errors",
    "TailVerdict": "overopt.tails",
    "Threshold": "overopt.pressure",
    "audit": "overopt.auditing",
    "error_tail": "overopt.tails",
    "gold_curve": "overopt.curves.estimation",
    "gold_tail": "overopt.tails",
    "proxy_tail": "overopt.tails",
    "read_samples": "overopt.samples",
    "tails_document": "overopt.tails",
    "to_arrow": "overopt.samples",
    "to_parquet": "overopt.samples",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'overopt' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
