"""``overopt lab limit``: what happens to gold under pressure without end, and why."""

from __future__ import annotations

from overopt.cli.lab import CopulaName, Error, Gold, Json, PictureSave, PressureName, SoftLambda
from overopt.cli.options import check_pictures
from overopt.cli.output import complain, emit, terminal_width

__all__ = ["limit"]


def limit(
    gold: Gold,
    error: Error,
    copula: CopulaName = None,
    pressure: PressureName = "best-of-n",
    soft_lambda: SoftLambda = None,
    json: Json = False,
    save: PictureSave = None,
) -> int:
    """Where gold goes as pressure grows without end, and the theorem that says so.

    The verdict is none, benign, weak or strong overoptimisation, or not_covered.
    """
    from overopt import report
    from overopt.lab import copula_of, coupled, independent, law_of
    from overopt.lab.limits.document import limit_document, way_document
    from overopt.lab.limits.limit import limit as limit_of
    from overopt.lab.strengths import pressure_named

    check_pictures(save)
    laws = {"gold": law_of(gold), "error": law_of(error)}
    law = coupled(**laws, copula=copula_of(copula)) if copula else independent(**laws)
    found = limit_of(law, pressure_named(pressure, soft_lambda))
    document = limit_document(found)
    emit(report.to_json(document) + "\n" if json else report.lab_limit(document, terminal_width()))
    if save:
        way = way_document(found)
        for path in save:
            complain(f"wrote {report.save_lab_limit(document, way, path)}")
    return 0
