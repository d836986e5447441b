"""Whether mean gold under a pressure exists for a law, and how deep into the tails it reaches."""

from __future__ import annotations

import math

from overopt.errors import NotIdentified
from overopt.lab.joints.joint import Joint
from overopt.lab.profile import DEEPEST, Profile, fine_profile
from overopt.pressure import ChiSquare, KLTilt, Pressure

__all__ = ["deep_profile", "demand_existence"]

DEEPEST_TILT = 30_000.0  # nats
NEGLIGIBLE = 45.0  # nats


def demand_existence(joint: Joint, pressure: Pressure, strength: float) -> None:
    """Raise NotIdentified, with the reason, where gold under ``strength`` has no mean."""
    moments = joint.moments()
    if not math.isfinite(moments.gold_mean):
        raise NotIdentified(
            f"gold has no finite mean (it is {moments.gold_mean}), so no curve of mean gold "
            "exists: choose a gold law with a lighter tail"
        )
    if isinstance(pressure, ChiSquare) and strength > 0 and not moments.proxy_has_variance:
        raise NotIdentified(
            "the proxy has no finite variance, so the chi-square optimum does not exist: its ratio "
            "grows with the proxy; use a rank pressure such as best_of_n"
        )
    if isinstance(pressure, KLTilt) and strength > 0 and not strength < moments.tilt_limit:
        known, limit = moments.tilts_known, moments.tilt_limit
        raise NotIdentified(
            f"the optimum of KL-regularised training {'does not' if known else 'is not known to'} "
            f"exist at 1 / beta = {strength:g}: the proxy's upper tail has "
            f"{'' if known else 'for certain '}exponential moments only below {limit:g}; use "
            f"{'a smaller strength or ' if limit > 0 else ''}a rank pressure such as best_of_n"
        )


def deep_profile(joint: Joint, pressure: Pressure, strength: float) -> Profile:
    """A profile that reaches as far into the tails as ``strength`` does.

    Raises NotIdentified where a KL tilt lives beyond any depth that double precision can hold.
    """
    nats = DEEPEST
    while nats <= DEEPEST_TILT:
        profile = fine_profile(joint, nats)
        if not isinstance(pressure, KLTilt) or strength == 0 or _shows(profile, strength):
            return profile
        if (
            joint.from_end()
            or joint.reach(2 * nats)[1] <= joint.reach(nats)[1] + 1e-9 * profile.unit
        ):
            return profile  # a bounded proxy: there is nothing beyond
        nats *= 2
    raise NotIdentified(
        f"the KL tilt at 1 / beta = {strength:g} lives more than {DEEPEST_TILT:g} nats out in the "
        "proxy's tail: use a smaller strength"
    )


def _shows(profile: Profile, strength: float) -> bool:
    """Whether the upper end of the profile is negligible once tilted."""
    tilted = profile.log_density + strength * profile.proxy()
    return bool(tilted[-1, -1] < tilted.max() - NEGLIGIBLE)
