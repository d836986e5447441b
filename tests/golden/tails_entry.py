"""The ``tails`` of a proxy as the audit's JSON holds them, for the report tests."""

from typing import Any

UNDEFINED = dict.fromkeys(("reach", "xi", "xi_lower", "xi_upper", "depth", "outlier_p"))


def rung(exceedances: int, share: float, xi: float, z: float) -> dict[str, Any]:
    limits = {"xi_lower": xi - 2 / exceedances**0.5, "xi_upper": xi + 2.5 / exceedances**0.5}
    tested = {"z": z, "critical_low": -2.6, "critical_high": 2.0, "fit_p": 0.4}
    return {"exceedances": exceedances, "share": share, "threshold": 2.5, "xi": xi} | (
        limits | tested | {"prompts": exceedances // 2}
    )


def verdict(name: str, kind: str, reason: str, sentence: str) -> dict[str, Any]:
    return {"name": name, "verdict": kind, "reason": reason, "sentence": sentence} | (
        UNDEFINED
        | {"level": 0.95, "rows": 1280, "prompts": 80, "centred": True, "copies": 0}
        | {"rungs": [], "findings": []}
    )


def tails_entry(name: str, *, binary: bool) -> dict[str, Any]:
    few = "640 rows do not decide."
    proxy = verdict(name, "not_applicable", "discrete", f"{name} takes too few values for a tail.")
    if not binary:
        heavy = "Heavier than exponential down to the top 1 in 20 (shape 0.48, 95 % 0.21 to 0.82)."
        proxy = verdict(name, "heavy", "power", heavy) | {"reach": 20.0, "depth": 0.05}
        proxy |= {"xi": 0.48, "xi_lower": 0.21, "xi_upper": 0.82}
        proxy["rungs"] = [
            rung(128, 0.1, 0.4, 3.1),
            rung(64, 0.05, 0.48, 2.7),
            rung(32, 0.025, 0.3, 0.9),
        ]
    return {
        "proxy": proxy,
        "error": verdict("error", "undecided", "too_few", few),
        "gold": verdict("gold", "undecided", "too_few", few),
        "reach": {"rows": 1280, "share": 0.1, "kl": 0.36},
        "meaning": "A proxy's tail depends on its unit.",
    }
