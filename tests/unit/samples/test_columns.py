"""Which column plays which role."""

import pyarrow as pa
import pytest

from overopt.errors import BadOption, BadSamples
from overopt.samples import Samples, read_samples


def read(table: dict[str, object], /, **options: object) -> Samples:
    return read_samples({"prompt_id": [1, 1, 2, 2], **table}, **options)


N = [1.0, 2.0, 3.0, 4.0]


def test_named_proxy_is_the_column_or_its_prefixed_form() -> None:
    assert read({"rm": N, "proxy_rm": N[::-1]}, proxies=["rm"]).proxies["rm"].tolist() == N
    prefixed = read({"proxy_rm": N, "score": N[::-1]}, proxies=["rm"])
    assert list(prefixed.proxies) == ["rm"]
    assert prefixed.proxies["rm"].tolist() == N
    assert prefixed.notes["columns"]["proxies"] == {"rm": "proxy_rm"}


def test_unnamed_proxies_are_all_number_columns_named_like_one() -> None:
    names = ["proxy", "proxy_a", "reward", "rewards/x", "score_b", "accuracy_reward", "judge_score"]
    others = {"length": N, "gold_x": N, "reward_model": ["m"] * 4, "gold": N}
    samples = read({**dict.fromkeys(names, N), **others})
    assert list(samples.proxies) == names
    assert samples.gold_name == "gold"


def test_features_are_number_columns_named_like_a_length_or_those_asked_for() -> None:
    lengths = {"length": N, "Completion_Tokens": N, "proxy_chars": N, "n_words": [1, 2, 3, 4]}
    others = {"wavelength": N, "text_length": ["a"] * 4, "proxy": N}
    samples = read({**lengths, **others})
    assert list(samples.features) == list(lengths)
    assert "proxy_chars" in samples.proxies
    asked = read({**lengths, **others, "proxy_speed": N[::-1]}, features=["speed", "wavelength"])
    assert {name: values.tolist() for name, values in asked.features.items()} == {
        "speed": N[::-1],
        "wavelength": N,
    }
    assert asked.notes["columns"]["features"]["speed"] == "proxy_speed"
    assert asked.take(asked.prompt == 1).features["speed"].tolist() == N[::-1][2:]


def test_a_feature_that_is_missing_or_no_number_is_refused() -> None:
    with pytest.raises(BadSamples, match=r"no column 'lenght'.*'length'.*--feature"):
        read({"proxy": N, "length": N}, features=["lenght"])
    with pytest.raises(BadSamples, match=r"'kind'"):
        read({"proxy": N, "kind": ["a"] * 4}, features=["kind"])


def test_no_proxy_lists_the_number_columns() -> None:
    with pytest.raises(BadSamples, match=r"no proxy column.*--proxy.*number columns: length, flag"):
        read({"length": N, "flag": [True] * 4, "text": ["x"] * 4})


def test_gold_is_used_when_named_or_called_gold() -> None:
    assert read({"proxy": N, "gold_x": N}).gold is None
    named = read({"proxy": N, "gold_x": N, "gold": N[::-1]}, gold="x", gold_source="human")
    assert (named.gold.tolist(), named.gold_name, named.gold_source) == (N, "x", "human")
    assert read({"proxy": N, "human": N}, gold="human").gold.tolist() == N


def test_an_empty_gold_column_is_bad_only_when_it_was_named() -> None:
    empty = {"proxy": N, "gold": [None] * 4}
    assert read(empty).gold is None
    assert read(empty).gold_name is None
    with pytest.raises(BadSamples, match=r"gold column 'gold' .* is empty in all 4 rows.*--gold"):
        read(empty, gold="gold")


def test_a_missing_column_names_close_ones() -> None:
    with pytest.raises(BadSamples, match=r"no column 'reward_modle'.*did you mean 'reward_model'"):
        read({"reward_model": N}, proxies=["reward_modle"])
    with pytest.raises(BadSamples, match=r"no column 'humn'.*'human'.*--gold"):
        read({"proxy": N, "human": N}, gold="humn")
    with pytest.raises(BadSamples, match=r"no column 'prmpt'.*--prompt"):
        read({"proxy": N}, columns={"prompt_id": "prmpt"})


