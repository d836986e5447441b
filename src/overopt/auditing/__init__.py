"""The audit of a table: assembly of curves, decisions and findings into one answer."""

from overopt.auditing.assembly import Audit, audit

__all__ = ["Audit", "audit"]
