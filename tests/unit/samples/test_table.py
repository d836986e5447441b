"""The table itself: batches, subsets and the fingerprint."""

import numpy as np
import pytest

from overopt.errors import BadOption, BadSamples
from overopt.samples import Samples, read_samples, scored

TABLE = {
    "prompt_id": list("aaabbccc"),
    "candidate_id": list("ijkijijk"),
    "proxy": [1.0, np.nan, 3.0, 4.0, 5.0, np.inf, 7.0, 8.0],
    "proxy_2": [float(i) for i in range(8)],
    "gold": [1, None, 0, 1, None, None, 0, 1],
    "label_prob": [0.5] * 8,
    "text": list("stuvwxyz"),
}


def test_batches_hold_groups_of_one_size() -> None:
    samples = read_samples(TABLE)
    small, large = samples.batches()
    assert (small.size, small.rows.tolist(), small.prompt.tolist()) == (2, [[3, 4]], [1])
    assert (large.size, large.rows.tolist()) == (3, [[0, 1, 2], [5, 6, 7]])
    assert large.prompt.tolist() == [0, 2]
    assert samples.largest_group == 3
    assert [batch.size for batch in samples.batches(smallest=3)] == [3]


def test_gather_is_a_view_where_groups_lie_back_to_back() -> None:
    samples = read_samples(TABLE)
    for batch in samples.batches():
        values = samples.proxies["proxy_2"]
        assert batch.gather(values).tolist() == values[batch.rows].tolist()
        assert np.shares_memory(batch.gather(values), values) == (batch.size == 2)


def test_scored_drops_rows_without_a_finite_score() -> None:
    samples = read_samples(TABLE)
    assert scored(samples, "proxy_2") is samples
    kept = scored(samples, "proxy")
    assert kept.row.tolist() == [0, 2, 3, 4, 6, 7]
    assert kept.prompt.tolist() == [0, 0, 1, 1, 2, 2]
    assert kept.group_sizes.tolist() == [2, 2, 2]
    assert list(kept.text) == list("suvwyz")
    assert kept.label_prob.tolist() == [0.5] * 6
    with pytest.raises(BadOption, match=r"no proxy 'x' was read from .*: 'proxy', 'proxy_2'"):
        scored(samples, "x")


def test_scored_renumbers_prompts_that_lose_all_rows() -> None:
    table = {
        "prompt_id": list("aabb"),
        "proxy": [np.nan, np.nan, 1.0, 2.0],
        "proxy_2": [np.nan] * 4,
    }
    samples = read_samples(table)
    kept = scored(samples, "proxy")
    assert (kept.prompt_ids.tolist(), kept.prompt.tolist(), kept.group.tolist()) == (
        ["b"],
        [0, 0],
        [0, 0],
    )
    with pytest.raises(BadSamples, match="proxy 'proxy_2' has no finite score in 4 rows"):
        scored(samples, "proxy_2")


def test_take_by_mask_and_by_position_agree() -> None:
    samples = read_samples(TABLE)
    mask = np.array([0, 1, 0, 0, 0, 1, 1, 0], dtype=bool)
    for kept in (samples.take(mask), samples.take(np.flatnonzero(mask))):
        assert kept.prompt_ids.tolist() == ["a", "c"]
        assert kept.prompt.tolist() == [0, 1, 1]
        assert kept.candidate.names[kept.candidate.codes[2]] == "j"


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(BadSamples, match="column 'p' has 2 rows, prompts have 3"):
        Samples(
            prompt=np.zeros(3, int),
            group=np.zeros(3, int),
            row=np.arange(3),
            prompt_ids=np.array([7]),
            proxies={"p": np.zeros(2)},
        )


def test_fingerprint_depends_on_ids_scores_and_gold_alone() -> None:
    rows = np.random.default_rng(0).permutation(8)
    samples = read_samples(TABLE)
    shuffled = read_samples({name: np.array(v, dtype=object)[rows] for name, v in TABLE.items()})
    assert samples.fingerprint == shuffled.fingerprint
    assert len(samples.fingerprint) == 64
    assert read_samples({**TABLE, "text": list("zyxwvuts")}).fingerprint == samples.fingerprint
    changed = {
        "prompt_id": list("aaabbbcc"),
        "proxy": [1.0, np.nan, 3.0, 4.0, 5.0, np.inf, 8.0, 7.0],
        "proxy_2": [0.5, *range(1, 8)],
        "gold": [1, None, 0, 1, None, 0, None, 1],
    }
    candidate = {"candidate_id": list(range(8))}
    seen = {
        read_samples({**TABLE, **candidate, name: v}).fingerprint for name, v in changed.items()
    }
    without = read_samples({name: v for name, v in TABLE.items() if name != "gold"})
    assert len(seen | {samples.fingerprint, without.fingerprint}) == 6
