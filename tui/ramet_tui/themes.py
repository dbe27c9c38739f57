"""The two themes and the names of their colours: one accent, one colour per status, one per kind of code.

Style sheets use the variables (`$status-added`, `$syntax-keyword`); code that builds text asks `scope_variable` which variable
a highlighting scope has.
"""

from __future__ import annotations

from functools import lru_cache

from textual.theme import Theme

DARK = "ramet-dark"
LIGHT = "ramet-light"

_DARK_VARIABLES = {
    "line": "#2b333b",
    "line-focus": "#58c4b0",
    "secondary-text": "#7f8b96",
    "faint-text": "#56616b",
    "status-added": "#93c26b",
    "status-modified": "#d9b45f",
    "status-deleted": "#e0707a",
    "status-renamed": "#76a9dc",
    "status-untracked": "#93c26b",
    "status-conflict": "#ec8a53",
    "status-danger": "#ec8a53",
    "status-running": "#76a9dc",
    "status-failed": "#e0707a",
    "status-passed": "#93c26b",
    "code-line-number": "#4b5660",
    "code-cursor-line": "#1c232a",
    "code-mark": "#1d3431",
    "code-match": "#4d4423",
    "code-match-current": "#d9b45f",
    "syntax-keyword": "#c792c9",
    "syntax-string": "#a5c58a",
    "syntax-number": "#d9a06a",
    "syntax-comment": "#6b7783",
    "syntax-function": "#7fb2e5",
    "syntax-type": "#6bc5bd",
    "syntax-constant": "#d9a06a",
    "syntax-variable": "#ccd3da",
    "syntax-property": "#b3c3d3",
    "syntax-operator": "#96a3af",
    "syntax-punctuation": "#8592a0",
    "syntax-tag": "#dd8088",
    "syntax-heading": "#7fb2e5",
    "footer-background": "#101418",
    "footer-key-foreground": "#58c4b0",
    "footer-description-foreground": "#7f8b96",
    "block-cursor-background": "#24423e",
    "block-cursor-foreground": "#e3e9ee",
    "block-cursor-text-style": "none",
    "block-cursor-blurred-background": "#1c232a",
    "block-cursor-blurred-foreground": "#ccd3da",
    "block-hover-background": "#1a2127",
    "input-selection-background": "#58c4b0 30%",
    "scrollbar": "#2b333b",
    "scrollbar-hover": "#3b464f",
    "scrollbar-active": "#58c4b0",
    "scrollbar-background": "#101418",
    "scrollbar-background-hover": "#101418",
    "scrollbar-background-active": "#101418",
    "scrollbar-corner-color": "#101418",
}

_LIGHT_VARIABLES = {
    "line": "#d5d9dc",
    "line-focus": "#0b7f6e",
    "secondary-text": "#68727b",
    "faint-text": "#99a2a9",
    "status-added": "#3f7d20",
    "status-modified": "#94690a",
    "status-deleted": "#b8323f",
    "status-renamed": "#2765ad",
    "status-untracked": "#3f7d20",
    "status-conflict": "#b4500f",
    "status-danger": "#b4500f",
    "status-running": "#2765ad",
    "status-failed": "#b8323f",
    "status-passed": "#3f7d20",
    "code-line-number": "#a8b0b6",
    "code-cursor-line": "#eef0ef",
    "code-mark": "#d9efe9",
    "code-match": "#f6e9b8",
    "code-match-current": "#e8b93a",
    "syntax-keyword": "#8a3a92",
    "syntax-string": "#3c7a2b",
    "syntax-number": "#a3520c",
    "syntax-comment": "#86909a",
    "syntax-function": "#1f5fa8",
    "syntax-type": "#0b756c",
    "syntax-constant": "#a3520c",
    "syntax-variable": "#2b3238",
    "syntax-property": "#475866",
    "syntax-operator": "#5c6770",
    "syntax-punctuation": "#6d7780",
    "syntax-tag": "#b23a45",
    "syntax-heading": "#1f5fa8",
    "footer-background": "#fbfbfa",
    "footer-key-foreground": "#0b7f6e",
    "footer-description-foreground": "#68727b",
    "block-cursor-background": "#cfe7e1",
    "block-cursor-foreground": "#1d2226",
    "block-cursor-text-style": "none",
    "block-cursor-blurred-background": "#eceeed",
    "block-cursor-blurred-foreground": "#2b3238",
    "block-hover-background": "#f0f2f1",
    "input-selection-background": "#0b7f6e 25%",
    "scrollbar": "#d5d9dc",
    "scrollbar-hover": "#bcc3c8",
    "scrollbar-active": "#0b7f6e",
    "scrollbar-background": "#fbfbfa",
    "scrollbar-background-hover": "#fbfbfa",
    "scrollbar-background-active": "#fbfbfa",
    "scrollbar-corner-color": "#fbfbfa",
}

RAMET_DARK = Theme(
    name=DARK,
    primary="#58c4b0",
    secondary="#76a9dc",
    accent="#58c4b0",
    warning="#d9b45f",
    error="#e0707a",
    success="#93c26b",
    foreground="#ccd3da",
    background="#101418",
    surface="#101418",
    panel="#171d22",
    dark=True,
    variables=_DARK_VARIABLES,
)

RAMET_LIGHT = Theme(
    name=LIGHT,
    primary="#0b7f6e",
    secondary="#2765ad",
    accent="#0b7f6e",
    warning="#94690a",
    error="#b8323f",
    success="#3f7d20",
    foreground="#2b3238",
    background="#fbfbfa",
    surface="#fbfbfa",
    panel="#f1f3f2",
    dark=False,
    variables=_LIGHT_VARIABLES,
)

THEMES = (RAMET_DARK, RAMET_LIGHT)

_SCOPES = {
    "keyword": "keyword",
    "conditional": "keyword",
    "repeat": "keyword",
    "include": "keyword",
    "exception": "keyword",
    "storageclass": "keyword",
    "label": "keyword",
    "string": "string",
    "character": "string",
    "escape": "constant",
    "number": "number",
    "float": "number",
    "boolean": "constant",
    "comment": "comment",
    "function": "function",
    "method": "function",
    "constructor": "type",
    "decorator": "function",
    "type": "type",
    "class": "type",
    "module": "type",
    "namespace": "type",
    "constant": "constant",
    "variable": "variable",
    "parameter": "variable",
    "property": "property",
    "field": "property",
    "attribute": "property",
    "operator": "operator",
    "punctuation": "punctuation",
    "delimiter": "punctuation",
    "tag": "tag",
    "text.title": "heading",
    "heading": "heading",
    "markup.heading": "heading",
    "text.literal": "string",
    "markup.raw": "string",
    "text.uri": "function",
    "markup.link": "function",
}
"""Highlighting scope, or the first parts of it, to the kind of code that has a colour."""


@lru_cache(maxsize=512)
def scope_variable(scope: str) -> str:
    """Return the theme variable (without `$`) of a scope such as `function.method`; empty where it has no colour."""
    parts = scope.split(".")
    for length in range(len(parts), 0, -1):
        kind = _SCOPES.get(".".join(parts[:length]))
        if kind:
            return f"syntax-{kind}"
    return ""
