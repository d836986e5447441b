"""How much KL a number of samples can vouch for.

A kind of output with base mass below 3 / N may not occur among N samples (with 95 % confidence, by
the rule of three). Optimisation that finds it can give it a share p of the policy at

    KL = p ln(p N / 3) + (1 - p) ln((1 - p) / (1 - 3 / N)),

the cost of moving mass p onto an event of mass 3 / N. Beyond this KL, gold measured on the samples
certifies nothing about such a policy. Source: the two-event divergence behind theorem 1 of Kwa,
Thomas and Garriga-Alonso (2407.14503).
"""

from __future__ import annotations

import math

__all__ = ["REACH_SHARE", "reach_in_kl"]

REACH_SHARE = 0.10


def reach_in_kl(rows: int, share: float = REACH_SHARE) -> float:
    """KL in nats at which a component unseen in ``rows`` samples can own ``share`` of the policy.

    0 when the samples are so few that the share itself may be unseen (rows <= 3 / share).
    """
    unseen = 3.0 / rows
    if unseen >= share:
        return 0.0
    rest = (1 - share) * math.log((1 - share) / (1 - unseen))
    return share * math.log(share / unseen) + rest
