"""The command line: ``overopt audit``, ``tails``, ``labels``, ``plan``, ``lab``, ``watch``, ...

Exit codes: 0 fine, 1 a finding as severe as ``--fail-on`` says, 2 bad input or options,
3 a defect of overopt.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from overopt import __version__
from overopt.cli.audit import audit
from overopt.cli.finding import finding
from overopt.cli.lab import lab
from overopt.cli.lab_iterate import iterate
from overopt.cli.lab_limit import limit
from overopt.cli.lab_reproduce import reproduce
from overopt.cli.lab_theorem import theorem
from overopt.cli.labels import labels
from overopt.cli.output import complain
from overopt.cli.plan import plan
from overopt.cli.tails import tails
from overopt.cli.watch import watch
from overopt.cli.watch_collect import collect
from overopt.cli.watch_doctor import doctor
from overopt.cli.watch_follow import follow
from overopt.cli.watch_serve import serve
from overopt.errors import OveroptError

__all__ = ["main", "run"]

BAD_INPUT, DEFECT, INTERRUPTED = 2, 3, 130

app = typer.Typer(
    name="overopt",
    help="How hard may you optimise against an imperfect score before true quality stops "
    "improving?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(audit)
app.command()(tails)
app.command()(finding)
app.add_typer(labels)
app.command()(plan)
lab.command()(limit)
lab.command()(reproduce)
lab.command()(theorem)
lab.command()(iterate)
app.add_typer(lab)
watch.command()(follow)
watch.command()(serve)
watch.command()(collect)
watch.command()(doctor)
app.add_typer(watch)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"overopt {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Options before the command."""


def main() -> None:
    """Run the command line that the process was started with, and exit."""
    # The products are small: a second BLAS thread would only wait beside the first. This process
    # is ours and numpy is not loaded yet, so nobody else is affected.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(run())


def run(arguments: Sequence[str] | None = None) -> int:
    """Exit code of a command line; every failure is one line on standard error."""
    try:
        return int(app(args=arguments, prog_name="overopt", standalone_mode=False) or 0)
    except (OveroptError, OSError) as error:
        return _failed(error, BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:
        if hasattr(error, "format_message"):  # the option parser, which typer hides
            return _usage(str(error.format_message()))
        return _failed(error, DEFECT)


def _usage(message: str) -> int:
    # No command at all is not an error to describe: typer has printed the help.
    if message:
        complain(f"{message} (see overopt --help)")
    return BAD_INPUT


def _failed(error: Exception, code: int) -> int:
    if os.environ.get("OVEROPT_DEBUG"):
        raise error
    if code == DEFECT:
        complain(
            f"unexpected {type(error).__name__}: {error} "
            "(a defect of overopt; set OVEROPT_DEBUG=1 for the traceback)"
        )
    else:
        complain(str(error))
    return code
