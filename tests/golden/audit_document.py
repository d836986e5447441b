"""An audit document (schema overopt.audit/1) computed from a table, for the report tests.

It does not import the estimators: reports must be testable while those change. The numbers are
real (order-statistic weights, errors clustered by prompt), only cruder than the library's.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from golden.tails_entry import tails_entry

Matrix = npt.NDArray[np.float64]
KNOBS = {
    "best_of_n": ("best-of-n", "n"),
    "threshold": ("threshold", "1 / kept share"),
    "kl_tilt": ("KL-regularised policy", "1 / beta"),
}


def simulated(prompts: int = 80, candidates: int = 16, seed: int = 7) -> dict[str, Matrix]:
    """Gold, a proxy whose error has a heavy tail, and a binary proxy: each [prompts, m]."""
    rng = np.random.default_rng(seed)
    gold = rng.normal(size=(prompts, candidates)) + 0.5 * rng.normal(size=(prompts, 1))
    heavy = gold + 0.9 * rng.standard_t(2.0, size=gold.shape) - 0.25 * np.maximum(gold, 0) ** 2
    passes = (gold + rng.normal(size=gold.shape) > 1.0).astype(float)
    return {"gold": gold, "rm": heavy, "unit_tests": passes}


def rank_weights(m: int, strengths: Matrix) -> Matrix:
    """Best-of-n weights by ascending rank: [strengths, m]."""
    weights = [
        [math.comb(i, int(n) - 1) / math.comb(m, int(n)) for i in range(m)] for n in strengths
    ]
    return np.asarray(weights)


def weights_of(pressure: str, proxy: Matrix, strengths: Matrix) -> Matrix:
    """Weights [prompts, strengths, m] by candidate, ties broken by order of appearance."""
    m = proxy.shape[1]
    rank = proxy.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    if pressure == "best_of_n":
        return rank_weights(m, strengths)[:, rank].transpose(1, 0, 2)
    if pressure == "threshold":
        kept = m / strengths
        return np.clip(rank[:, None, :] + 1 - (m - kept[:, None]), 0, 1) / kept[:, None]
    tilted = np.exp(strengths[:, None] * (proxy - proxy.max(axis=1, keepdims=True))[:, None, :])
    return tilted / tilted.sum(axis=2, keepdims=True)


def numbers(values: Any) -> list[float | None]:
    return [float(v) if np.isfinite(v) else None for v in np.asarray(values, dtype=float)]


def curve(pressure: str, proxy: Matrix, gold: Matrix, strengths: Matrix) -> dict[str, Any]:
    """One entry of ``curves``, for a fully labelled table without ties that matter."""
    prompts, m = proxy.shape
    weights = weights_of(pressure, proxy, strengths)
    per_prompt = (weights * gold[:, None, :]).sum(axis=2)
    mean, error = per_prompt.mean(axis=0), per_prompt.std(axis=0, ddof=1) / math.sqrt(prompts)
    gains = per_prompt - per_prompt[:, :1]
    gain, gain_error = gains.mean(axis=0), gains.std(axis=0, ddof=1) / math.sqrt(prompts)
    kl = np.log(np.maximum(m * weights, 1e-300))
    kl = (weights * kl).sum(axis=2).mean(axis=0)
    if pressure == "best_of_n":
        kl = np.log(strengths) - (strengths - 1) / strengths
    slope = np.gradient(mean, np.maximum(kl, 1e-9) + 1e-3 * np.arange(len(kl)))
    ess = 1 / (weights**2).sum(axis=2).mean(axis=0)
    label, knob = KNOBS[pressure]
    return {
        "pressure": pressure,
        "label": label,
        "knob": knob,
        "reliable_to": float(strengths[-1]) if pressure != "kl_tilt" else float(strengths[5]),
        "strength": numbers(strengths),
        "kl": numbers(kl),
        "gold": numbers(mean),
        "lower": numbers(mean - 1.99 * error),
        "upper": numbers(mean + 1.99 * error),
        "band_lower": numbers(mean - 2.55 * error),
        "band_upper": numbers(mean + 2.55 * error),
        "slope": numbers(slope),
        "slope_lower": numbers(slope - 0.1),
        "slope_upper": numbers(slope + 0.1),
        "gain": numbers(gain),
        "gain_lower": numbers(gain - 2.55 * gain_error),
        "gain_upper": numbers(gain + 2.55 * gain_error),
        "proxy": numbers((weights * proxy[:, None, :]).sum(axis=2).mean(axis=0)),
        "win_rate": numbers(1 - 1 / (strengths + 1)),
        "chi_square": numbers((weights**2).sum(axis=2).mean(axis=0) * m - 1),
        "ess": numbers(ess) if pressure == "kl_tilt" else None,
        "pareto_k": numbers(np.linspace(0.1, 0.9, len(kl))) if pressure == "kl_tilt" else None,
        "labels_effective": numbers(ess * prompts),
        "grey": [pressure == "kl_tilt" and i > 5 for i in range(len(kl))],
        "prompts": prompts,
        "method": "weighted mean of the labels, errors clustered by prompt",
        "assumptions": ["the candidates of a prompt are drawn from one policy"],
        "parameters": {},
    }


def operating_point(curve: dict[str, Any], gold_source: str, cost: float) -> dict[str, Any]:
    """The peak, told as push, no_peak, do_not_push or undecided by the intervals alone."""
    gain = np.asarray(curve["gain"], dtype=float)
    lower = np.asarray(curve["gain_lower"], dtype=float)
    upper = np.asarray(curve["gain_upper"], dtype=float)
    peak = int(gain.argmax())
    proven, loss = bool(lower.max() > 0), bool(upper.min() < 0)
    falls = gain[peak] - gain[-1] > cost
    decision = "push" if proven and falls else "no_peak" if proven else "undecided"
    if loss and not proven:
        decision, peak = "do_not_push", 0
    strength = curve["strength"][peak]
    gained = f"{gain[peak]:+.2f} [{lower[peak]:+.2f}, {upper[peak]:+.2f}]"
    return {
        "pressure": curve["pressure"],
        "decision": decision,
        "strength": strength,
        "kl": curve["kl"][peak],
        "gain": float(gain[peak]),
        "gain_lower": float(lower[peak]),
        "gain_upper": float(upper[peak]),
        "needs": None if decision != "undecided" else "about 200 more labels",
        "sentence": f"At {curve['knob']} = {strength:.3g} gold according to {gold_source} gains "
        f"{gained} over no pressure; pushing further does not pay.",
        "reach_kl": 0.36,
        "tolerance": 0.02,
        "gold_source": gold_source,
    }


def bins(values: Matrix, gold: Matrix, count: int, centre: str) -> list[dict[str, Any]]:
    """``count`` equally filled bins of ``values`` with the mean gold of each."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, count + 1)))
    rows = []
    for low, high in pairwise(edges):
        last = high == edges[-1]
        inside = (values >= low) & ((values <= high) if last else (values < high))
        error = 2 * gold[inside].std() / math.sqrt(inside.sum())
        mean = float(gold[inside].mean())
        rows.append(
            {centre: float(values[inside].mean()), "from": float(low), "to": float(high)}
            | {"gold": mean, "lower": mean - error, "upper": mean + error}
            | {"rows": int(inside.sum()), "labelled": int(inside.sum())}
        )
    return rows


