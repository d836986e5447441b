"""Catalogue of the mechanisms: why gold does not follow a proxy, codes OV321 to OV339."""

from __future__ import annotations

from overopt.findings.finding import Entry

__all__ = ["MECHANISM_ENTRIES"]

MECHANISM_ENTRIES = (
    Entry(
        code="OV321",
        title="Turning dependence: gold bends down at the top",
        meaning=(
            "Mean gold rises with the rank by the proxy and then falls among the best-scored "
            "candidates; rise and fall are both proven, over all cuts of the ranks at once. The "
            "error depends on gold or on what the candidates do, and no tail index of the score "
            "could show it. More pressure serves more of the top, so gold under pressure turns "
            "too, only later."
        ),
        remedy=(
            "Read the rows named, the best-scored with the least gold: what they share is what the "
            "score rewards and gold does not. Until the score is mended, do not use more "
            "candidates, or more KL, than the decision says."
        ),
    ),
    Entry(
        code="OV322",
        title="Exploiter subpopulation",
        meaning=(
            "One kind of candidate (a source, the longest or shortest fifth of each prompt's "
            "candidates, a fifth by another feature, a text that many prompts repeat) wins at "
            "least a fifth of the groups and half as often again as chance would have it; and "
            "without it best-of-n is proven to give more gold, and to gain more over no pressure, "
            "by at least a tenth of the within-prompt sd. Where it meets other candidates at the "
            "same rank, it has less gold than they. The report shows both curves."
        ),
        remedy=(
            "Look at the rows named: was the kind built from the reference, tuned on this score, "
            "or does the score reward its form? If the policy in use cannot produce it, leave it "
            "out and audit again. If it can, mend the score or cap what it may win."
        ),
    ),
    Entry(
        code="OV323",
        title="Heavy error tail",
        meaning=(
            "The score less what gold explains of it has an upper tail heavier than exponential, "
            "to the depth given, and gold has no such tail. Then the highest scores are mostly "
            "error: for error independent of gold, the gain of best-of-n, a threshold or a "
            "KL-regularised policy goes back to nothing as pressure grows without bound, even "
            "where it still rises within these groups."
        ),
        remedy=(
            "Do not extrapolate the curve, and do not trust a small KL. Clip or winsorise the "
            "score, average several scores, and label the best-scored candidates before more "
            "pressure is used."
        ),
    ),
    Entry(
        code="OV324",
        title="Anti-correlation: gold falls as the proxy rises",
        meaning=(
            "Of two random candidates of a prompt, the better-scored one has less gold, proven "
            "with prompts as the sample size. This holds over all ranks, not only at the top."
        ),
        remedy=(
            "If lower is better by this score (a loss, a distance, a perplexity), negate the "
            "column. If not, do not select by it: no strength of pressure helps."
        ),
    ),
    Entry(
        code="OV325",
        title="Saturation at a cap",
        meaning=(
            "In more than a fifth of the groups several candidates share the best score. There "
            "selection ends at minus the log of their share, in nats, and gold cannot pass the "
            "mean gold of those that share it, which is given with its interval."
        ),
        remedy=(
            "Do not pay for more candidates. If gold at the cap is not good enough, break ties "
            "with a finer score, several calls of a judge, or a second check."
        ),
    ),
    Entry(
        code="OV326",
        title="A feature takes over",
        meaning=(
            "Winners have proven more (or less) of a feature, such as length, than random "
            "candidates, by 0.3 sd or more and still growing over the last doubling of n; having "
            "more of it is not worth having by itself; and with the share of the score that the "
            "feature explains taken out, best-of-n is proven to give more gold. At equal ranks by "
            "the score, more of the feature means less gold."
        ),
        remedy=(
            "Adjust the score for the feature (its regression within prompts), compare candidates "
            "of similar size only, or constrain it in the policy. Read the rows named to see what "
            "the feature stands for: padding, hedging, or cut answers."
        ),
    ),
    Entry(
        code="OV327",
        title="No association",
        meaning=(
            "Of two random candidates of a prompt, the better-scored one has the same gold as the "
            "other to within a tenth of the within-prompt sd: the whole interval lies inside, and "
            "no strength of pressure has a proven gain or loss. This is evidence of absence, not "
            "absence of evidence."
        ),
        remedy=(
            "Do not spend candidates or training on this score. Check that it was joined to the "
            "right candidates; if it was, look for another one."
        ),
    ),
    Entry(
        code="OV328",
        title="Pooling hides opposite signs",
        meaning=(
            "At one and the same pressure some group (a domain, a step, a checkpoint) is proven to "
            "gain gold and another to lose it, all groups judged together. The pooled curve is an "
            "average of the two and describes neither."
        ),
        remedy=(
            "Audit the groups one by one and decide for each. Where prompts of the losing group "
            "can be told apart before selection, do not select there by this score."
        ),
    ),
)
