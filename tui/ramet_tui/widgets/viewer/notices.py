"""What the viewer says instead of code: no file open, and every kind of file that is not shown."""

from __future__ import annotations

from textual.content import Content

from ramet_tui.widgets.viewer.document import Document, DocumentState

_TITLES: dict[DocumentState, str] = {
    "empty": "This file is empty",
    "binary": "Not a text file",
    "huge": "Too large to show",
    "unreadable": "This file cannot be read",
    "link": "A link is not followed",
    "gone": "This file is gone",
    "special": "This is not a file",
}

_ADVICE: dict[DocumentState, str] = {
    "empty": "",
    "binary": "Only text is shown here.",
    "huge": "Open it in an editor.",
    "unreadable": "Press r to try again.",
    "link": "Open the file it points to instead.",
    "gone": "It was deleted or renamed. Press r to look again, alt+left to go back.",
    "special": "Open a file inside it from the tree.",
}

_KEYS = (
    ("^o", "open a file"),
    ("^t", "go to a symbol"),
    ("^f", "search the code"),
    ("f1", "all keys"),
)


def welcome() -> Content:
    """Return what an empty viewer says."""
    lines = [Content.from_markup("[$secondary-text]No file is open[/]\n")]
    lines.extend(Content.from_markup("[$accent]$key[/]  [$secondary-text]$what[/]", key=key, what=what) for key, what in _KEYS)
    return Content("\n").join(lines)


def notice_for(document: Document) -> Content:
    """Return why a document is not shown and what can be done."""
    title = Content.from_markup("[b]$title[/b]", title=_TITLES.get(document.state, "This file is not shown"))
    lines = [title]
    if document.detail:
        lines.append(Content.from_markup("[$secondary-text]$text[/]", text=document.detail))
    advice = _ADVICE.get(document.state, "")
    if advice:
        lines.append(Content.from_markup("[$faint-text]$text[/]", text=advice))
    return Content("\n").join(lines)
