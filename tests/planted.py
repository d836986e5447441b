"""Tables [prompts, candidates] in which a known mechanism is at work, and what is found in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from tables import table

from overopt.auditing.data_checks.scale import scored_proxy
from overopt.auditing.mechanisms import Mechanism, mechanisms_of
from overopt.auditing.mechanisms.mechanism import Inspection
from overopt.curves.completed_gold import completed_gold, label_design
from overopt.curves.estimation import gold_curve
from overopt.curves.objective import within_spread
from overopt.curves.operating_point import operating_point
from overopt.pressure import BestOfN
from overopt.samples import Category, Samples

__all__ = [
    "anti_correlated",
    "capped",
    "exploited",
    "healthy",
    "heavy_error",
    "ids",
    "inspection",
    "mechanism",
    "mechanisms",
    "named",
    "normals",
    "partly_labelled",
    "ruled_by_length",
    "turning",
    "unrelated",
]

Matrix = npt.NDArray[np.float64]


def mechanisms(samples: Samples, level: float = 0.95) -> list[Mechanism]:
    """Mechanisms of proxy ``a``, as an audit would find them."""
    design = label_design(samples)
    completed = completed_gold(samples, "a", design)
    curve = gold_curve(samples, "a", BestOfN(), labels_drawn=design, completed=completed)
    spread = within_spread(samples)
    point = operating_point(curve, spread)
    return list(mechanisms_of(samples, "a", completed, spread=spread, point=point, level=level))


def inspection(samples: Samples, level: float = 0.95) -> Inspection:
    """What each mechanism reads of proxy ``a``; every row labelled."""
    completed = completed_gold(samples, "a", "all")
    spread = within_spread(samples)
    view = scored_proxy(samples, "a")
    assert view is not None
    return Inspection(
        view=view,
        completed=completed,
        features=samples.features,
        spread=spread,
        point=operating_point(gold_curve(samples, "a", BestOfN()), spread),
        level=level,
    )


def ids(samples: Samples) -> list[str]:
    return [one.id for one in mechanisms(samples)]


def mechanism(name: str, samples: Samples) -> Mechanism:
    """The one with this id; fails where it was not found."""
    (one,) = [found for found in mechanisms(samples) if found.id == name]
    return one


def partly_labelled(samples: Samples, share: float, rng: np.random.Generator) -> Samples:
    """The table with each row labelled with chance ``share``, recorded."""
    assert samples.gold is not None
    labelled = rng.random(samples.rows) < share
    gold = np.where(labelled, samples.gold, np.nan)
    return replace(samples, gold=gold, label_prob=np.full(samples.rows, share))


def normals(rng: np.random.Generator, prompts: int, size: int) -> tuple[Matrix, Matrix]:
    """Two independent tables of noise."""
    return rng.standard_normal((prompts, size)), rng.standard_normal((prompts, size))


def healthy(rng: np.random.Generator, prompts: int = 100, size: int = 16) -> Samples:
    """The score is gold and light independent noise; prompts differ in both."""
    gold, error = normals(rng, prompts, size)
    hard = rng.standard_normal((prompts, 1))
    return table(a=gold + error + hard, gold=gold + 0.5 * hard)


def turning(rng: np.random.Generator, prompts: int = 100, size: int = 16) -> Samples:
    """Gold rises with the score up to its upper third and falls beyond."""
    proxy, noise = normals(rng, prompts, size)
    return table(a=proxy, gold=proxy - 1.2 * np.maximum(proxy - 0.3, 0) ** 2 + 0.5 * noise)


def anti_correlated(rng: np.random.Generator, prompts: int = 100, size: int = 16) -> Samples:
    """Gold falls as the score rises, everywhere."""
    proxy, noise = normals(rng, prompts, size)
    return table(a=proxy, gold=-0.3 * proxy + noise)


def unrelated(rng: np.random.Generator, prompts: int = 400, size: int = 16) -> Samples:
    """The score is noise."""
    proxy, gold = normals(rng, prompts, size)
    return table(a=proxy, gold=gold)


def capped(rng: np.random.Generator, prompts: int = 100, size: int = 16) -> Samples:
    """A good score that cannot exceed 1, which a quarter of the candidates reach."""
    gold, error = normals(rng, prompts, size)
    return table(a=np.minimum(gold + error, 1.0), gold=gold)


def named(codes: Any, names: str) -> Category:
    """Sources by one letter each; ``codes`` [prompts, candidates] index into ``names``."""
    return Category(codes=np.asarray(codes).ravel(), names=tuple(names))


def exploited(rng: np.random.Generator, prompts: int = 60, size: int = 8) -> Samples:
    """Source ``h``, one candidate of each prompt, is over-scored and a little worse."""
    gold, error = normals(rng, prompts, size)
    gold[:, -1] -= 0.3
    score = gold + error
    score[:, -1] += 4
    return table(a=score, gold=gold, source=named([range(size)] * prompts, "abcdefgh"[:size]))


def heavy_error(rng: np.random.Generator, prompts: int = 300, size: int = 32) -> Samples:
    """Normal gold; the error is Student's t with two degrees of freedom."""
    gold = rng.standard_normal((prompts, size))
    return table(a=gold + rng.standard_t(2.0, gold.shape), gold=gold)


def ruled_by_length(rng: np.random.Generator, prompts: int = 100, size: int = 16) -> Samples:
    """The score rewards length, the more the longer; gold does not."""
    gold, length = normals(rng, prompts, size)
    score = gold + 0.3 * rng.standard_normal(gold.shape) + np.exp(length)
    return replace(table(a=score, gold=gold), features={"tokens": np.round(100 * length).ravel()})
