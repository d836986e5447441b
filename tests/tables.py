"""Small tables with known faults, as Samples, and how to read the findings about them."""

from __future__ import annotations

from typing import Any

import numpy as np

from overopt.auditing.data_findings import table_findings
from overopt.findings import Finding
from overopt.samples import Category, Samples

__all__ = ["PROMPTS", "SIZE", "about_table", "codes", "noise", "of", "sources", "table"]

PROMPTS, SIZE = 40, 8


def table(sizes: list[int] | None = None, **columns: Any) -> Samples:
    """Samples from columns given as [prompts, candidates] arrays or, with ``sizes``, flat."""
    proxies = {name: columns.pop(name) for name in ("a", "b", "c") if name in columns}
    shape = np.shape(next(iter(proxies.values())))
    sizes = sizes or [shape[1]] * shape[0]
    prompt = np.repeat(np.arange(len(sizes)), sizes)
    for name in ("gold", "label_prob", "text"):
        if name in columns:
            columns[name] = np.asarray(columns[name]).ravel()
    return Samples(
        prompt=prompt,
        group=columns.pop("group", prompt),
        proxies={name: np.asarray(values, dtype=float).ravel() for name, values in proxies.items()},
        prompt_ids=np.array([f"p{i}" for i in range(len(sizes))], dtype=object),
        row=columns.pop("row", np.arange(len(prompt))),
        **columns,
    )


def noise(seed: int, prompts: int = PROMPTS, size: int = SIZE) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(prompts, size))


def of(code: str, found: list[Finding]) -> Finding:
    """The only finding with this code."""
    (one,) = [finding for finding in found if finding.code == code]
    return one


def codes(found: list[Finding]) -> list[str]:
    return [finding.code for finding in found]


def about_table(samples: Samples, labels_drawn: str = "all") -> list[Finding]:
    return table_findings(samples, labels_drawn=labels_drawn)


def sources(names: list[str], prompts: int = PROMPTS) -> Category:
    codes = np.tile(np.arange(len(names)), prompts)
    return Category(codes=codes, names=tuple(names))
