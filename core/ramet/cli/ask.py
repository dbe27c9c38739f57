"""`ramet ask`."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from msgspec.structs import replace

from ramet.cli.answer import StreamedText, print_sources, tool_sentence, usage_sentence
from ramet.cli.console import Console, Painted
from ramet.cli.context import print_context
from ramet.cli.conversations import full_id
from ramet.cli.progress import IndexProgressLine
from ramet.cli.session import Session
from ramet.cli.standard_input import StandardInput
from ramet.cli.tmux import capture_pane, mentions_tmux
from ramet.errors import UsageError, error_named
from ramet.events import Answered, AskEvent, ModelChosen, ModelRetrying, Retrieved, TextDelta, ToolCalled, ToolReturned
from ramet.models import AskRequest, Attachment, Revision, Source
from ramet.workspace.protocol import Workspace


def run(session: Session) -> int:
    """Run the command and return the exit code."""
    options = session.options
    _ = session.folder  # a wrong folder is said before standard input is waited for
    question, attachment = _question(session)
    attachments = (attachment,) if attachment else ()
    if options.tmux or mentions_tmux(question):
        attachments = (*attachments, capture_pane(session.environment))
    request = AskRequest(
        question=question,
        model="" if options.no_model else options.model,
        use_model=not options.no_model,
        attachments=_redacted(session, attachments),
    )
    return asyncio.run(_ask(session, request))


def _redacted(session: Session, attachments: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    """Return attachments without secrets, whose placeholders are numbered as those of the engine are."""
    if not attachments:
        return ()
    from ramet.workspace.stored_redactor import StoredRedactor  # its patterns take longer to compile than a question may wait

    redactor = StoredRedactor.of(session.directories)
    return tuple(replace(each, text=redactor.redact(each.text)) for each in attachments)


def _question(session: Session) -> tuple[str, Attachment | None]:
    """Return the question, and what was piped in unless that is the question itself."""
    options = session.options
    words = " ".join(options.question).strip()
    stdin = StandardInput(session.console, waits=options.stdin)
    if words == "-" or (not words and stdin.is_piped() and not options.no_stdin):
        words, attachment = stdin.question(), None
    else:
        attachment = None if options.no_stdin else stdin.attachment()
    if not words:
        raise UsageError("There is no question.", 'Give one: ramet ask "how does login work?", or pipe one in.')
    return words, attachment


async def _ask(session: Session, request: AskRequest) -> int:
    options, console = session.options, session.console
    async with session.workspace() as workspace:
        conversation = await _conversation(workspace, console, options.conversation, goes_on=options.goes_on)
        revision = await session.revision(workspace)
        request = replace(
            request, conversation=conversation, at=revision.commit if revision else "", branch=revision.branch if revision else ""
        )
        request = await _with_mentions(workspace, console, request)
        if options.context:
            await _show_context(workspace, console, request, revision, as_json=options.json)
            return 0
        show = _JsonEvents(console) if options.json else _PrintedAnswer(console, revision)
        try:
            async with aclosing(workspace.ask(request)) as events:
                async for event in events:
                    show.take(event)
        finally:
            show.end()
    problem = show.answered.problem if show.answered else None
    if problem is None:
        return 0
    console.error(problem.what, problem.advice)
    return error_named(problem.error, problem.what, problem.advice).exit_code


async def _with_mentions(workspace: Workspace, console: Console, request: AskRequest) -> AskRequest:
    """Attach the commands that the question mentions; one that cannot be had is said and left out."""
    if "@" not in request.question:
        return request
    mentioned = await workspace.mentioned(request.question)
    for note in mentioned.notes:
        console.note(note)
    return replace(request, attachments=(*request.attachments, *mentioned.attachments))


async def _show_context(
    workspace: Workspace, console: Console, request: AskRequest, revision: Revision | None, *, as_json: bool
) -> None:
    context = await workspace.context(request)
    if as_json:
        console.json(context)
    else:
        print_context(console, context, revision)


async def _conversation(workspace: Workspace, console: Console, id: str, *, goes_on: bool) -> str:
    """Return the id of the conversation to continue; empty for a new one."""
    if not id and not goes_on:
        return ""
    conversations = await workspace.conversations()
    if id:
        return full_id(id, conversations)
    if not conversations:
        console.note("There is no conversation to continue; this begins one.")
        return ""
    return conversations[0].id


class _JsonEvents:
    """Prints each event as a line of JSON."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.answered: Answered | None = None

    def take(self, event: AskEvent) -> None:
        """Print an event."""
        if isinstance(event, Answered):
            self.answered = event
        self._console.json(event)

    def end(self) -> None:
        """Nothing is left open between lines."""


class _PrintedAnswer:
    """Prints the text on stdout and the steps that lead to it on stderr."""

    def __init__(self, console: Console, revision: Revision | None) -> None:
        self._console = console
        self._revision = revision
        self._progress = IndexProgressLine(console)
        self._text = StreamedText(console)
        self._sources: dict[int, Source] = {}
        self.answered: Answered | None = None

    def take(self, event: AskEvent) -> None:
        """Print what an event has to say."""
        match event:
            case TextDelta():
                self._progress.clear()
                self._text.add(event.text)
            case ModelChosen():
                if event.model is not None:
                    self._step(f"Asking {event.model.name} ({event.model.origin})")
            case Retrieved():
                self._keep(event.sources)
                for note in event.notes:
                    self._step(note)
            case ToolCalled():
                self._step(f"> {tool_sentence(event.name, event.arguments)}")
            case ToolReturned():
                self._keep(event.sources)
                self._step(f"  {event.summary}")
            case ModelRetrying():
                self._step(f"{event.reason} Trying again in {event.seconds:.0f} s.")
            case Answered():
                self._finish(event)
            case _:
                self._progress.show(event)

    def end(self) -> None:
        """Leave the terminal on a fresh line, also when the answer broke off."""
        self._progress.clear()
        self._text.end()

    def _step(self, text: str) -> None:
        self._progress.clear()
        if self._console.is_terminal:
            self._text.end()
        self._console.note(Painted(text, "dim"))

    def _keep(self, sources: tuple[Source, ...]) -> None:
        self._sources.update({source.number: source for source in sources})

    def _finish(self, answered: Answered) -> None:
        self.answered = answered
        if not self._text.text:
            self._text.add(answered.text)
        self.end()
        print_sources(self._console, answered.citations, self._sources, self._revision)
        facts = [usage_sentence(answered.usage), f"conversation {answered.conversation}" if answered.conversation else ""]
        self._console.line()
        self._console.line(Painted("; ".join(fact for fact in facts if fact), "dim"))
