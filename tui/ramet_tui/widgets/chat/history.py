"""The questions asked before, walked with up and down in the prompt. Imports no Textual."""

from __future__ import annotations

MAX_ENTRIES = 200
"""Questions kept; the oldest go first."""


class PromptHistory:
    """A list of questions and a position in it; the text being written is kept as the newest entry."""

    def __init__(self) -> None:
        self._entries: list[str] = []
        self._position = 0
        self._draft = ""

    def extend(self, questions: list[str]) -> None:
        """Put older questions in front, as when a conversation is resumed."""
        self._entries = (questions + self._entries)[-MAX_ENTRIES:]
        self._position = len(self._entries)

    def add(self, question: str) -> None:
        """Remember a question and stand behind it."""
        if not self._entries or self._entries[-1] != question:
            self._entries = [*self._entries, question][-MAX_ENTRIES:]
        self._position = len(self._entries)
        self._draft = ""

    def older(self, current: str) -> str | None:
        """Return the entry before the present one; None at the oldest."""
        if self._position == 0:
            return None
        if self._position == len(self._entries):
            self._draft = current
        self._position -= 1
        return self._entries[self._position]

    def newer(self) -> str | None:
        """Return the entry after the present one, at last the text that was being written; None when there already."""
        if self._position == len(self._entries):
            return None
        self._position += 1
        return self._draft if self._position == len(self._entries) else self._entries[self._position]
