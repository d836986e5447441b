"""Tail shapes beside other packages, same samples, same run: ``make bench-peers`` (ten minutes).

Peers come from their published packages into an environment of their own, in a temporary folder.
Every method gets the same samples of five laws and answers with a shape and the share of the
sample above its threshold. Its error is taken against the generalised Pareto shape of the law at
that depth (of its exceedances' exact quantiles), over all samples of a size. Time is CPU seconds of
one call in one thread, the median over samples. ``--without-powerlaw`` saves most of the time.

Exits 1 when a promise is broken.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["METHODS"]

FloatVector = npt.NDArray[np.floating[Any]]

PEERS = ("arviz-stats", "scipy", "pyextremes", "powerlaw")
SAMPLES = {10_000: 20, 100_000: 5, 1_000_000: 3}  # drawn of each law, by size
LAWS = ("pareto", "t", "lognormal", "exponential", "normal")
POWERLAW_SECONDS = 60  # longest wait for one powerlaw fit
TOP = 0.05  # threshold of those that choose none
PROMISES = (  # what, beside what, from which size on, at most so many times its CPU time
    ("our shape", "arviz-stats", 0, 2.0),
    ("our verdict", "arviz-stats", 100_000, 6.0),
    ("our fit, interval, p", "scipy", 0, 1.0),
    ("our verdict", "powerlaw", 0, 0.01),
)
SEED = 20261124


def law(name: str) -> Any:
    """The named law, frozen, of scipy.stats."""
    from scipy import stats

    return {
        "pareto": stats.pareto(2),
        "t": stats.t(3),
        "lognormal": stats.lognorm(1),
        "exponential": stats.expon(),
        "normal": stats.norm(),
    }[name]


def khat_tail(sample: FloatVector) -> int:
    """How many exceedances k-hat takes."""
    return int(np.ceil(min(0.2 * len(sample), 3 * np.sqrt(len(sample)))))


def exceedances(sample: FloatVector, count: int) -> FloatVector:
    """The ``count`` largest above the next, ascending, without sorting the rest."""
    top = np.sort(np.partition(sample, len(sample) - count - 1)[len(sample) - count - 1 :])
    above: FloatVector = top[1:] - top[0]
    return above


def our_shape(sample: FloatVector) -> tuple[float, float]:
    """Zhang-Stephens shape of as many exceedances as k-hat takes."""
    from overopt.stats.generalised_pareto import zhang_stephens_xi

    count = khat_tail(sample)
    return zhang_stephens_xi(exceedances(sample, count)), count / len(sample)


def our_fit(sample: FloatVector) -> tuple[float, float]:
    """Maximum likelihood on the top 5 %."""
    from overopt.stats.generalised_pareto import pareto_fit

    return pareto_fit(exceedances(sample, int(TOP * len(sample)))).xi, TOP


def our_interval(sample: FloatVector) -> tuple[float, float]:
    """Maximum likelihood on the top 5 %, its 95 % profile interval and goodness of fit."""
    from overopt.stats.generalised_pareto import pareto_fit, profile_interval
    from overopt.stats.goodness_of_fit import fit_p

    above = exceedances(sample, int(TOP * len(sample)))
    fit = pareto_fit(above)
    profile_interval(above, fit)
    fit_p(above, fit)
    return fit.xi, TOP


def our_verdict(samples: Any) -> tuple[float, float]:
    """The whole verdict: every rung of the ladder with interval and p-value, and what it says."""
    from overopt.tails import proxy_tail

    found = proxy_tail(samples, "proxy")
    return found.xi, found.depth


def arviz_shape(sample: FloatVector) -> tuple[float, float]:
    """k-hat of arviz-stats, which is drawn to one half."""
    found = importlib.import_module("arviz_stats.base").array_stats.pareto_khat(
        sample[None], tail="right", r_eff=1
    )
    return float(found), khat_tail(sample) / len(sample)


def scipy_fit(sample: FloatVector) -> tuple[float, float]:
    """Maximum likelihood of scipy.stats.genpareto on the top 5 %."""
    from scipy.stats import genpareto

    threshold = np.quantile(sample, 1 - TOP)
    return float(genpareto.fit(sample[sample > threshold] - threshold, floc=0)[0]), TOP


def pyextremes_fit(daily: Any) -> tuple[float, float]:
    """Maximum likelihood of pyextremes on the top 5 % of a daily series."""
    analysis = importlib.import_module("pyextremes").EVA(daily)
    threshold = np.quantile(daily.to_numpy(), 1 - TOP)
    analysis.get_extremes("POT", threshold=threshold, r="1h")
    analysis.fit_model("MLE", distribution="genpareto")
    return float(analysis.model.fit_parameters.get("c", 0.0)), TOP


def powerlaw_fit(sample: FloatVector) -> tuple[float, float]:
    """Power law above the threshold that powerlaw chooses."""
    fit = importlib.import_module("powerlaw").Fit(sample[sample > 0], verbose=0)
    return 1 / (float(fit.alpha) - 1), float(np.mean(sample >= fit.xmin))


METHODS: dict[str, Callable[[Any], tuple[float, float]]] = {
    "our shape": our_shape,
    "our fit": our_fit,
    "our fit, interval, p": our_interval,
    "our verdict": our_verdict,
    "arviz-stats": arviz_shape,
    "scipy": scipy_fit,
    "pyextremes": pyextremes_fit,
    "powerlaw": powerlaw_fit,
}


def series(sample: FloatVector) -> Any:
    """A daily series, the only input of pyextremes."""
    pandas = importlib.import_module("pandas")
    times = pandas.Timestamp("2000-01-01") + pandas.to_timedelta(range(len(sample)), "D")
    return pandas.Series(sample, index=times)


def table(sample: FloatVector) -> Any:
    """A table of scores, each the only one of its prompt."""
    import pyarrow as pa

    from overopt.samples import read_samples

    return read_samples(pa.table({"proxy": sample}), proxies=["proxy"], lone_rows=True)


# What a method needs in place of numbers; making it is not counted.
PREPARED: dict[str, Callable[[FloatVector], Any]] = {"our verdict": table, "pyextremes": series}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One method on all samples of one law and size; no answers when it was stopped."""

    method: str
    law: str
    size: int
    cpu: float
    answers: Sequence[tuple[float, float]]


