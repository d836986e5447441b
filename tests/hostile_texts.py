"""Texts that want to become more than text: markup, attributes, scripts, templates, controls."""

from __future__ import annotations

CALL = "window.__owned=1"
TAGS = (
    f"<script>{CALL}</script>",
    f"<img src=x onerror={CALL}>",
    f"<svg onload={CALL}>",
    f"<svg><script>{CALL}</script></svg>",
    f"<svg><animate onbegin={CALL} attributeName=x dur=1s>",
    f"<math><mtext><img src=x onerror={CALL}></math>",
    f"<iframe srcdoc='<script>parent.{CALL}</script>'></iframe>",
    f"<iframe src='javascript:parent.{CALL}'></iframe>",
    f"<body onload={CALL}>",
    f"<details open ontoggle={CALL}>",
    f"<input autofocus onfocus={CALL}>",
    f"<video><source onerror={CALL}></video>",
    f"<a href='javascript:{CALL}'>x</a>",
    f"<form action='javascript:{CALL}'><button>x</button></form>",
    f"<object data='javascript:{CALL}'></object>",
    f"<embed src='javascript:{CALL}'>",
    f"<link rel=stylesheet href='javascript:{CALL}'>",
    f"<style>*{{animation:x}}@keyframes x{{}}</style><p onanimationstart={CALL}>",
    f"<meta http-equiv=refresh content='0;url=javascript:{CALL}'>",
    f"<base href='javascript:{CALL}//'>",
)
OPENINGS = ("", '"', "'", "`", "-->", "]]>", "</script>", "</title>", "</textarea>", "\u2028")
TEMPLATES = (
    f"{{{{constructor.constructor('{CALL}')()}}}}",
    f"${{{CALL}}}",
    f"{{%raw%}}<script>{CALL}</script>",
    f"javascript:{CALL}",
    f"');{CALL};//",
    f'");{CALL};//',
    f"\\x3cscript\\x3e{CALL}\\x3c/script\\x3e",
    f"&lt;script&gt;{CALL}&lt;/script&gt;",
    "\u202eevil\u202c \u2066bidi\u2069",
    "\x00\x07\x1b[31mcontrol\x1b[0m",
    "__proto__",
    "constructor",
    "\ud7ff\ufffe\uffff",
    "datum.value = 1",
    "signal('x')",
)


def hostile_texts() -> list[str]:
    """At least 200 different texts."""
    texts = [f"{opening}{tag}" for opening in OPENINGS for tag in TAGS]
    return list(dict.fromkeys([*texts, *TEMPLATES]))
