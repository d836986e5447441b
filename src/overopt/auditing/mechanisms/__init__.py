"""Why gold does not follow a proxy: one file per mechanism, each a pure function of a table."""

from overopt.auditing.mechanisms.mechanism import Mechanism
from overopt.auditing.mechanisms.search import mechanisms_of

__all__ = ["Mechanism", "mechanisms_of"]
