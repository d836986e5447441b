"""Theorem 3: the same for a decision process whose return depends on where it ends.

A tree of tokens: every trajectory ends in its own leaf. Reweighting leaves by their return is a
policy, and the KL of trajectories splits by the chain rule into the expected KL at each state.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from overopt.lab.joints.joint import FloatArray
from overopt.lab.marginals.heavy import StudentT
from overopt.lab.marginals.law import Law
from overopt.lab.marginals.light import Normal
from overopt.lab.theorems.experiment import Experiment, Table
from overopt.lab.theorems.panels import Line, Panel

__all__ = ["trajectories", "tree_policy"]

DEPTHS = (3, 6, 10, 14)
MASS_POWER = 0.8


def trajectories() -> Experiment:
    """Trees of two tokens and growing depth, heavy and light returns, by enumeration."""
    tables = (
        Table(title="heavy returns (t, 3 df)", rows=_rows(StudentT(df=3))),
        Table(title="light returns (normal)", rows=_rows(Normal())),
    )
    return Experiment(
        name="3",
        title="Token by token",
        statement="In a process with deterministic transitions whose return depends on the final "
        "state alone, a heavy return allows policies of any mean return at any small KL, also "
        "counted state by state.",
        assumptions="Two tokens of unequal chances; the leaves' returns are quantiles of the law, "
        "in the order of the leaves' probabilities spread by bit reversal.",
        edge="Returns of a normal law, reweighted in the same way, gain next to nothing. The mean "
        "KL of one state is the trajectory's KL over the depth: it is never the larger of the two.",
        tables=tables,
        panels=(
            _depth_panel("mean return", [(table, "return", table.title) for table in tables]),
            _depth_panel(
                "KL in nats, heavy returns",
                [
                    (tables[0], "trajectory kl", "trajectory"),
                    (tables[0], "mean state kl", "mean of a state"),
                ],
            ),
        ),
    )


def _depth_panel(title: str, columns: Sequence[tuple[Table, str, str]]) -> Panel:
    """Columns of the tables, each under a name, against the depth of the tree."""
    lines = [
        Line(
            name=name,
            x=[float(depth) for depth in DEPTHS],
            y=[float(str(row[column])) for row in table.rows],
        )
        for table, column, name in columns
    ]
    return Panel(x="tokens in a trajectory", y=title, lines=tuple(lines))


def _rows(law: Law) -> list[dict[str, float]]:
    rows = []
    for depth in DEPTHS:
        base = _leaf_probabilities(depth)
        returns = _returns(law, base)
        order = np.argsort(-returns)
        top = np.zeros(len(base), dtype=bool)
        top[order[:2]] = True
        share = float(base[top].sum()) ** (MASS_POWER / 3)
        weights = np.where(top, share / base[top].sum(), (1 - share) / base[~top].sum())
        rows.append({"depth": float(depth)} | tree_policy(base, weights, returns))
    return rows


def tree_policy(base: FloatArray, weights: FloatArray, returns: FloatArray) -> dict[str, float]:
    """Mean return and divergences of reweighted leaves [2^depth], in the order of their paths.

    ``weights`` are density ratios with mean 1 under ``base``. Returns the mean ``return``, the KL
    of the trajectory and of the return, the sum over states of expected KL, and their mean, nats.
    """
    new = base * weights
    trajectory = float(np.sum(new * np.log(weights)))
    states, depth = 0.0, int(np.log2(len(base)))
    old_mass, new_mass = base, new
    for _ in range(depth):
        pairs_old, pairs_new = old_mass.reshape(-1, 2), new_mass.reshape(-1, 2)
        old_mass, new_mass = pairs_old.sum(axis=1), pairs_new.sum(axis=1)
        policy, reference = pairs_new / new_mass[:, None], pairs_old / old_mass[:, None]
        states += float(new_mass @ np.sum(policy * np.log(policy / reference), axis=1))
    return {
        "return": float(new @ returns),
        "trajectory kl": trajectory,
        "return kl": _return_kl(returns, base, new),
        "sum of state kl": states,
        "mean state kl": states / depth,
    }


def _return_kl(returns: FloatArray, base: FloatArray, new: FloatArray) -> float:
    """KL between the laws of the return: leaves of equal return are one outcome."""
    _, place = np.unique(returns, return_inverse=True)
    old, after = np.bincount(place, base), np.bincount(place, new)
    return float(np.sum(after * np.log(after / old)))


def _leaf_probabilities(depth: int) -> FloatArray:
    leaf = np.ones(1)
    for level in range(depth):
        first = 0.5 + 0.2 * np.sin(level + 1.0)
        leaf = np.outer(leaf, [first, 1 - first]).ravel()
    return leaf


def _returns(law: Law, base: FloatArray) -> FloatArray:
    """Quantiles at the middle of each leaf's share, leaves taken in bit-reversed order."""
    depth = int(np.log2(len(base)))
    order = np.arange(len(base)).reshape((2,) * depth).transpose().ravel()
    middle = np.cumsum(base[order]) - base[order] / 2
    returns = np.empty(len(base))
    returns[order] = law.ppf(middle)
    return returns
