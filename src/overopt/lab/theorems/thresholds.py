"""Mean gold above proxy values, exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from overopt.lab.joints.joint import FloatArray, Joint
from overopt.pressure import Threshold

__all__ = ["gold_above"]


def gold_above(joint: Joint, proxies: Sequence[float]) -> FloatArray:
    """E[gold | proxy > t] at ascending ``proxies`` [k]."""
    strengths = np.exp(-joint.logsf(list(proxies)))
    return np.asarray(joint.curve(Threshold(), strengths).gold)
