"""Catalogue of the findings about data: what each code OV1xx means and what to do."""

from __future__ import annotations

from overopt.findings.finding import Entry

__all__ = ["DATA_ENTRIES"]

DATA_ENTRIES = (
    Entry(
        code="OV101",
        title="Scores that are not finite numbers",
        meaning=(
            "Some candidates have an infinite score or none. A score of +inf would win every "
            "selection in its prompt (stop); -inf can never win (caution). A missing score takes "
            "its candidate out of the comparison; where only some candidates of a prompt are "
            "scored, the others were perhaps lost for a reason that matters (caution)."
        ),
        remedy=(
            "Look at the rows: overflow, a failed call, an empty answer? Score them again, or "
            "give failures the score that the system in use would give them. Rows without a "
            "finite score are left out of every curve of this proxy."
        ),
    ),
    Entry(
        code="OV102",
        title="Candidates that repeat another of the same prompt",
        meaning=(
            "Two candidates of one prompt have the same text, nearly the same text (case, "
            "spacing, edge punctuation, or nine tenths of the words at the same score), or, in a "
            "table without texts, all scores in common more often than chance allows. Sampling "
            "short answers repeats honestly, and ties keep the curve exact; but copies from "
            "greedy decoding or from a table joined twice are not independent draws, and the "
            "group has fewer real candidates than rows."
        ),
        remedy=(
            "Check how the candidates were made. If rows were duplicated by a join, remove them; "
            "if decoding was greedy or the temperature low, read n as the number of different "
            "candidates."
        ),
    ),
    Entry(
        code="OV103",
        title="A proxy that cannot choose",
        meaning=(
            "The score is the same for all candidates, or for all candidates of every prompt. "
            "Selecting by it is selecting at random, so its curve is flat whatever the quality of "
            "the candidates."
        ),
        remedy=(
            "Check that the column is the score of the candidate, not of the prompt, and that it "
            "was joined by candidate as well as by prompt."
        ),
    ),
    Entry(
        code="OV104",
        title="A binary or ordinal proxy",
        meaning=(
            "The score takes few values, as those of verifiers and judges do. Pressure moves "
            "through the values and ends at the highest one: among candidates that share it, it "
            "cannot choose. The audit adds the precision of the highest score and the share of "
            "candidates that reach it."
        ),
        remedy=(
            "Read the page on passes rather than the far end of the curve. To push further, break "
            "ties with a finer score, for example the mean of several judge calls or the "
            "probability of the verdict."
        ),
    ),
    Entry(
        code="OV105",
        title="The best score is often shared",
        meaning=(
            "In more than a fifth of the groups several candidates share the best score. "
            "Selection among them is by chance: the KL of best-of-n cannot pass -log of the share "
            "of candidates at the top, and beyond about three over that share more candidates "
            "buy almost nothing."
        ),
        remedy=(
            "Do not pay for larger n. If more selection is wanted, use a finer score or a second "
            "one to break ties."
        ),
    ),
    Entry(
        code="OV106",
        title="Small or ragged groups",
        meaning=(
            "Candidates are compared within groups, so a group of m candidates shows best-of-n up "
            "to n = m only, and a group of one shows nothing. With fewer than four candidates per "
            "group the curve is too short to have a shape; where groups differ in size the curve "
            "stops at the n that 95 % of them reach."
        ),
        remedy=(
            "Sample more candidates per prompt, the same number for each. If every group has one "
            "candidate, check which columns name the prompt and the group: a wrong one splits "
            "what belongs together."
        ),
    ),
    Entry(
        code="OV107",
        title="One source wins nearly always",
        meaning=(
            "One source (model, system, checkpoint) holds the best score in at least 60 % of its "
            "groups and at least three times as often as its number of candidates would give it. "
            "A candidate that was built from the reference that the score compares with, or tuned "
            "against this very score, does that; so does a source that is plainly better. Where "
            "gold is known, the finding says how this source compares with the others in the same "
            "prompts: a note if it is proven better, else a caution."
        ),
        remedy=(
            "Find out how the source was made. If it saw the reference or was optimised on the "
            "proxy, leave it out and audit again: with it the curve is about that source, not "
            "about the score."
        ),
    ),
    Entry(
        code="OV108",
        title="Two proxies that order alike",
        meaning=(
            "Two proxies put the candidates of every group in the same order, ties included, or "
            "in exactly the reverse order. For every rule that selects by rank the first kind is "
            "one proxy under two names, so agreement between them is no evidence; a KL tilt may "
            "still differ, because it uses the size of the scores."
        ),
        remedy=(
            "Keep one of the two, or check that the second was not derived from the first by "
            "mistake. If one is the other negated, decide which direction means better."
        ),
    ),
    Entry(
        code="OV109",
        title="Gold falls as the proxy rises",
        meaning=(
            "Within prompts, the rank correlation of proxy and gold is at most -0.1 and negative "
            "beyond chance (one in a thousand, prompts as sample size). Either lower is better by "
            "this score (a loss, a distance, a perplexity), or the proxy is harmful."
        ),
        remedy=(
            "If higher is not better by this score, negate the column. If it is meant to be "
            "higher for better, do not select by it."
        ),
    ),
    Entry(
        code="OV110",
        title="Labels not drawn by a known design",
        meaning=(
            "Some candidates lack a gold label, and how the labelled ones were chosen is not "
            "recorded, contradicts what was declared, or does not fit the recorded probabilities. "
            "A curve corrects for the choice only if it is known; labels on hand-picked or "
            "winning candidates can invent or hide a gain. It is a stop where the labelled "
            "candidates clearly rank otherwise than uniform draws would, and a caution where "
            "nothing speaks against uniform draws but nothing is recorded either."
        ),
        remedy=(
            "Record for every row the probability that it was ever labelled, in a column "
            "label_prob, or say --labels-drawn uniform if every candidate had the same chance. "
            "Otherwise draw new labels by a plan."
        ),
    ),
    Entry(
        code="OV111",
        title="Policies pooled in one group",
        meaning=(
            "Candidates of different steps, checkpoints or policies are compared as if they came "
            "from one. If quality rises over training and the score merely tells early from late, "
            "selection seems to help although within each policy it does nothing."
        ),
        remedy=(
            "Compare within the step or policy (the default). Pool only to ask which checkpoint "
            "to serve, and then read the result as that."
        ),
    ),
    Entry(
        code="OV112",
        title="Few prompts",
        meaning=(
            "Prompts, not rows, are the sample size. With one prompt no interval exists (stop); "
            "with fewer than 30 the intervals rest on t quantiles and on the prompts being of one "
            "kind (caution)."
        ),
        remedy=(
            "Add prompts before candidates: the same number of samples spread over more prompts "
            "says more."
        ),
    ),
    Entry(
        code="OV113",
        title="Gold labels that hardly differ",
        meaning=(
            "All gold labels are equal, or equal within every group, or nearly all equal. No "
            "selection can then show a gain or a loss, and a flat curve says nothing about the "
            "proxy. It is a stop when a whole table agrees, or when gold looks as if it had been "
            "given per prompt; a few labels near a ceiling may agree by luck (caution)."
        ),
        remedy=(
            "Check that gold was judged per candidate and not copied per prompt, and that it is "
            "not capped. If quality is really that even, choose harder prompts."
        ),
    ),
    Entry(
        code="OV114",
        title="Selection among systems",
        meaning=(
            "There is no source column, but the same named candidates recur in most prompts, so "
            "each candidate is a system. Pressure then chooses a system per prompt; the curve "
            "does not tell what drawing more samples from one system would give."
        ),
        remedy=(
            "Read the gain as that of choosing among these systems. For sampling from one policy, "
            "audit several candidates of that policy."
        ),
    ),
    Entry(
        code="OV115",
        title="Many candidates without a score",
        meaning=(
            "More than a fifth of the candidates have no score by this proxy. The curve describes "
            "the scored rest, which may differ from what the proxy will meet in use. It is a stop "
            "when no candidate has a score."
        ),
        remedy=(
            "Find out why scores are missing; score the missing candidates, or restrict the table "
            "to the prompts that were meant to be scored."
        ),
    ),
    Entry(
        code="OV116",
        title="Few gold labels",
        meaning=(
            "There are fewer than 50 labels, or labels in fewer than 30 of more prompts. The "
            "interval at any strength is then of the order of the spread of gold itself, and most "
            "decisions will be undecided."
        ),
        remedy=(
            "Buy labels where they count: the result says how many would decide it. Spread them "
            "over prompts and prefer high-scoring candidates, with recorded probabilities."
        ),
    ),
    Entry(
        code="OV117",
        title="Gold repeats the proxy",
        meaning=(
            "Gold orders all labelled candidates exactly as the proxy does. For a score on a "
            "continuous scale that means one column is made from the other: the audit is circular "
            "and will say that more pressure always helps (stop). For a binary or ordinal score "
            "it may also be a perfect verifier (caution)."
        ),
        remedy="Name a gold column that was measured independently of the proxy.",
    ),
    Entry(
        code="OV118",
        title="One prompt carries the spread of gold",
        meaning=(
            "Half or more of the variation of gold within groups comes from one of at least 30 "
            "prompts: an outlier, a mistyped label, or gold with so heavy a tail that means over "
            "prompts settle slowly. Intervals are then unreliable, and the curve is the curve of "
            "that prompt."
        ),
        remedy=(
            "Look at the labels of the prompt. If they are right, audit a bounded version of "
            "gold, such as its rank or a win over a baseline."
        ),
    ),
    Entry(
        code="OV119",
        title="Scores that look like a code",
        meaning=(
            "Several candidates share one extreme score that lies farther from all others than "
            "twice their range, such as -999 or 1e6. It looks like a code for a failed or missing "
            "score, not like a score."
        ),
        remedy=(
            "If it is a code, replace it by an empty cell, or by the score that the system in use "
            "would act on. A KL tilt is thrown off by such a value even at the low end."
        ),
    ),
    Entry(
        code="OV120",
        title="The spread of scores differs between prompts",
        meaning=(
            "The standard deviation of the score within a prompt differs more than tenfold "
            "between a narrow and a wide prompt (10 % and 90 %). One value of beta then pushes "
            "the wide prompts hard and the narrow ones hardly; rank rules such as best-of-n are "
            "not affected."
        ),
        remedy=(
            "Prefer best-of-n or a threshold within the prompt, or divide scores by the prompt's "
            "standard deviation before tilting, as trainers do that normalise advantages by "
            "group."
        ),
    ),
    Entry(
        code="OV121",
        title="Planned labels that did not come back",
        meaning=(
            "Some rows were drawn to be labelled and have no label. The curve takes these labels "
            "as missing by chance alone and weights the others up. If they are missing for a "
            "reason that has to do with quality (annotators skip what is long, odd or hard), that "
            "is wrong. The finding says between which limits the estimated gain would lie whatever "
            "the missing labels are, as long as they are within the ends of the scale. It is a "
            "stop where more than a fifth is missing."
        ),
        remedy=(
            "Ask for the missing labels again, and merge them: the plan keeps their places. If the "
            "decision would be the same at both limits, they do not matter."
        ),
    ),
    Entry(
        code="OV122",
        title="Annotators who disagree",
        meaning=(
            "On rows that several annotators labelled, Krippendorff's alpha is below 0.4: two "
            "labels of one row agree little better than labels of two rows. Such noise biases no "
            "curve, it widens intervals, and the intervals shown have it in them. That is so as "
            "long as annotators err at random. If they are fooled by what fools the proxy, such as "
            "length or confidence, gold itself rises with the error, and nothing in the table "
            "shows it."
        ),
        remedy=(
            "Read some rows on which they differ, sharpen the instructions, and have the "
            "best-scored candidates judged by somebody who does not see the score. More labels per "
            "row help less than more rows."
        ),
    ),
)
