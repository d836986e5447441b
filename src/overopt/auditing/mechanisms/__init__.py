"""Why gold does not follow a proxy: one file per mechanism, each a pure function of a table."""

from overopt.auditing.mechanisms.by_group import GroupResult, group_results, opposite_signs
from overopt.auditing.mechanisms.mechanism import Mechanism
from overopt.auditing.mechanisms.search import mechanisms_of

__all__ = ["GroupResult", "Mechanism", "group_results", "mechanisms_of", "opposite_signs"]