def test_columns_by_role() -> None:
    table = {
        "q": list("aabb"),
        "c": list("xyxy"),
        "m": list("ijij"),
        "p": [0.5] * 4,
        "t": list("1234"),
    }
    roles = {"prompt_id": "q", "candidate_id": "c", "source": "m", "label_prob": "p", "text": "t"}
    samples = read_samples({**table, "proxy": N}, columns=roles)
    assert samples.prompt_ids.tolist() == ["a", "b"]
    assert samples.candidate.names == ("x", "y")
    assert samples.source.names == ("i", "j")
    assert samples.label_prob.tolist() == [0.5] * 4
    assert list(samples.text) == list("1234")


def test_names_are_found_whatever_their_case_and_played_once() -> None:
    samples = read_samples(
        {"Prompt": [1, 1], "Model": ["a", "b"], "Response": ["x", "y"], "reward": [0, 1]}
    )
    assert samples.source.names == ("a", "b")
    assert list(samples.text) == ["x", "y"]
    used = read_samples({"prompt": [1, 1], "output": [3.0, 4.0]}, proxies=["output"])
    assert used.text is None


def test_no_prompt_column() -> None:
    with pytest.raises(BadSamples, match=r"no prompt column.*--prompt.*columns: proxy, uid"):
        read_samples({"proxy": N, "uid": N})


def test_group_columns() -> None:
    assert read({"proxy": N}).group_value is None
    by_group = read({"proxy": N, "group": list("xyxy"), "step": [1, 1, 1, 1]})
    assert by_group.group_value.names == ("x", "y")
    both = read({"proxy": N, "step": [1, 2, 1, 1], "policy": list("aabb")})
    assert both.groups == 3
    assert set(both.group_value.names) == {"1, a", "2, a", "1, b"}
    assert read({"proxy": N, "step": [1, 2, 1, 1], "seed": list("aabb")}, by="seed").groups == 2
    assert read({"proxy": N, "s": [1, 2, 1, 1]}, columns={"group": "s"}).groups == 3
    with pytest.raises(BadOption, match=r"--by step and --group policy contradict"):
        read({"proxy": N, "step": N, "policy": N}, by="step", columns={"group": "policy"})


def test_gaps_in_a_step_column_do_not_change_its_names() -> None:
    steps = pa.array([5.0, None, 5.0, 6.0])
    samples = read_samples(pa.table({"prompt_id": [1, 1, 1, 1], "step": steps, "proxy": N}))
    assert samples.group_value.names == ("5", "6")
    assert samples.groups == 3
    assert samples.row.tolist() == [1, 0, 2, 3]


def test_candidate_names_that_recur_are_sources() -> None:
    names = ["human", "bart", "human", "bart"]
    samples = read({"proxy": N, "candidate_id": names})
    assert samples.source.names == ("human", "bart")
    assert samples.notes["source_from_candidate_id"] is True
    given = read({"proxy": N, "candidate_id": names, "source": list("ijij")})
    assert given.source.names == ("i", "j")
    for other in (["0", "1", "0", "1"], list("abcd"), ["base", "b", "base", "d"]):
        assert read({"proxy": N, "candidate_id": other}).source is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": {"prompt": "q"}}, r"unknown column role 'prompt'; roles are prompt_id"),
        ({"proxies": ["proxy", "proxy"]}, r"proxy 'proxy' is named twice"),
        ({"window": 0}, r"--window 0 reads no step"),
        ({"window": 2}, r"--window 2 needs steps.*--by"),
        ({"reduce": "max"}, r"--reduce max is unknown: use last, sum or mean"),
        ({"reduce": "sum"}, r"--reduce sum needs a candidate column.*--candidate"),
    ],
)
def test_bad_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(BadOption, match=message):
        read({"proxy": N}, **options)
