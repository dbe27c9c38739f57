"""`ramet ask --context`: what a question would be sent with, without sending it."""

from __future__ import annotations

from ramet.cli.console import Console, Painted, place
from ramet.models import RequestContext, Revision


def print_context(console: Console, context: RequestContext, revision: Revision | None) -> None:
    """Print each part with the tokens it takes, in the order in which the model would get them."""
    rows: list[tuple[int, str]] = [(context.instruction_tokens, "instructions")]
    if context.earlier_tokens:
        rows.append((context.earlier_tokens, "earlier questions and answers"))
    for source, tokens in zip(context.sources, context.source_tokens, strict=True):
        lines = f"{source.start_line}-{source.end_line}"
        rows.append((tokens, f"[{source.number}] {place(source.path, lines, revision)}  {source.label}".rstrip()))
    for attachment, tokens in zip(context.attachments, context.attachment_tokens, strict=True):
        rows.append((tokens, attachment.name))
    rows.append((context.question_tokens, "the question"))
    for tokens, what in rows:
        console.line(Painted(f"{tokens:>8,}  ", "dim"), what)
    share = f"{context.tokens:,} of {context.window:,} tokens"
    if context.model is None:
        console.line(Painted(f"{share}; no model is configured, so nothing would be sent.", "dim"))
    else:
        console.line(Painted(f"{share}, for {context.model.name}. Nothing was sent.", "dim"))
    for note in context.notes:
        console.note(Painted(note, "dim"))
