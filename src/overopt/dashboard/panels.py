"""What stands in the panels of the page, as plain data: read, worded and laid out, not computed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, final

from overopt.dashboard.answering import UnknownName, answer, told_as_json
from overopt.dashboard.metrics import metrics_text
from overopt.dashboard.progress import components_over_steps, gold_blocks, proxies_over_steps
from overopt.dashboard.store_view import StoreView
from overopt.dashboard.top_samples import top_samples
from overopt.report.watch_chart import drift_chart, gold_over_steps, proxy_over_steps
from overopt.report.words import MINUS, estimate, number, one_line
from overopt.watch.doctor import symptoms
from overopt.watch.spool_file import checked_name

__all__ = ["Panels", "run_or_refusal"]

HEALTH_SECONDS = 30.0
TOP_SAMPLES = 12
CHART_ALARMS = 60
PROXY = "Proxy: mean of a step's samples, and one standard deviation of them"
DRIFTS = {
    "tail": (
        "tail",
        "Tail of the proxy: from median to largest, in standard deviations of a batch",
    ),
    "kl": ("KL", "KL of the policy from the reference, in nats"),
}


@final
class Panels:
    """Endpoints that read."""

    def __init__(self, view: StoreView) -> None:
        self._view = view
        self._health: tuple[float, list[dict[str, str]]] | None = None
        self._looking = threading.Lock()

    def runs(self) -> Any:
        """The table of runs."""
        return told_as_json({"now": time.time(), "runs": list(map(_summary, self._view.runs()))})

    def run(self, run: str) -> Any:
        """States, alarms and labels of a run."""
        found = run_or_refusal(self._view, run)
        document, told = found["document"], _told(found)
        return told_as_json(
            _summary(found)
            | {
                "now": time.time(),
                "false_alarm": document.get("false_alarm"),
                "not_watched": document.get("not_watched", []),
                "states": [_signal(each) for each in told["signals"]],
                "asking": told["amber"],
                "alarms": [_alarm(each) for each in self._view.alarms(run)],
                "labels": self._view.label_counts(run),
            }
        )

    def charts(self, run: str) -> Any:
        """Charts of a run, by name; those that have nothing to show are left out."""
        found = run_or_refusal(self._view, run)
        alarms = self._view.alarms(run)[:CHART_ALARMS]
        points = proxies_over_steps(self._view, run, found["batches"])
        if not points:
            return told_as_json({"gold": False, "main": [], "drift": []})
        steps = (points[0]["first"], max(point["last"] for point in points))
        document = found["document"]
        blocks = gold_blocks(self._view, run, document.get("gold_range") or (0.0, 1.0))
        main = [_chart(PROXY, proxy_over_steps(points, alarms, steps))]
        if blocks:
            source = document.get("gold_source") or "labels of this run"
            title = f"Gold where rows were drawn, according to {source}: blocks with 95 % intervals"
            main = [_chart(title, gold_over_steps(blocks, alarms, steps)), *main]
        ambers = [alarm for alarm in alarms if alarm["tier"] == "amber"]
        drift = [
            _chart(title, drift_chart(points, column, name, ambers, steps))
            for column, (name, title) in DRIFTS.items()
            if any(point[column] is not None for point in points)
        ]
        for name, rows in self._components(run, found["batches"]).items():
            drift.append(_chart(f"Mean {name}", drift_chart(rows, "value", name, ambers, steps)))
        return told_as_json({"gold": bool(blocks), "main": main, "drift": drift})

    def samples(self, run: str) -> Any:
        """The samples that score highest among the newest."""
        run_or_refusal(self._view, run)
        return told_as_json(_sample_table(top_samples(self._view, run, TOP_SAMPLES)))

    def health(self) -> Any:
        """What the doctor says, looked at twice a minute at most."""
        with self._looking:
            if self._health is None or time.monotonic() - self._health[0] > HEALTH_SECONDS:
                told = [
                    {"severity": each.severity, "what": each.what, "sentence": each.sentence}
                    for each in symptoms(self._view.folder)
                ]
                self._health = (time.monotonic(), told)
            return told_as_json({"symptoms": self._health[1]})

    def metrics(self) -> Any:
        """States for Prometheus."""
        text = metrics_text(self._view.runs())
        return answer(text, "text/plain; version=0.0.4; charset=utf-8")

    def _components(self, run: str, batches: int) -> dict[str, list[dict[str, Any]]]:
        rows: dict[str, list[dict[str, Any]]] = {}
        for row in components_over_steps(self._view, run, batches):
            if row["value"] is not None:
                rows.setdefault(row["name"], []).append(row)
        return rows


def _chart(title: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": one_line(title, 160), "spec": spec}


def run_or_refusal(view: StoreView, run: str) -> dict[str, Any]:
    """The run of this name; BadOption when it is no name, UnknownName when there is none."""
    found = view.run(checked_name(run, "run"))
    if found is None:
        raise UnknownName(f"there is no run {run}")
    return found


def _told(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the monitor says of the run; nothing before its first batch."""
    runs = found["document"].get("runs") or [{"signals": [], "amber": []}]
    return dict(runs[0])


def _summary(found: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the table of runs."""
    told = _told(found)
    return {
        "run": found["run"],
        "step": found["step"],
        "seen": found["time"],
        "rows": f"{found['rows']:,}",
        "drawn": f"{found['drawn']:,}",
        "consumed": f"{found['consumed']:,}",
        "counts": Counter(signal["state"] for signal in told["signals"]),
        "amber": [amber["name"] for amber in told["amber"]],
        "gold_source": found["document"].get("gold_source"),
    }


def _signal(signal: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the table of states."""
    shown = {name: signal.get(name) for name in ("name", "state", "sentence")}
    limits = (signal["gain"], signal["gain_lower"], signal["gain_upper"])
    return shown | {
        "gain": estimate(*limits, sign=True).translate(MINUS),
        "labels": f"{signal['labels_used']:,}",
    }


def _alarm(alarm: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the table of alarms; a red one tells when it probably began."""
    told = alarm["sentence"] or ""
    if alarm["began"] is not None:
        told = f"after {alarm['label']:,} labels, probably since step {alarm['began']:,}"
    return {name: alarm[name] for name in ("tier", "name", "step")} | {"told": told}


def _sample_table(found: dict[str, Any]) -> dict[str, Any]:
    """Samples with their numbers in words."""
    samples = [
        sample
        | {name: _shown(sample[name]) for name in ("proxy", "rest")}
        | {"components": {name: _shown(each) for name, each in sample["components"].items()}}
        for sample in found["samples"]
    ]
    return {"rows": f"{found['rows']:,}", "samples": samples}


def _shown(value: float | None) -> str:
    return number(value).translate(MINUS)
