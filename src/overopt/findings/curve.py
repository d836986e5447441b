"""Catalogue of the findings about curves and decisions: codes OV3xx."""

from __future__ import annotations

from overopt.findings.finding import Entry

__all__ = ["CURVE_ENTRIES"]

CURVE_ENTRIES = (
    Entry(
        code="OV301",
        title="Tilt weights too uneven to trust",
        meaning=(
            "A KL or chi-square policy is estimated by weighting the samples at hand. At these "
            "strengths the Pareto k of the weights is above 0.7: a few samples carry the "
            "estimate, and the candidates that the policy would really favour were probably never "
            "drawn. The points are greyed."
        ),
        remedy=(
            "Read the curve up to the last strength that is not greyed. To see further, draw more "
            "candidates per prompt; no computation on these can replace them."
        ),
    ),
    Entry(
        code="OV302",
        title="Small groups left out of the curve",
        meaning=(
            "Groups with fewer candidates than the curve's largest n are left out of the whole "
            "curve, so that every n is an average over the same prompts. If small groups are "
            "special, for instance hard prompts where sampling failed, the curve describes the "
            "others."
        ),
        remedy=(
            "Sample the same number of candidates for every prompt, or ask for a smaller largest n."
        ),
    ),
    Entry(
        code="OV303",
        title="Unknown label design: description only",
        meaning=(
            "How the labelled candidates were chosen is unknown, so the curve describes the "
            "labelled candidates and carries no claim about the rest. The decision is undecided, "
            "whatever the intervals look like."
        ),
        remedy=(
            "Record label probabilities or declare how labels were drawn (--labels-drawn), or "
            "label a fresh random part."
        ),
    ),
    Entry(
        code="OV304",
        title="Too few effective labels at the top",
        meaning=(
            "At high strengths the estimate rests on few labelled candidates among the best- "
            "scored, counted as effective labels (labels discounted for unequal weights). The "
            "interval there may be too short and the point can move with a single label."
        ),
        remedy=(
            "Label more of the best-scored candidates of many prompts; the result says how many "
            "would decide it."
        ),
    ),
    Entry(
        code="OV305",
        title="Interval widened for bounded gold",
        meaning=(
            "Gold has a lowest and a highest value and the estimate lies near one of them, where "
            "the spread seen in the sample can be small by luck. The interval given is the union "
            "of the clustered interval with a Wilson interval on the effective number of labels: "
            "it is safe, and may be wider than needed."
        ),
        remedy="Nothing is wrong. More labels shorten it.",
    ),
    Entry(
        code="OV306",
        title="Gold not identified at some strengths",
        meaning=(
            "At some strengths the candidates that count have no gold label and no chance of "
            "having got one, so the data say nothing about gold there, however many rows there "
            "are. Those points are empty."
        ),
        remedy="Give every candidate that may be selected a positive chance of being labelled.",
    ),
    Entry(
        code="OV307",
        title="Computed on a sample of prompts",
        meaning=(
            "Soft best-of-n needs an integral per tie pattern and group. For this table it was "
            "computed on a part of the prompts, chosen by a hash of their ids; its intervals hold "
            "for that part and are wider than those of the other curves."
        ),
        remedy=(
            "Nothing is wrong. Compare curves of different pressures by their intervals, not "
            "point by point."
        ),
    ),
    Entry(
        code="OV308",
        title="Beyond the candidates at hand: a model",
        meaning=(
            "Values at n above the number of candidates per prompt do not come from the data "
            "alone: they assume that prompts are alike after their scores are centred, and a form "
            "for the tail. The bias of that model cannot be bounded from these data, and a peak "
            "may lie beyond what any such model sees."
        ),
        remedy=(
            "Decide within the observed range. If n that large matters, sample that many "
            "candidates for some prompts."
        ),
    ),
    Entry(
        code="OV309",
        title="KL certifies nothing at this reach",
        meaning=(
            "A share of candidates too rare to appear among the samples can make up much of a "
            "trained policy at a small KL. Where the KL of the recommendation exceeds the reach "
            "in KL of the data, an estimate of gold from samples of the reference policy cannot "
            "exclude that. Training is also not selection: the value is that of the ideal tilt "
            "within what was sampled."
        ),
        remedy=(
            "Treat KL and beta as a starting point and monitor gold labels on samples of the "
            "trained policy itself. More reference samples raise the reach only slowly."
        ),
    ),
    Entry(
        code="OV310",
        title="Within and pooled estimates disagree",
        meaning=(
            "The model used beyond the candidates at hand pools prompts. At strengths where both "
            "can be computed, the pooled curve differs from the exact curve within prompts by "
            "more than its error: prompts are not alike after centring, and values beyond the "
            "observed range inherit that bias."
        ),
        remedy="Do not use the extrapolated part. Sample more candidates per prompt instead.",
    ),
    Entry(
        code="OV311",
        title="One prompt: no interval",
        meaning=(
            "Intervals come from the differences between prompts. With one prompt there are none, "
            "so estimates are given without interval and no decision is made."
        ),
        remedy="Add prompts; about 30 make the intervals useful.",
    ),
)
