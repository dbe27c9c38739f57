"""A conversation as one Markdown document. Imports no Textual."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ramet.inert import inert_block, inert_line
from ramet_tui.widgets.chat.state import TurnState
from ramet_tui.widgets.chat.wording import MARKS, attachment_label, lines_label, usage_line


def conversation_markdown(title: str, turns: Sequence[TurnState]) -> str:
    """Return the conversation with its sources, ready to be written to a file."""
    parts = [f"# {inert_line(title)}\n"]
    parts.extend(_turn_markdown(turn) for turn in turns)
    return "\n".join(parts)


def _turn_markdown(turn: TurnState) -> str:
    question = "\n".join(f"> {line}".rstrip() for line in inert_block(turn.request.question).splitlines())
    lines = [question, ""]
    lines.extend(f"> *with {attachment_label(attachment)}*\n" for attachment in turn.request.attachments)
    lines += [inert_block(turn.text).strip() or "*no answer*", ""]
    if turn.outcome == "stopped":
        lines.append("*stopped*\n")
    if turn.problem is not None:
        lines.append(f"*incomplete: {inert_line(turn.problem.what)}*\n")
    for citation in turn.citations:
        if citation.path:
            span = lines_label(citation.start_line, citation.end_line)
            symbol = f" {inert_line(citation.label)}" if citation.label else ""
            lines.append(f"- [{citation.number}] `{inert_line(citation.path)}:{span}`{symbol} {MARKS[citation.state]}")
    if turn.citations:
        lines.append("")
    if usage := usage_line(turn):
        lines.append(f"*{usage}*\n")
    return "\n".join(lines)


def export_path(argument: str, folder: Path) -> Path:
    """Return the file that the user named, relative to the folder the app was started in."""
    path = folder / Path(argument).expanduser()
    return path if path.suffix else path.with_suffix(".md")
