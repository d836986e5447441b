"""What each red signal means, in words."""

from __future__ import annotations

from overopt.watch.bank import POOLED

__all__ = ["red_meaning"]

MEANINGS = {
    "score_meaning": "gold at a given score has fallen below the reference",
    "fallen_from_best": "gold has fallen below its best block",
    "decoupled": "the proxy has risen and gold has not gone with it",
    "rank_gain": "gold falls as the policy moves up the ranks of the proxy",
    "top_vs_random": "the top-scored candidate is worse than a random one of its prompt",
}


def red_meaning(signal: str) -> str:
    """What a red signal says; a pooled one names the pool."""
    name = signal.removesuffix(POOLED)
    meaning = MEANINGS.get(name)
    if meaning is None:
        meaning = f"pushing further at {name.replace('_', '-')} makes gold fall"
    return f"{meaning} (ranked over all prompts of a step)" if signal.endswith(POOLED) else meaning