def worth(proxy: Matrix, gold: Matrix) -> dict[str, Any]:
    rank = (proxy.argsort(axis=1).argsort(axis=1) + 0.5) / proxy.shape[1]
    return {
        "by_rank": bins(rank, gold, 8, "share"),
        "by_score": bins(proxy, gold, 10, "score"),
        "comparable": {
            "verdict": "no",
            "within_slope": 0.31,
            "between_slope": 0.12,
            "difference": 0.19,
            "lower": 0.05,
            "upper": 0.33,
            "sentence": "The same score means different gold on different prompts: do not compare "
            "scores across prompts.",
        },
    }


def passes(proxy: Matrix, gold: Matrix) -> dict[str, Any]:
    rate = proxy.mean(axis=1)
    rows = []
    for low, high in ((0.0, 0.1), (0.1, 0.2), (0.2, 0.4), (0.4, 1.0)):
        chosen = (rate > low) & (rate <= high)
        good = gold[chosen][proxy[chosen] == 1] > 0.5
        if good.size == 0:
            continue
        share, error = float(good.mean()), 2 / math.sqrt(4 * good.size)
        rows.append(
            {"from": low, "to": high, "prompts": int(chosen.sum()), "passes": int(good.size)}
            | {"precision": share, "lower": max(0, share - error), "upper": min(1, share + error)}
        )
    top = gold[proxy == 1]
    return {
        "cap": 1.0,
        "mass": float(proxy.mean()),
        "gold_at_cap": float(top.mean()),
        "lower": float(top.mean() - 0.1),
        "upper": float(top.mean() + 0.1),
        "by_pass_rate": rows,
        "sentence": "Passes on prompts that are rarely passed are the least reliable.",
    }


