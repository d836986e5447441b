"""Simulated training runs with known gains, and what the gain detector says of them, vectorised.

Proxy = a V + X and gold = 1[V + m > 0] with V normal and X normal or t(2): a > 0 pays, a < 0 hurts,
a = 0 is the plateau where healthy training ends. One label a batch. A test holds this path equal to
the product's own draws and fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.stats.e_process import Betting, log_evidence_path
from overopt.watch.bank import POOLED, centred_by_median, rank_scores, recentred_scores
from overopt.watch.chances import EVEN
from overopt.watch.detectors.gain import FIRST_GUESS, MEMORY

FloatArray = npt.NDArray[np.floating[Any]]
NULLS = ("N1", "N2", "N3", "N3b", "N4", "N5")
CHUNK = 4_000_000  # rows made at once


@dataclass(frozen=True, kw_only=True)
class Path:
    """Courses [runs or 1, labels] of a and m, the error's law, and the share of exploiting rows.

    An exploiting row has proxy about 6 and gold 1 with chance 0.2.
    """

    slope: FloatArray
    mean: FloatArray
    heavy: bool = False
    exploit: FloatArray | None = None


def null_path(name: str, runs: int, labels: int, rng: np.random.Generator) -> Path:
    """The six nulls: no expected gain is ever negative."""
    flat, time = np.zeros((1, labels)), np.linspace(0, 1, labels)[None, :]
    if name == "N4":  # gold and gain wander, correlated over 1,000 labels; the gain stays >= 0
        mean, wander = autoregressive(runs, labels, rng), autoregressive(runs, labels, rng)
        return Path(slope=np.maximum(0.3 * wander, 0.0), mean=0.5 * mean)
    if name == "N5":  # the gain decays while gold rises
        return Path(slope=0.6 * np.exp(-8 * time), mean=-1 + 2 * time)
    slope = 0.6 if name in ("N1", "N3") else 0.0
    return Path(slope=flat + slope, mean=flat, heavy=name.startswith("N3"))


def autoregressive(runs: int, labels: int, rng: np.random.Generator) -> FloatArray:
    """Stationary AR(1) paths [runs, labels] with coefficient .999 and variance 1."""
    from scipy.signal import lfilter

    keep = 0.999
    noise = rng.standard_normal((runs, labels)) * np.sqrt(1 - keep**2)
    noise[:, 0] /= np.sqrt(1 - keep**2)
    return np.asarray(lfilter([1.0], [1.0, -keep], noise, axis=1))


def change_path(name: str, labels: int = 4000, onset: int = 5000) -> tuple[Path, int]:
    """A1-A6 and the label at which the gain turns negative; ``labels`` of them after it."""
    late = 40_000 if name == "A4" else onset
    ramp = 10_000 if name == "A3" else 0
    onset = late + ramp * 2 // 3
    time = np.arange(onset + labels)
    before, after = (0.0 if name == "A6" else 0.6), (-0.15 if name == "A5" else -0.3)
    share = np.clip((time - late) / ramp, 0, 1) if ramp else (time >= late).astype(float)
    slope = (before + (after - before) * share)[None, :]
    return Path(slope=slope, mean=np.zeros_like(slope), heavy=name == "A2"), onset


def exploit_path(share: float, onset: int, labels: int) -> Path:
    """A healthy run in which ``share`` of the rows exploit the proxy from ``onset`` on."""
    time = np.arange(onset + labels)[None, :]
    flat = np.zeros(time.shape)
    return Path(slope=flat + 0.6, mean=flat, exploit=np.where(time >= onset, share, 0.0))


@dataclass(frozen=True, kw_only=True)
class Labels:
    """One draw a batch: ``factor``, ``largest`` [signals, runs, labels], gold [runs, labels]."""

    factor: FloatArray
    largest: FloatArray
    gold: FloatArray


def labelled_runs(
    path: Path,
    runs: int,
    signals: Sequence[str],
    rng: np.random.Generator,
    *,
    groups: int = 1,
    size: int = 64,
    difficulty: float = 0.0,
) -> Labels:
    """Runs with batches of ``groups`` prompts of ``size`` candidates, the bank choosing the label.

    With ``difficulty``, harder prompts (lower gold) score higher by as much.
    """
    labels = path.slope.shape[1]
    per_run = max(1, CHUNK // (labels * groups * size))
    parts = []
    for first in range(0, runs, per_run):
        rows = slice(first, min(first + per_run, runs))
        shape = (rows.stop - rows.start, labels, groups, size)
        proxy, gold = _samples(path, rows, shape, rng, difficulty)
        parts.append(_chosen(proxy.reshape(-1, groups, size), gold, shape[:2], signals, rng))
    return Labels(
        factor=np.concatenate([part.factor for part in parts], axis=1),
        largest=np.concatenate([part.largest for part in parts], axis=1),
        gold=np.concatenate([part.gold for part in parts], axis=0),
    )


def _samples(
    path: Path, rows: slice, shape: tuple[int, ...], rng: np.random.Generator, difficulty: float
) -> tuple[FloatArray, FloatArray]:
    """Proxy and gold of some runs, of shape [runs, labels, groups, size]."""

    def course(values: FloatArray) -> FloatArray:
        return (values[rows] if len(values) > 1 else values)[:, :, None, None]

    quality = rng.standard_normal(shape)
    error = rng.standard_t(2, shape) if path.heavy else rng.standard_normal(shape)
    hard = difficulty * rng.standard_normal((*shape[:3], 1)) if difficulty else 0.0
    proxy = course(path.slope) * quality + error + hard
    gold = quality + course(path.mean) - hard > 0
    if path.exploit is not None:
        exploits = rng.random(shape) < course(path.exploit)
        proxy = np.where(exploits, 6 + 0.3 * error + hard, proxy)
        gold = np.where(exploits, rng.random(shape) < 0.2, gold)
    return proxy, gold.astype(float)


def bank_of(proxy: FloatArray, signals: Sequence[str]) -> FloatArray:
    """Scores [signals, batches, rows] of batches with proxy [batches, groups, size]."""
    batches, groups, size = proxy.shape
    flat = proxy.reshape(-1, size)
    centred = centred_by_median(flat).reshape(batches, -1)
    found = []
    for signal in signals:
        name = signal.removesuffix(POOLED)
        score = rank_scores(flat if name == signal else centred, [name]).reshape(1, -1, size)
        found.append((score if name == signal else recentred_scores(score, flat))[0])
    return np.array(found).reshape(len(signals), batches, groups * size)


def bank_chances(scores: FloatArray) -> FloatArray:
    """Chances [batches, rows] of scores [signals, batches, rows] without a tie of everything."""
    share = np.abs(scores)
    informed = (share / share.sum(axis=2, keepdims=True)).mean(axis=0)
    return np.asarray(EVEN / scores.shape[2] + (1 - EVEN) * informed)


def _chosen(
    proxy: FloatArray,
    gold: FloatArray,
    shape: tuple[int, ...],
    signals: Sequence[str],
    rng: np.random.Generator,
) -> Labels:
    scores = bank_of(proxy, signals)
    chances = bank_chances(scores)
    weights = 1 / (chances.shape[1] * chances)
    picked = rng.random((len(chances), 1)) < np.cumsum(chances, axis=1)
    row = np.where(picked.any(axis=1), picked.argmax(axis=1), chances.shape[1] - 1)[:, None]
    weighted = scores * weights
    factor = np.take_along_axis(weighted, np.broadcast_to(row, (len(scores), *row.shape)), axis=2)
    return Labels(
        factor=factor.reshape(len(scores), *shape),
        largest=np.abs(weighted).max(axis=2).reshape(len(scores), *shape),
        gold=np.take_along_axis(gold.reshape(chances.shape), row, axis=1).reshape(shape),
    )


def gain_values(labels: Labels) -> FloatArray:
    """What the gain detectors bet against: z [signals, runs, labels]."""
    signals, runs, count = labels.factor.shape
    heaviness, golden = np.zeros((signals, runs)), np.zeros((signals, runs))
    values = np.empty(labels.factor.shape)
    ceiling = np.maximum.accumulate(labels.largest, axis=2)
    for t in range(count):
        centre = (golden + FIRST_GUESS) / (heaviness + 1)
        factor, gold = labels.factor[:, :, t], labels.gold[None, :, t]
        bound = ceiling[:, :, t] * np.maximum(centre, 1 - centre)
        values[:, :, t] = (gold - centre) * factor / bound
        heaviness = MEMORY * heaviness + factor**2
        golden = MEMORY * golden + factor**2 * gold
    return values


def family_path(values: FloatArray, betting: Betting | None = None) -> FloatArray:
    """Log of the average evidence [runs, labels] of values [signals, runs, labels]."""
    logs = [log_evidence_path(each, betting or Betting()) for each in values]
    return np.asarray(np.logaddexp.reduce(logs, axis=0) - log(len(logs)))


def first_alarms(evidence: FloatArray, threshold: float = log(100)) -> FloatArray:
    """Labels before the alarm [runs] (evidence [runs, labels]); infinite where none comes."""
    crossed = evidence >= threshold
    return np.where(crossed.any(axis=1), crossed.argmax(axis=1) + 1.0, np.inf)


def null_alarms(
    name: str,
    runs: int,
    labels: int,
    signals: Sequence[str],
    *,
    seed: int,
    groups: int = 1,
    size: int = 8,
    difficulty: float = 0.0,
    betting: Betting | None = None,
) -> int:
    """Runs of a null with a false alarm of the average of ``signals``."""
    rng = np.random.default_rng(seed)
    together = max(1, CHUNK // labels)
    alarms = 0
    for first in range(0, runs, together):
        now = min(together, runs - first)
        path = null_path(name, now, labels, rng)
        seen = labelled_runs(
            path, now, signals, rng, groups=groups, size=size, difficulty=difficulty
        )
        alarms += int(np.isfinite(first_alarms(family_path(gain_values(seen), betting))).sum())
    return alarms
