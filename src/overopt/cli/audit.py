"""``overopt audit FILE``: read the table, audit it, tell the answer, write the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overopt.cli import options as o
from overopt.cli.output import Progress, colourful, complain, emit, terminal_width
from overopt.cli.page_path import page_path, written
from overopt.errors import BadOption, MissingDependency

if TYPE_CHECKING:
    from overopt.auditing import Audit

__all__ = ["audit"]


def audit(
    files: o.Sources,
    proxy: o.Proxies = None,
    gold: o.Gold = None,
    prompt: o.Prompt = None,
    candidate: o.Candidate = None,
    source: o.Source = None,
    group: o.Group = None,
    label_prob: o.LabelProb = None,
    prediction: o.Prediction = None,
    text: o.Text = None,
    feature: o.Features = None,
    by: o.By = None,
    window: o.Window = None,
    pool_groups: o.PoolGroups = False,
    reduce: o.Reduction = None,
    gold_source: o.GoldSource = None,
    labels_drawn: o.Drawn = None,
    pressure: o.Pressures = None,
    level: o.Level = 0.95,
    objective: o.Objectives = o.Objective.MEAN,
    tolerance_sd: o.ToleranceSd = 0.02,
    tolerance_gain: o.ToleranceGain = 0.2,
    cost: o.Cost = 0.0,
    soft_lambda: o.SoftLambda = None,
    looks: o.Looks = None,
    json: o.Json = False,
    html: o.Html = None,
    no_html: o.NoHtml = False,
    save: o.Save = None,
    card: o.Card = None,
    fail_on: o.Fail = o.FailOn.STOP,
) -> int:
    """How hard may I push on this score, what do I gain, and how sure is that?

    A row of the table is a candidate: its prompt, its scores, and gold where
    it was labelled. Without gold, the audit says what cannot be known.
    """
    _check_outputs(html, no_html, save or ())
    columns = {
        "prompt_id": prompt,
        "candidate_id": candidate,
        "source": source,
        "group": group,
        "label_prob": label_prob,
        "prediction": prediction,
        "text": text,
    }
    reading = {
        "proxies": tuple(proxy or ()),
        "gold": gold,
        "columns": {role: column for role, column in columns.items() if column},
        "features": tuple(feature or ()),
        "by": by,
        "window": window,
        "pool_groups": pool_groups,
        "reduce": reduce and str(reduce),
        "gold_source": gold_source,
    }
    deciding: dict[str, Any] = {
        "labels_drawn": labels_drawn and str(labels_drawn),
        "level": level,
        "objective": str(objective),
        "tolerance_sd": tolerance_sd,
        "tolerance_gain": tolerance_gain,
        "cost": cost,
        "soft_lambda": soft_lambda,
        "looks": looks,
    }
    if pressure:
        deciding["pressures"] = tuple(pressure)
    found = _audited(files, reading, deciding)
    document = found.to_dict()
    _tell(document, json)
    _save(document, save or ())
    if card:
        _save_card(found.card(), card)
    if html or not (no_html or json):
        _write_page(document, files, html)
    return _exit_code(document, fail_on)


def _check_outputs(html: Path | None, no_html: bool, save: Sequence[Path]) -> None:
    """Refuse before the work what would be refused after it."""
    if html and no_html:
        raise BadOption("--html and --no-html contradict each other: give one of them")
    o.check_pictures(save)
    if html:
        o.check_folder(html)


def _audited(
    files: Sequence[str], reading: Mapping[str, Any], deciding: Mapping[str, Any]
) -> Audit:
    from overopt.auditing import audit as audited
    from overopt.samples import read_samples

    progress = Progress()
    try:
        progress("reading", 0.0)
        samples = read_samples(files[0] if len(files) == 1 else list(files), **reading)
        return audited(samples, **deciding, progress=progress)
    finally:
        progress.close()


def _tell(document: Mapping[str, Any], json: bool) -> None:
    from overopt import report

    if json:
        emit(report.to_json(document) + "\n")
    else:
        emit(report.terminal(document, width=terminal_width(), colour=colourful()))


def _save(document: Mapping[str, Any], paths: Sequence[Path]) -> None:
    from overopt import report

    for path in paths:
        complain(f"wrote {report.save(document, path)}")


def _save_card(card: Mapping[str, Any], path: Path) -> None:
    from overopt import report

    path.write_text(report.to_json(card) + "\n", encoding="utf-8")
    complain(f"wrote {path}")


def _write_page(document: Mapping[str, Any], files: Sequence[str], asked: Path | None) -> None:
    """The page, where asked for; else beside the table if it can be made and written."""
    from overopt import report

    if asked:
        asked.write_text(report.html(document), encoding="utf-8")
        return complain(f"wrote {asked}")
    try:
        page = report.html(document)
    except MissingDependency as missing:
        return complain(f"no page was written: {missing}")
    return complain(f"wrote {written(page, page_path(files))}")


def _exit_code(document: Mapping[str, Any], fail_on: o.FailOn) -> int:
    failing = {
        o.FailOn.STOP: {"stop"},
        o.FailOn.CAUTION: {"stop", "caution"},
        o.FailOn.NEVER: set[str](),
    }
    raised = [
        *document["findings"],
        *(f for p in document["proxies"] for f in (*p["findings"], *p["mechanisms"])),
    ]
    return int(any(finding["severity"] in failing[fail_on] for finding in raised))
