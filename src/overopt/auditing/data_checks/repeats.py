"""Candidates that repeat another candidate of their group: word for word, nearly, or by all scores.

Repeats are found as equal keys within a group. Without texts the key is every score together, and
equal keys count as repeats only where chance cannot explain them: within groups they must be far
commoner than equal values of the finest score are between groups.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.auditing.data_checks.evidence import finding, per_cent
from overopt.auditing.data_checks.ranks import group_ranks, prompt_sample
from overopt.findings import Finding, Severity
from overopt.samples.table import Samples

__all__ = ["repeated_candidates"]

BoolVector = npt.NDArray[np.bool_]
KeyVector = npt.NDArray[np.uint64]

MANY_REPEATS = 0.1  # share of candidates that add nothing: a caution from here on
TEXT_ROWS = 20_000  # texts read; more prompts than that are sampled
NEAR_PAIRS, NEAR_OVERLAP = 2_000, 0.9  # pairs compared word by word; share of words in common
SAME_SCORE = 1e9  # scores that agree to one part in this count as equal
# Scores within a prompt lie closer together than between prompts, so coincidences are likelier
# there; and with no coincidence seen, three could still have been expected (rule of three).
LOCALITY, UNSEEN = 20.0, 3.0

SPACE, EDGES = re.compile(r"\s+"), " .,;:!?\"'`"  # what a near copy may differ in, besides case


def repeated_candidates(samples: Samples) -> Finding | None:
    """OV102: repeats within groups; a note below 10 % of the candidates, else a caution."""
    return _by_score(samples) if samples.text is None else _by_text(samples)


def _by_text(samples: Samples) -> Finding | None:
    part = prompt_sample(samples, TEXT_ROWS)
    texts = list(part.text)
    words = [text and (SPACE.sub(" ", text.casefold()).strip(EDGES) or text) for text in texts]
    exact = _originals(part, _text_keys(texts)) >= 0
    near = (_originals(part, _text_keys(words)) >= 0) | _near_by_score(part, words)
    near &= ~exact
    if not (exact | near).any():
        return None
    share = float((exact | near).mean())
    where = "" if part is samples else f" (in a sample of {part.prompts:,} prompts)"
    return finding(
        "OV102",
        Severity.CAUTION if share >= MANY_REPEATS else Severity.NOTE,
        f"{np.count_nonzero(exact):,} of {part.rows:,} candidates repeat another of the same group "
        f"word for word and {np.count_nonzero(near):,} nearly ({per_cent(share)} together)"
        f"{where}: groups hold fewer different candidates than rows",
        part,
        exact | near,
        exact=int(np.count_nonzero(exact)),
        near=int(np.count_nonzero(near)),
        share=share,
        sampled=part is not samples,
    )


def _by_score(samples: Samples) -> Finding | None:
    columns = list(samples.proxies.values())
    if samples.gold is not None and samples.labelled == samples.rows:
        columns.append(samples.gold)
    keys = _score_keys(columns)
    keys[np.isnan(columns).any(axis=0)] = 0  # not comparable
    repeats = _originals(samples, keys) >= 0
    if not _beyond_chance(samples, columns, repeats):
        return None
    share = float(repeats.mean())
    return finding(
        "OV102",
        Severity.CAUTION if share >= MANY_REPEATS else Severity.NOTE,
        f"{np.count_nonzero(repeats):,} of {samples.rows:,} candidates ({per_cent(share)}) have "
        "all scores in common with another of the same group, far more than chance would give: "
        "they look like copies",
        samples,
        repeats,
        exact=int(np.count_nonzero(repeats)),
        share=share,
    )


def _originals(samples: Samples, keys: KeyVector) -> npt.NDArray[np.int64]:
    """First row of the group with the same key, for rows that repeat it, else -1; key 0 is none."""
    ranks = group_ranks(samples, keys)
    rows = np.flatnonzero(ranks.tied & (keys != 0))
    # A tie group is named by its group and its first rank.
    name = samples.group[rows].astype(np.int64) * (int(ranks.size.max()) + 1) + ranks.start[rows]
    first, back = np.unique(name, return_index=True, return_inverse=True)[1:]
    originals = np.full(samples.rows, -1, dtype=np.int64)
    originals[rows] = rows[first][back]
    originals[originals == np.arange(samples.rows)] = -1
    return originals


def _score_keys(columns: list[npt.NDArray[Any]]) -> KeyVector:
    """One 64-bit key per row from several float columns; equal rows have equal keys."""
    keys = np.full(len(columns[0]), 0x9E3779B97F4A7C15, dtype=np.uint64)
    for column in columns:
        bits = (column.astype(np.float64) + 0.0).view(np.uint64)  # + 0.0 turns -0 into 0
        keys = (keys ^ bits ^ (bits >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
        keys ^= keys >> np.uint64(31)
    return keys


def _beyond_chance(samples: Samples, columns: list[npt.NDArray[Any]], repeats: BoolVector) -> bool:
    """Whether more rows repeat than equal values of the finest column between groups explain."""
    if not repeats.any():
        return False
    finest = max(columns, key=lambda column: len(_run_lengths(np.sort(column))))
    within = sum(
        _pairs(_run_lengths(np.sort(batch.gather(finest), axis=1))) for batch in samples.batches()
    )
    between = max(_pairs(_run_lengths(np.sort(finest))) - within, 0.0) + UNSEEN
    could_within = _pairs(samples.group_sizes)
    could_between = _pairs(np.array([samples.rows])) - could_within
    return bool(np.count_nonzero(repeats) * could_between > LOCALITY * between * could_within)


def _run_lengths(ordered: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Lengths of the runs of equal values along the last axis; NaN equals nothing."""
    new = np.ones(ordered.shape, dtype=bool)
    new[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    return np.diff(np.append(np.flatnonzero(new), ordered.size))


def _pairs(counts: npt.NDArray[Any]) -> float:
    sizes = counts.astype(np.float64)
    return float((sizes * (sizes - 1) / 2).sum())


def _text_keys(texts: list[str | None]) -> KeyVector:
    hashes = (0 if text is None else hash(text) or 1 for text in texts)
    return np.fromiter(hashes, dtype=np.int64, count=len(texts)).view(np.uint64)


def _near_by_score(samples: Samples, words: list[str | None]) -> BoolVector:
    """Rows with the same scores as an earlier row of the group, to 1e-9, and nearly its words."""
    keys = _score_keys([_rounded(column) for column in samples.proxies.values()])
    keys[np.isnan(list(samples.proxies.values())).any(axis=0)] = 0
    originals = _originals(samples, keys)
    near = np.zeros(samples.rows, dtype=bool)
    if not _beyond_chance(samples, list(samples.proxies.values()), originals >= 0):
        return near
    for row in np.flatnonzero(originals >= 0)[:NEAR_PAIRS]:
        near[row] = _overlap(words[row], words[originals[row]]) >= NEAR_OVERLAP
    return near


def _rounded(column: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Values to nine significant digits."""
    mantissa, exponent = np.frexp(column.astype(np.float64))
    return np.ldexp(np.round(mantissa * SAME_SCORE), exponent)


def _overlap(first: str | None, second: str | None) -> float:
    """Words in common, counted with repeats, as a share of the longer text's words."""
    one, two = Counter((first or "").split()), Counter((second or "").split())
    return (one & two).total() / max(one.total(), two.total(), 1)
