"""Catalogue of the findings about tails: codes OV2xx."""

from __future__ import annotations

from overopt.findings.finding import Entry

__all__ = ["TAIL_ENTRIES"]

TAIL_ENTRIES = (
    Entry(
        code="OV201",
        title="Infinite scores",
        meaning=(
            "Some scores are +inf. Any pressure on raw scores goes to them whatever they are "
            "worth, so the tail is called heavy without a test; the shape that is printed is that "
            "of the finite scores."
        ),
        remedy=(
            "Find out how they arise: a division by zero or an overflow is a defect of the score."
        ),
    ),
    Entry(
        code="OV202",
        title="Copies left out of the tail",
        meaning=(
            "Within groups, far more scores lie on or very near another than independent draws "
            "from a continuous law would put there: the same answer was scored twice. Copies make "
            "a tail look surer than it is, so one of each is kept. The width of a near copy is "
            "read from the data."
        ),
        remedy="Nothing is wrong. More different candidates would reach deeper.",
    ),
    Entry(
        code="OV203",
        title="Spread that differs between groups",
        meaning=(
            "Pooled over groups of different spread, light tails look heavy. Here the spread "
            "differs beyond chance (the log spreads of two random halves of each group go "
            "together), so a heavy verdict is withdrawn. A light one stays."
        ),
        remedy=(
            "Judge the tail within one kind of prompt (--group), or collect enough candidates of "
            "a few prompts to judge each by itself."
        ),
    ),
    Entry(
        code="OV204",
        title="A score without a tail",
        meaning=(
            "The score ends at a cap that many rows share, or moves in steps that are large "
            "against its tail, as verifiers and judges do. Such a proxy cannot run away. That "
            "says nothing about the error: it is bounded only as far as the cap clips it."
        ),
        remedy=(
            "Look at the precision of the highest score instead (overopt audit). A score that was "
            "squashed may be judged before squashing, for example as its logit."
        ),
    ),
    Entry(
        code="OV205",
        title="A heavy tail that is not one law",
        meaning=(
            "The tail is heavier than exponential, but no generalised Pareto law fits it, or it "
            "turns down again deeper: a mixture. Usually a small sub-population of rows makes the "
            "top."
        ),
        remedy="Read the rows above the threshold that is named, and find what they share.",
    ),
    Entry(
        code="OV206",
        title="A tail of labelled rows of unknown origin",
        meaning=(
            "Gold's and the error's tail are estimated from labelled rows. How these were chosen "
            "is not recorded, so their tail need not be that of all rows."
        ),
        remedy="Record label probabilities, or declare how labels were drawn (--labels-drawn).",
    ),
    Entry(
        code="OV207",
        title="Error and proxy not separable",
        meaning=(
            "Gold takes two values. The error is then the proxy less one of two numbers, so far "
            "up its tail is the proxy's, and the data cannot tell whose it is."
        ),
        remedy="A finer measure of quality on some rows would separate them.",
    ),
    Entry(
        code="OV208",
        title="Scores that sampling would not reach",
        meaning=(
            "Rows of one group score so far beyond the highest of another that, by that group's "
            "own tail, a hundred times its rows would not show one. What was found by search "
            "tells nothing about what sampling harder would find, and the other way round."
        ),
        remedy=(
            "Keep them apart in every estimate. Judge the quality of such rows by themselves: "
            "they show where the score can be pushed."
        ),
    ),
    Entry(
        code="OV209",
        title="A small KL proves nothing here",
        meaning=(
            "With a heavy-tailed error a policy can gain any amount of proxy at a KL as small as "
            "one likes without gaining gold (Kwa, Thomas and Garriga-Alonso 2024). Rows that this "
            "table is too small to show may own a tenth of the policy at the KL that is named."
        ),
        remedy=(
            "Do not take a small KL as evidence. Clip or squash the score, or select by rank "
            "(best-of-n), and check gold on samples of the trained policy."
        ),
    ),
)
