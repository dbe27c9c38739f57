"""The sentences and marks of the chat pane: pure functions from values to text for people."""

from __future__ import annotations

import json

from ramet.events import IndexFinished, IndexProgress, IndexWaiting, ModelRetrying, Scanned
from ramet.inert import inert_line
from ramet.models import Attachment, Citation, CitationState, Reason, Source
from ramet_tui.widgets.chat.state import ToolStep, TurnState

MARKS: dict[CitationState, str] = {"valid": "✓", "moved": "↷", "changed": "✗", "unknown": "?"}
"""One cell for each state of a citation."""

STATE_SENTENCES: dict[CitationState, str] = {
    "valid": "The file still says what was cited.",
    "moved": "Moved: the cited text is now at these lines.",
    "changed": "Changed: the cited text is no longer there; these are the lines it was at.",
    "unknown": "The answer names a source that it was not given.",
}

REASON_WORDS = {
    "lexical": "words",
    "dense": "meaning",
    "symbol": "symbol",
    "kind": "kind",
    "usage": "used in",
    "path": "path",
    "history": "past commits",
}

_TOOL_VERBS = {
    "search_code": ("searched", ("query",)),
    "read_file": ("read", ("path",)),
    "list_symbols": ("listed symbols", ("path", "query")),
    "find_references": ("looked for uses of", ("name", "symbol")),
    "grep": ("searched for the pattern", ("pattern",)),
}
"""Tool name to a verb and the arguments worth naming, the first present one is shown."""

MAX_ARGUMENT = 60
"""Characters of a tool's argument that are shown."""


def plural(count: int, noun: str) -> str:
    """Return `1 file`, `1,234 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def clipped(text: str, width: int) -> str:
    """Return text of at most `width` characters, its end replaced by an ellipsis where it is longer."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def compact_number(value: int) -> str:
    """Return `840`, `12.1k`, `1.2M`."""
    for limit, unit in ((1_000_000, "M"), (1_000, "k")):
        if value >= limit:
            return f"{value / limit:.1f}".removesuffix(".0") + unit
    return str(value)


def money(cost: float) -> str:
    """Return US dollars, with enough digits to tell a small sum from nothing."""
    if cost == 0:
        return "$0"
    return f"${cost:.2f}" if cost >= 0.01 else f"${cost:.4f}"


def lines_label(start_line: int, end_line: int) -> str:
    """Return `12` or `12-20`."""
    return str(start_line) if end_line <= start_line else f"{start_line}-{end_line}"


def reasons_line(reasons: tuple[Reason, ...]) -> str:
    """Return why a source was found, the strongest reason first."""
    ordered = sorted(reasons, key=lambda reason: -reason.score)
    return " · ".join(f"{REASON_WORDS[reason.kind]} {inert_line(reason.detail)}".rstrip() for reason in ordered)


def citation_sentence(citation: Citation, source: Source | None) -> str:
    """Return what the mark of a citation means for it."""
    sentence = STATE_SENTENCES[citation.state]
    if citation.state == "moved" and source is not None:
        return f"{sentence} It was at {lines_label(source.start_line, source.end_line)}."
    return sentence


def step_sentence(step: ToolStep) -> str:
    """Return a tool call as one line: `searched "teardown" · 6 hits`."""
    verb, names = _TOOL_VERBS.get(step.name, (inert_line(step.name), ()))
    try:
        arguments = json.loads(step.arguments or "{}")
    except ValueError:
        arguments = {}
    values = [arguments[name] for name in names if arguments.get(name)] if isinstance(arguments, dict) else []
    shown = clipped(inert_line(str(values[0])), MAX_ARGUMENT) if values else ""
    quoted = shown if step.name in ("read_file", "list_symbols", "find_references") else f'"{shown}"'
    said = f"{verb} {quoted}" if shown else verb
    return f"{said} …" if step.summary is None else f"{said} · {inert_line(step.summary)}".rstrip(" ·")


def index_sentence(event: Scanned | IndexProgress | IndexWaiting | IndexFinished) -> str:
    """Return how far the index run is that a question waits for."""
    match event:
        case Scanned(files=files, changed=changed):
            return f"building the index: {plural(files, 'file')}, {changed:,} to read"
        case IndexProgress(phase=phase, done=done, total=total):
            share = f" · {done * 100 // total} %" if total else ""
            return f"building the index: {phase} {done:,} of {total:,}{share}"
        case IndexWaiting(reason=reason):
            return f"waiting for the index: {inert_line(reason)}"
        case IndexFinished(stats=stats):
            return f"index built: {plural(stats.files, 'file')}, {plural(stats.chunks, 'chunk')}"


def waiting_sentence(state: TurnState) -> str:
    """Return what a running answer is waiting for; empty once its text flows."""
    if state.outcome != "running":
        return ""
    if state.retrying is not None:
        return retry_sentence(state.retrying)
    if any(step.summary is None for step in state.steps) or state.text:
        return ""
    if isinstance(state.index_event, Scanned | IndexProgress | IndexWaiting) and not state.is_retrieved:
        return index_sentence(state.index_event)
    if not state.is_retrieved:
        return "searching the repository …"
    if state.model:
        return f"waiting for {inert_line(state.model)} …"
    return "putting the answer together …"


def retry_sentence(event: ModelRetrying) -> str:
    """Return why the provider makes us wait, without a countdown that would have to be repainted."""
    seconds = max(1, round(event.seconds))
    return f"{inert_line(event.reason).rstrip('.')}. Trying again after {plural(seconds, 'second')}."


def usage_line(state: TurnState) -> str:
    """Return model, tokens and cost of a finished answer; empty where nothing is known."""
    if not state.model:
        return "extract from the code, no model" if state.is_model_known and state.text else ""
    usage = state.usage
    parts = [inert_line(state.model)]
    if usage.input_tokens or usage.output_tokens:
        cached = f" ({compact_number(usage.cached_tokens)} cached)" if usage.cached_tokens else ""
        parts.append(f"{compact_number(usage.input_tokens)} in{cached}")
        parts.append(f"{compact_number(usage.output_tokens)} out")
    if usage.cost is not None:
        parts.append(money(usage.cost))
    return " · ".join(parts)


def line_count(text: str) -> int:
    """Return how many lines a text has; a line feed at its end starts none."""
    return text.count("\n") + (not text.endswith("\n"))


def attachment_label(attachment: Attachment) -> str:
    """Return what a question was given besides its words."""
    if attachment.name == pasted_name(attachment.text):
        return attachment.name
    return f"{inert_line(attachment.name)} ({plural(line_count(attachment.text), 'line')})"


def pasted_name(text: str) -> str:
    """Return the name of an attachment made from a paste."""
    return f"pasted {plural(line_count(text), 'line')}"