def run_cell(method: str, path: str) -> None:
    """In a process of its own: print time and answers for the samples of a file [samples, size]."""
    samples = np.load(path)[: 1 if method == "powerlaw" else None]
    prepared, call = PREPARED.get(method, np.asarray), METHODS[method]
    call(prepared(samples[0][:2000]))  # imports and first-call costs
    times_used, answers = [], []
    for sample in samples:
        given = prepared(sample)
        before = time.process_time()
        answers.append(call(given))
        times_used.append(time.process_time() - before)
    print(json.dumps([statistics.median(times_used), answers]))


def cell(method: str, name: str, size: int, path: Path, python: Path) -> Cell:
    """Time and answers of one method, each in a fresh process of the interpreter it lives in."""
    ours = method.startswith("our")
    command = [sys.executable if ours else str(python), __file__, method, str(path)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command,
            check=True,
            stdout=subprocess.PIPE,
            env=environment,
            timeout=POWERLAW_SECONDS if method == "powerlaw" else None,
        )
    except subprocess.TimeoutExpired:
        return Cell(method=method, law=name, size=size, cpu=float("nan"), answers=())
    cpu, answers = json.loads(done.stdout.splitlines()[-1])
    return Cell(method=method, law=name, size=size, cpu=cpu, answers=answers)


def cells(folder: Path, python: Path, methods: Sequence[str]) -> Iterator[Cell]:
    """All cells; powerlaw, whose time is quadratic, is not asked again once it was too slow."""
    rng = np.random.default_rng(SEED)
    stopped: set[str] = set()
    for size, count in SAMPLES.items():
        for name in LAWS:
            path = folder / f"{name}.npy"
            np.save(path, law(name).rvs(size=(count, size), random_state=rng))
            for method in methods:
                if method not in stopped:
                    found = cell(method, name, size, path, python)
                    yield found
                    if not found.answers:
                        stopped.add(method)


def shape_at(name: str, share: float) -> float:
    """Generalised Pareto shape of a law's exceedances over its (1 - share) quantile."""
    from overopt.stats.generalised_pareto import pareto_fit

    inside = (np.arange(100_000) + 0.5) / 100_000
    named = law(name)
    return pareto_fit(named.isf(share * inside[::-1]) - named.isf(share)).xi


def error(found: Cell) -> float:
    """Root mean squared error of the answers against the law's shape at their depth."""
    errors = [xi - shape_at(found.law, share) for xi, share in found.answers]
    return float(np.sqrt(np.mean(np.square(errors)))) if errors else float("nan")


def peers(folder: Path) -> Path:
    """The interpreter of a fresh environment that holds the peers."""
    python = folder / "peers/bin/python"
    subprocess.run([sys.executable, "-m", "venv", str(folder / "peers")], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PEERS], check=True)
    listing = "from importlib.metadata import version as v; import sys; print(*(f'{n} {v(n)}' for"
    subprocess.run([str(python), "-c", f"{listing} n in sys.argv[1:]))", *PEERS], check=True)
    return python


def worst_ratio(found: Sequence[Cell], method: str, other: str, smallest: int) -> float:
    """Largest ratio of CPU times over laws and sizes from ``smallest``; NaN when none."""
    cpu = {
        (one.method, one.law, one.size): one.cpu
        for one in found
        if one.answers and one.size >= smallest
    }
    ratios = [
        used / cpu[other, name, size]
        for (of, name, size), used in cpu.items()
        if of == method and (other, name, size) in cpu
    ]
    return max(ratios, default=float("nan"))


def main(arguments: Sequence[str]) -> int:
    """Print one line a cell, then the promises, and return the exit code."""
    methods = [one for one in METHODS if one != "powerlaw" or "--without-powerlaw" not in arguments]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        python = peers(Path(folder))
        print(f"{'law':<12} {'size':>9}  {'method':<22} {'CPU ms':>10} {'shape':>7} {'error':>7}")
        for one in cells(Path(folder), python, methods):
            found.append(one)
            shape = float(np.mean([xi for xi, _ in one.answers])) if one.answers else float("nan")
            print(
                f"{one.law:<12} {one.size:>9,}  {one.method:<22} {1000 * one.cpu:>10.2f} "
                f"{shape:>7.3f} {error(one):>7.3f}",
                flush=True,
            )
    broken = 0
    for method, other, smallest, most in PROMISES:
        ratio = worst_ratio(found, method, other, smallest)
        broken += ratio > most
        verdict = "not compared" if np.isnan(ratio) else "BROKEN" if ratio > most else "kept"
        print(f"{method} / {other}: at most {ratio:.3g}, promised {most:g}: {verdict}")
    return int(broken > 0)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] in METHODS:
        run_cell(*sys.argv[1:])
    else:
        sys.exit(main(sys.argv[1:]))