def trainer(proxy: Matrix, n: float) -> dict[str, Any]:
    within = float(proxy.std(axis=1, ddof=1).mean())
    kl = math.log(n) - (n - 1) / n
    beta = within / math.sqrt(2 * kl) if kl > 0 else None
    return {
        "n": n,
        "threshold": {"kept_share": 1 / n, "score": float(np.quantile(proxy, 1 - 1 / n))},
        "kl": kl,
        "beta": beta,
        "beta_standardised": None if beta is None else beta / within,
        "within_sd": within,
        "formula": "policy(y|x) ∝ reference(y|x) · exp(score / beta), KL = E[score]/beta − ln Z",
        "sentence": f"Best-of-{n:.0f} spends {kl:.2f} nats; a KL-regularised policy at this KL has "
        "the beta below.",
        "caveat": "Selection is not learning: this beta is that of the ideal tilt within the "
        "support of the samples, and a KL budget certifies nothing about what training finds.",
    }


def proxy_entry(name: str, proxy: Matrix, gold: Matrix, gold_source: str) -> dict[str, Any]:
    m = proxy.shape[1]
    binary = len(np.unique(proxy)) == 2
    within = float(proxy.std(axis=1, ddof=1).mean())
    tilt = np.concatenate([[0.0], np.geomspace(0.05, 4, 9)]) / max(within, 1e-9)
    curves = [
        curve("best_of_n", proxy, gold, np.arange(1.0, m + 1)),
        curve("threshold", proxy, gold, np.geomspace(1, m, 12)),
        curve("kl_tilt", proxy, gold, tilt),
    ]
    points = [operating_point(c, gold_source, 0.02) for c in curves]
    return {
        "name": name,
        "findings": [],
        "mechanisms": [dict(MECHANISM)] if binary else [],
        "groups": [],
        "tails": tails_entry(name, binary=binary),
        "scale": {
            "kind": "binary" if binary else "continuous",
            "distinct": len(np.unique(proxy)),
            "min": float(proxy.min()),
            "max": float(proxy.max()),
            "mean": float(proxy.mean()),
            "sd": float(proxy.std()),
            "within_sd": within,
            "tied_share": 0.9 if binary else 0.0,
            "tied_top_share": 0.6 if binary else 0.0,
        },
        "headline": {"pressure": "best_of_n", "sentence": points[0]["sentence"]},
        "curves": curves,
        "operating_points": points,
        "worth": worth(proxy, gold),
        "passes": passes(proxy, gold) if binary else None,
        "trainer": trainer(proxy, max(2.0, points[0]["strength"])),
        "extrapolation": None,
        "labels": None,
    }


FINDING = {
    "code": "OV105",
    "severity": "caution",
    "message": "In 60 % of the groups the best score is shared by several candidates.",
    "data": {"share": 0.6, "rows": [3, 17, 40], "count": 48},
}


