"""Where a policy stands among best-of-n policies, and when it has left the audited ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from proxy_batches import batch_of, folded
from tables import noise, table

from overopt.auditing import audit
from overopt.errors import BadOption, BadSamples
from overopt.watch.batch import Batch
from overopt.watch.detectors.audited_range import (
    AuditedRange,
    PooledScores,
    PromptScores,
    allowed_loss,
    supported_best_of_n,
)

PROMPTS = 60
LEVELS = np.random.default_rng(0).normal(scale=1.5, size=PROMPTS)


def scores_by_prompt(seed: int, candidates: int = 30) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {f"p{i}": LEVELS[i] + rng.normal(size=candidates) for i in range(PROMPTS)}


def best_of(n: int, steps: int, seed: int, *, prefix: str = "p") -> Iterator[Batch]:
    """Eight prompts a step, eight winners of best-of-n each."""
    rng = np.random.default_rng(seed)
    for step in range(steps):
        chosen = rng.choice(PROMPTS, 8, replace=False)
        won = LEVELS[chosen][:, None] + rng.normal(size=(n, 8, 8)).max(axis=0)
        yield batch_of(won.ravel(), 8, step=step, names=tuple(f"{prefix}{i}" for i in chosen))


def test_losses_by_hand() -> None:
    reference = PromptScores.of({"a": [1.0, 2, 3, 4], "b": [0.0, np.nan]})
    batch = batch_of([2.0, 5.0, -1.0, 0.0, 9.0, 9.0], 2, names=("a", "b", "unknown"))
    # against 1, 2, 3, 4: score 2 loses to two and ties one, 5 to none; against 0: lost, tied
    assert reference.losses(batch).tolist() == [(2.5 / 4 + 0) / 2, (1 + 0.5) / 2]
    assert reference.independent == 5


def test_pooled_losses_by_hand() -> None:
    reference = PooledScores.of({"a": [1.0, 2], "b": [3.0, 3], "c": [np.inf]})
    assert reference.independent == 2
    batch = batch_of([3.0, 0.5, 2.5, np.nan], 2)
    assert reference.losses(batch).tolist() == [(0.25 + 1) / 2, 0.5]


def test_best_of_n_loses_one_in_n_plus_one() -> None:
    """Against 4,000 reference scores of one prompt: within five standard errors."""
    rng = np.random.default_rng(1)
    reference = PromptScores.of({"p0": rng.normal(size=4000)})
    for n in (1, 4, 16):
        batch = batch_of(rng.normal(size=(n, 1000)).max(axis=0))
        error = (1 / (2 * n + 1) - 1 / (n + 1) ** 2) ** 0.5 * (1 / 4000 + 1 / 1000) ** 0.5
        assert reference.losses(batch)[0] == pytest.approx(1 / (n + 1), abs=5 * error)


def test_the_reference_misleads_as_rarely_as_promised() -> None:
    """Mean over k references of the exact chance u^n that best-of-n falls below one."""
    draws = np.random.default_rng(2).uniform(size=(20_000, 60)) ** 4
    assert np.mean(draws.mean(axis=1) < allowed_loss(4, 60, 0.05)) < 0.05


def test_out_of_range_fires_and_tells_the_n() -> None:
    detector = AuditedRange(reference=PromptScores.of(scores_by_prompt(3)), supported=8)
    signal = detector.fired(folded(detector, best_of(64, 60, 4)))
    assert signal is not None
    assert "The audit supports best-of-8" in signal.sentence
    assert "its reference cannot tell it from best-of-9.81" in signal.sentence


def test_best_of_the_supported_n_is_in_range() -> None:
    detector = AuditedRange(reference=PromptScores.of(scores_by_prompt(5)), supported=8)
    state = folded(detector, best_of(8, 400, 6))
    assert detector.fired(state) is None
    last = state.recent.last
    assert last is not None
    assert last.mean == pytest.approx(1 / 9, abs=0.03)


def test_prompts_that_do_not_recur_are_counted_and_say_nothing() -> None:
    detector = AuditedRange(reference=PromptScores.of(scores_by_prompt(7)), supported=8)
    state = folded(detector, best_of(64, 5, 8, prefix="new"))
    assert state.unmatched == 40
    assert state.dated == detector.start().dated


def test_a_pooled_reference_understates_and_says_so() -> None:
    """Levels of prompts hide part of the push: the loss lies above that of best-of-64."""
    detector = AuditedRange(reference=PooledScores.of(scores_by_prompt(9)), supported=1)
    state = folded(detector, best_of(64, 200, 10, prefix="new"))
    signal = detector.fired(state)
    assert signal is not None
    assert "of all prompts, which understates it" in signal.sentence
    assert state.dated.mean > 1 / 65


def test_a_binary_reward_that_always_passes_is_no_proof() -> None:
    reference = PromptScores.of({f"p{i}": [0.0, 0, 1, 1, 1, 1, 1, 1] for i in range(60)})
    detector = AuditedRange(reference=reference, supported=8)
    passes = (batch_of(np.ones(64), 8, step=t) for t in range(300))
    assert detector.fired(folded(detector, passes)) is None


def test_table_and_card_of_an_audit_serve_as_reference() -> None:
    scores = LEVELS[:, None] + noise(11, PROMPTS, 8)
    samples = table(a=scores, gold=scores + noise(12, PROMPTS, 8))
    card = audit(samples, proxies=["a"], pressures=["best_of_n"]).card("a")
    assert supported_best_of_n(card) == 8
    by_prompt, pooled = PromptScores.of_samples(samples, "a"), PooledScores.of_card(card)
    assert (by_prompt.independent, pooled.independent) == (480, PROMPTS)
    batch = batch_of(scores[5], names=("p5",))
    assert by_prompt.losses(batch)[0] == pytest.approx(0.5)  # against themselves
    exact = PooledScores.of({f"p{i}": row for i, row in enumerate(scores)}).losses(batch)[0]
    assert exact <= pooled.losses(batch)[0] <= exact + 0.2  # quantiles err to the lost side
    assert pooled.losses(batch_of([float(scores.max()) + 1]))[0] == 0


def test_a_card_without_best_of_n_is_refused() -> None:
    with pytest.raises(BadOption, match="'a' has no best-of-n"):
        supported_best_of_n({"proxy": "a", "pressures": []})


def test_few_reference_scores_cannot_tell() -> None:
    with pytest.raises(BadOption, match="give more than 9"):
        AuditedRange(reference=PromptScores.of({"p": [1.0, 2.0, 3.0]}), supported=16)
    with pytest.raises(BadOption, match="best-of-0"):
        allowed_loss(0, 100, 0.01)


@pytest.mark.parametrize("kind", [PromptScores, PooledScores])
def test_a_reference_without_scores_is_refused(kind: type[PromptScores | PooledScores]) -> None:
    with pytest.raises(BadSamples, match="no finite reference score"):
        kind.of({"p": [np.nan]})
    with pytest.raises(BadSamples, match="no finite reference score"):
        kind.of({})
