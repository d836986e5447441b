"""Prometheus' text format, with names that want to break out of it."""

from __future__ import annotations

from watched_store import signal

from overopt.dashboard.metrics import metrics_text


def test_states_gains_and_ambers_are_told() -> None:
    signals = [
        signal("rank_gain", "red", gain=-0.5, gain_lower=-0.75, gain_upper=None),
        signal('a"b\\c\nd', "green"),
    ]
    told = {"signals": signals, "amber": [{"name": "tail_shape", "step": 3, "sentence": ""}]}
    run = {"run": "r", "rows": 64, "step": 9, "time": None, "drawn": 2, "consumed": 1}
    lines = metrics_text([run | {"document": {"runs": [told]}}]).splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        'overopt_watch_rows{run="r"} 64.0',
        'overopt_watch_step{run="r"} 9.0',
        'overopt_watch_draws{run="r"} 2.0',
        'overopt_watch_labels_consumed{run="r"} 1.0',
        'overopt_watch_signal_state{run="r",signal="rank_gain",state="green"} 0.0',
        'overopt_watch_signal_state{run="r",signal="rank_gain",state="undecided"} 0.0',
        'overopt_watch_signal_state{run="r",signal="rank_gain",state="red"} 1.0',
        'overopt_watch_signal_state{run="r",signal="a\\"b\\\\c\\nd",state="green"} 1.0',
        'overopt_watch_signal_state{run="r",signal="a\\"b\\\\c\\nd",state="undecided"} 0.0',
        'overopt_watch_signal_state{run="r",signal="a\\"b\\\\c\\nd",state="red"} 0.0',
        'overopt_watch_gain{run="r",signal="rank_gain",bound="value"} -0.5',
        'overopt_watch_gain{run="r",signal="rank_gain",bound="lower"} -0.75',
        'overopt_watch_amber{run="r",signal="tail_shape"} 1.0',
    ]
    assert lines[0] == "# HELP overopt_watch_rows Samples seen."
    assert lines[1] == "# TYPE overopt_watch_rows counter"
    assert metrics_text([]).count("# TYPE") == 8
