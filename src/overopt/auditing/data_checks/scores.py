"""Checks of one proxy's scores: finite, varied, untied, present, on a sane scale."""

from __future__ import annotations

import numpy as np

from overopt.auditing.data_checks.evidence import finding, per_cent
from overopt.auditing.data_checks.ranks import group_sums
from overopt.auditing.data_checks.scale import ScoredProxy, proxy_column, within_sds
from overopt.findings import Finding, Severity
from overopt.samples.table import Samples

__all__ = [
    "coarse_scores",
    "constant_scores",
    "infinite_scores",
    "missing_scores",
    "placeholder_scores",
    "ties_at_the_top",
    "uneven_scale",
]

HEAVY_MISSING = 0.2
MANY_TIED_TOPS = 0.2
PLACEHOLDER_GAP, FEWEST_DISTINCT = 2.0, 10  # gap in ranges of all other scores
UNEVEN_RATIO, UNEVEN_GROUPS, UNEVEN_SIZE = 10.0, 20, 8


def infinite_scores(samples: Samples, proxy: str) -> Finding | None:
    """OV101: +inf wins every selection and stops the audit; -inf only loses every selection."""
    values = proxy_column(samples, proxy)
    infinite = np.isinf(values)
    if not infinite.any():
        return None
    above = int(np.count_nonzero(infinite & (values > 0)))
    below = int(np.count_nonzero(infinite)) - above
    consequence = "+inf would win every selection" if above else "they would lose every selection"
    return finding(
        "OV101",
        Severity.STOP if above else Severity.CAUTION,
        f"{proxy}: {above:,} scores are +inf and {below:,} are -inf, of {samples.rows:,}: "
        f"{consequence}, so these rows are left out",
        samples,
        infinite,
        proxy=proxy,
        plus_infinity=above,
        minus_infinity=below,
    )


def missing_scores(samples: Samples, proxy: str) -> Finding | None:
    """OV101 for some missing scores, OV115 for many.

    A prompt without any score is only a prompt less (note); a prompt that is partly scored loses
    candidates, and not by a known rule (caution).
    """
    missing = np.isnan(proxy_column(samples, proxy))
    count = int(np.count_nonzero(missing))
    if count == 0:
        return None
    per_group = group_sums(samples, missing)
    cut = int(np.count_nonzero((per_group > 0) & (per_group < samples.group_sizes)))
    whole = int(np.count_nonzero(per_group == samples.group_sizes))
    heavy = count > HEAVY_MISSING * samples.rows
    severity = Severity.CAUTION if cut or heavy else Severity.NOTE
    return finding(
        "OV115" if heavy else "OV101",
        Severity.STOP if count == samples.rows else severity,
        f"{proxy}: {count:,} of {samples.rows:,} candidates ({per_cent(count / samples.rows)}) "
        f"have no score; {whole:,} of {samples.groups:,} groups have none at all and {cut:,} lose "
        "a part of their candidates",
        samples,
        missing,
        proxy=proxy,
        share=count / samples.rows,
        groups_unscored=whole,
        groups_partly_scored=cut,
    )


def constant_scores(view: ScoredProxy) -> Finding | None:
    """OV103: one score everywhere, or one within every group, cannot select anything."""
    plural = view.ranks.size > 1
    if view.scale.kind == "constant":
        said = f"has the same score {view.scale.min:g} for all {view.samples.rows:,} candidates"
    elif plural.any() and view.ranks.flat[plural].all():
        said = "has one score per prompt: all candidates of a prompt share it"
    else:
        return None
    return finding(
        "OV103",
        Severity.STOP,
        f"{view.name} {said}; selecting by it is selecting at random",
        view.samples,
        view.ranks.flat,
        proxy=view.name,
        distinct=view.scale.distinct,
    )


def coarse_scores(view: ScoredProxy) -> Finding | None:
    """OV104: a binary or ordinal proxy runs out of pressure at its top score."""
    scale = view.scale
    if scale.kind not in ("binary", "ordinal"):
        return None
    at_cap = float((view.values == scale.max).mean())
    if scale.kind == "binary":
        said = f"two values, {scale.min:g} and {scale.max:g} ({per_cent(at_cap)} of the candidates)"
    else:
        said = f"{scale.distinct} distinct values from {scale.min:g} to {scale.max:g}"
    return finding(
        "OV104",
        Severity.NOTE,
        f"{view.name} takes {said}; {per_cent(scale.tied_share)} of the candidates tie with "
        "another of their group, and among equals it cannot choose",
        view.samples,
        proxy=view.name,
        kind=scale.kind,
        distinct=scale.distinct,
        share_at_cap=at_cap,
        tied_share=scale.tied_share,
    )


def ties_at_the_top(view: ScoredProxy) -> Finding | None:
    """OV105: where the best score is shared, the curve is flat beyond -log P(top) nats."""
    ranks, samples = view.ranks, view.samples
    share = view.scale.tied_top_share
    if not share > MANY_TIED_TOPS or ranks.flat[ranks.size > 1].all():
        return None
    shared_top = ranks.top & ranks.tied
    sharing = group_sums(samples, shared_top)
    at_top = (sharing / samples.group_sizes)[sharing > 0]
    end = float(-np.log(at_top).mean())
    # Best-of-n meets a top of share p with chance 1 - (1 - p)^n: 95 % at about 3 / p.
    n_end = float(np.median(3 / at_top))
    return finding(
        "OV105",
        Severity.CAUTION,
        f"{view.name}: in {per_cent(share)} of the groups ({len(at_top):,}) the best score is "
        f"shared, there by {per_cent(float(at_top.mean()))} of the candidates: from about n = "
        f"{n_end:.0f} on best-of-n there mostly draws among equals, and its KL ends at {end:.2f} "
        "nats on average",
        samples,
        shared_top,
        proxy=view.name,
        share=share,
        groups=len(at_top),
        share_at_top=float(at_top.mean()),
        kl_end=end,
    )


def placeholder_scores(view: ScoredProxy) -> Finding | None:
    """OV119: several rows share one extreme, far from all other scores, like -999."""
    values, scale = view.values, view.scale
    if scale.distinct < FEWEST_DISTINCT:
        return None
    for extreme in (scale.min, scale.max):
        guilty = values == extreme
        rest = values[~guilty]
        low, high = float(rest.min()), float(rest.max())
        gap = max(low - extreme, extreme - high)
        if gap > PLACEHOLDER_GAP * (high - low) and np.count_nonzero(guilty) > 1:
            return finding(
                "OV119",
                Severity.CAUTION,
                f"{view.name}: {np.count_nonzero(guilty):,} candidates have the score {extreme:g}, "
                f"all others lie between {low:g} and {high:g}: it looks like a code for a failure",
                view.samples,
                guilty,
                proxy=view.name,
                value=extreme,
            )
    return None


def uneven_scale(view: ScoredProxy) -> Finding | None:
    """OV120: the spread of scores differs widely between prompts."""
    wide = view.samples.group_sizes >= UNEVEN_SIZE
    if view.scale.kind != "continuous" or wide.sum() < UNEVEN_GROUPS:
        return None
    low, high = np.quantile(within_sds(view.samples, view.values)[wide], [0.1, 0.9])
    if not high > UNEVEN_RATIO * low:
        return None
    return finding(
        "OV120",
        Severity.NOTE,
        f"{view.name}: its spread within a prompt runs from sd {low:.3g} to {high:.3g} (10 % and "
        "90 % of prompts): a KL tilt with one beta pushes almost only on the wide prompts; "
        "best-of-n does not mind",
        view.samples,
        proxy=view.name,
        sd_low=float(low),
        sd_high=float(high),
    )
