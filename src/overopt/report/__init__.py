"""What an audit found, told as a page, in a terminal, as JSON or as a picture; and what a lab did.

Everything here takes a document (``Audit.to_dict()``, schema overopt.audit/1, or the lab's,
overopt.lab/1) and computes nothing but layout, so one saved as JSON can be rendered later.
"""

from overopt.report.charts import figure
from overopt.report.console import terminal
from overopt.report.lab_chart import save_lab_curve
from overopt.report.lab_iteration_chart import save_lab_iteration
from overopt.report.lab_iteration_text import lab_iteration
from overopt.report.lab_limit_chart import save_lab_limit
from overopt.report.lab_limit_text import lab_limit
from overopt.report.lab_reproduction import lab_reproduction, save_reproduction
from overopt.report.lab_text import lab_curve, lab_list
from overopt.report.lab_theorem_chart import save_lab_theorem
from overopt.report.lab_theorem_text import lab_theorem, theorem_page
from overopt.report.page import html, notebook
from overopt.report.plan_text import plan_terminal
from overopt.report.saving import FORMATS, save
from overopt.report.strict_json import to_json
from overopt.report.tails import save_tails, tails_text
from overopt.report.watch_text import watch_text

__all__ = [
    "FORMATS",
    "figure",
    "html",
    "lab_curve",
    "lab_iteration",
    "lab_limit",
    "lab_list",
    "lab_reproduction",
    "lab_theorem",
    "notebook",
    "plan_terminal",
    "save",
    "save_lab_curve",
    "save_lab_iteration",
    "save_lab_limit",
    "save_lab_theorem",
    "save_reproduction",
    "save_tails",
    "tails_text",
    "terminal",
    "theorem_page",
    "to_json",
    "watch_text",
]
