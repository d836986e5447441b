"""What an audit found, told as a page, in a terminal, as JSON or as a picture.

Everything here takes an audit's document (``Audit.to_dict()``, schema overopt.audit/1) and
computes nothing but layout, so a document saved as JSON can be rendered later.
"""

from overopt.report.charts import figure
from overopt.report.console import terminal
from overopt.report.page import html, notebook
from overopt.report.plan_text import plan_terminal
from overopt.report.saving import FORMATS, save
from overopt.report.strict_json import to_json

__all__ = ["FORMATS", "figure", "html", "notebook", "plan_terminal", "save", "terminal", "to_json"]
