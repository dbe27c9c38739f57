"""`ramet conversations`."""

from __future__ import annotations

import asyncio
from datetime import datetime

from ramet.cli.answer import StreamedText, print_sources, usage_sentence
from ramet.cli.console import Console, Painted
from ramet.cli.session import Session
from ramet.errors import UsageError
from ramet.models import Conversation, ConversationInfo
from ramet.workspace.protocol import Workspace


def run(session: Session) -> int:
    """Run the command and return the exit code."""
    return asyncio.run(_run(session))


async def _run(session: Session) -> int:
    options, console = session.options, session.console
    async with session.workspace() as workspace:
        conversations = await workspace.conversations()
        if options.action == "show":
            await _show(workspace, console, full_id(options.id, conversations), as_json=options.json)
        elif options.action == "delete":
            chosen = full_id(options.id, conversations)
            await workspace.delete_conversation(chosen)
            console.line(f"Conversation {chosen} is deleted.")
        elif options.json:
            console.json(conversations)
        else:
            _list(console, conversations)
    return 0


def full_id(beginning: str, conversations: tuple[ConversationInfo, ...]) -> str:
    """Return the id that begins like this. Raises UsageError when there is none, or more than one."""
    found = [info.id for info in conversations if info.id.startswith(beginning)]
    if beginning in found:
        return beginning
    if len(found) == 1 and beginning:
        return found[0]
    problem = f"Several conversations begin with {beginning!r}." if found else f"There is no conversation {beginning!r}."
    raise UsageError(problem, "`ramet conversations` lists them.")


def _list(console: Console, conversations: tuple[ConversationInfo, ...]) -> None:
    for info in conversations:
        turns = f"{info.turns} question{'' if info.turns == 1 else 's'}"
        console.line(Painted(info.id, "bold"), Painted(f"  {_time(info.updated)}  {turns:>12}", "dim"), f"  {info.title}")
    if not conversations:
        console.note("There is no conversation yet.")


async def _show(workspace: Workspace, console: Console, id: str, *, as_json: bool) -> None:
    conversation: Conversation = await workspace.conversation(id)
    if as_json:
        console.json(conversation)
        return
    for number, turn in enumerate(conversation.turns):
        if number:
            console.line()
        console.line(Painted(f"{_time(turn.created)}  {turn.model or 'without a model'}", "dim"))
        console.line(Painted(f"> {turn.question}", "bold"))
        if turn.commit:
            console.line(Painted(f"Asked about commit {turn.commit[:10]}; the sources are shown as they are on the disk.", "dim"))
        console.line()
        text = StreamedText(console)
        text.add(turn.answer)
        text.end()
        citations = await workspace.check_citations(turn.citations)
        print_sources(console, citations, {source.number: source for source in turn.sources})
        if turn.problem:
            console.line(Painted(f"Incomplete: {turn.problem.what}", "yellow"))
        if used := usage_sentence(turn.usage):
            console.line(Painted(used, "dim"))


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