MECHANISM = {
    "id": "saturation_at_cap",
    "code": "OV325",
    "severity": "note",
    "message": "the score runs out: in 70 % of the groups 40 % of the candidates share the best "
    "score, so selection ends at 0.9 nats there.",
    "data": {"share": 0.7, "rows": [3, 17, 40], "count": 48},
}


def ranking(proxies: list[dict[str, Any]]) -> dict[str, Any]:
    rows = []
    for proxy in proxies:
        point = proxy["operating_points"][0]
        place = proxy["curves"][0]["strength"].index(point["strength"])
        kept = ("strength", "gain", "gain_lower", "gain_upper", "decision")
        rows.append(
            {"name": proxy["name"], "pressure": "best_of_n"}
            | {"gold": proxy["curves"][0]["gold"][place]}
            | {key: point[key] for key in kept}
        )
    rows.sort(key=lambda row: -row["gain"])
    first, second = rows[0], rows[1]
    return {
        "level_each": 0.975,
        "rows": rows,
        "comparison": {
            "first": first["name"],
            "second": second["name"],
            "difference": first["gain"] - second["gain"],
            "lower": first["gain"] - second["gain"] - 0.1,
            "upper": first["gain"] - second["gain"] + 0.1,
            "prompts": proxies[0]["curves"][0]["prompts"],
            "sentence": f"{first['name']} is ahead of {second['name']} at their own points.",
        },
    }


def audit_document(
    table: dict[str, Matrix] | None = None,
    *,
    origin: str = "rollouts.parquet",
    gold_source: str = "human",
) -> dict[str, Any]:
    """The document of a table of [prompts, m] matrices with a ``gold`` one."""
    table = simulated() if table is None else table
    gold = table["gold"]
    prompts, m = gold.shape
    names = [name for name in table if name != "gold"]
    proxies = [proxy_entry(name, table[name], gold, gold_source) for name in names]
    return {
        "schema": "overopt.audit/1",
        "version": "0.1.0",
        "origin": origin,
        "fingerprint": "9f2c0d7a51be44f0",
        "level": 0.95,
        "prompts": prompts,
        "groups": prompts,
        "rows": gold.size,
        "labelled": gold.size,
        "candidates": {"min": m, "median": float(m), "max": m},
        "gold": "gold",
        "gold_source": gold_source,
        "labels_drawn": "all",
        "objective": "mean gold",
        "reach": {"rows": gold.size, "share": 0.1, "kl": 0.36},
        "headline": f"{names[0]}: {proxies[0]['headline']['sentence']}",
        "findings": [dict(FINDING)],
        "proxies": proxies,
        "ranking": ranking(proxies) if len(proxies) > 1 else None,
        "notes": {},
    }


def without_gold(document: dict[str, Any]) -> dict[str, Any]:
    """The same document as it is when the table has no gold column."""
    estimated = {"gold", "lower", "upper", "band_lower", "band_upper", "slope", "slope_lower"}
    estimated |= {"slope_upper", "gain", "gain_lower", "gain_upper"}
    proxies = []
    for proxy in document["proxies"]:
        curves = [
            c | {key: [None] * len(c["strength"]) for key in estimated} for c in proxy["curves"]
        ]
        needs = "gold labels: about 40 prompts with 4 labelled candidates each"
        blank = {"decision": "undecided", "needs": needs, "gold_source": None, "strength": 1.0}
        blank |= {"gain": None, "gain_lower": None, "gain_upper": None, "kl": 0.0}
        blank |= {"sentence": "Without gold labels nothing can be said about quality."}
        points = [point | blank for point in proxy["operating_points"]]
        headline = {"pressure": "best_of_n", "sentence": blank["sentence"]}
        proxies.append(
            proxy
            | {"curves": curves, "operating_points": points, "headline": headline}
            | {"worth": None, "passes": None}
            | {"tails": proxy["tails"] | {"error": None, "gold": None}}
        )
    return document | {
        "proxies": proxies,
        "labelled": 0,
        "gold": None,
        "gold_source": None,
        "labels_drawn": "none",
        "headline": "No gold labels: what this score is worth cannot be known from this table.",
        "ranking": None,
    }
