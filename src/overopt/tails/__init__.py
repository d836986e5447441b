"""Tails of proxy, error and gold: verdicts that say how deep the data reach."""

from overopt.tails.all_tails import Tails, tails_of
from overopt.tails.document import tails_document
from overopt.tails.labelled import error_tail, gold_tail
from overopt.tails.verdict import TailVerdict, proxy_tail

__all__ = [
    "TailVerdict",
    "Tails",
    "error_tail",
    "gold_tail",
    "proxy_tail",
    "tails_document",
    "tails_of",
]
