"""``overopt tails FILE --proxy P``: how a score's tail falls, and how deep that is known."""

from __future__ import annotations

from typing import Any

from overopt.cli import options as o
from overopt.cli.output import Progress, colourful, complain, emit, terminal_width

__all__ = ["tails"]


def tails(
    files: o.Sources,
    proxy: o.OneProxy,
    gold: o.Gold = None,
    group: o.TailGroup = None,
    prompt: o.TailPrompt = None,
    label_prob: o.LabelProb = None,
    by: o.By = None,
    labels_drawn: o.Drawn = None,
    level: o.Level = 0.95,
    hill: o.Hill = False,
    json: o.Json = False,
    save: o.TailSave = None,
) -> int:
    """Is a score heavy-tailed, down to which depth is that known, and what lies beyond?

    A table without a prompt column is read as one row per prompt.
    """
    from overopt import report

    o.check_pictures(save)
    roles = {"prompt_id": prompt, "group": group, "label_prob": label_prob}
    reading: dict[str, Any] = {
        "proxies": (proxy,),
        "gold": gold,
        "columns": {role: column for role, column in roles.items() if column},
        "by": by,
        "lone_rows": True,
    }
    judging: dict[str, Any] = {"level": level, "by_group": group is not None, "hill": hill}
    judging["labels_drawn"] = labels_drawn and str(labels_drawn)
    document = _document(files, proxy, reading, judging)
    if json:
        emit(report.to_json(document) + "\n")
    else:
        emit(report.tails_text(document, width=terminal_width(), colour=colourful()))
    for path in save or ():
        complain(f"wrote {report.save_tails(document, path)}")
    return 0


def _document(
    files: list[str], proxy: str, reading: dict[str, Any], judging: dict[str, Any]
) -> dict[str, Any]:
    from overopt.samples import read_samples
    from overopt.tails import tails_document

    progress = Progress()
    try:
        progress("reading", 0.0)
        samples = read_samples(files[0] if len(files) == 1 else list(files), **reading)
        return tails_document(samples, proxy, **judging)
    finally:
        progress.close()
