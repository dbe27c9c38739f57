"""Answers one question: retrieval, model with tools or extract, checked citations, stored turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing

from msgspec import Struct
from msgspec.structs import replace

from ramet.chat.citations import check_answer, check_citations
from ramet.chat.extractive import extractive_answer
from ramet.chat.gathering import Wanted, gather_sources, is_current, numbered_on
from ramet.chat.model_run import ModelRun
from ramet.chat.repository import Repository
from ramet.chat.source_book import SourceBook
from ramet.chat.tools import Toolbox
from ramet.config import Config
from ramet.errors import RametError, StoreError, UsageError
from ramet.events import Answered, AskEvent, ModelChosen, Retrieved, TextDelta
from ramet.llm.protocol import ChatModel
from ramet.llm.redacted import RedactedModel
from ramet.models import AskRequest, Attachment, Citation, Hit, ModelChoice, Problem, RequestContext, Source, Turn, Usage
from ramet.prompt.packing import (
    Budget,
    Packed,
    budget_for,
    fit,
    history_messages,
    opening_messages,
    replay_tokens,
    system_prompt,
)
from ramet.prompt.query import retrieval_query
from ramet.prompt.replay import Earlier, divide
from ramet.prompt.trimming import TokenCounter, estimated_tokens
from ramet.store.conversations import ConversationStore

ModelChooser = Callable[[str], Awaitable[ModelChoice | None]]
"""The model that a request asks for by name (empty: any) -> the model that answers."""
ModelOpener = Callable[[ModelChoice], Awaitable[ChatModel]]

_HITS = 60
"""Candidates for the sources of a request; the budget decides how many get in."""
_EXTRACT_HITS = 8
_EXTRACT_WINDOW = 32_768
"""Tokens that a question without a model is cut to, as if there were one."""
_SECRETS_HIDDEN = "What looks like a secret in your question or its attachments is sent and stored as a placeholder."
_STOPPED = Problem("RametError", "The answer was stopped before it was whole.", "Ask again to get all of it.")


class Asker:
    """Answers questions about one repository. Several may be asked at the same time."""

    def __init__(
        self,
        repository: Repository,
        conversations: ConversationStore,
        choose: ModelChooser,
        open_model: ModelOpener,
        config: Config,
        redact: Callable[[str], str],
        clock: Callable[[], float] = time.time,
        branch: str = "",
    ) -> None:
        """Take everything; `redact` returns a text with placeholders in place of its secrets.

        `branch` is the id of the branch of the file system that the repository is the state of.
        """
        self._repository = repository
        self._conversations = conversations
        self._choose = choose
        self._open_model = open_model
        self._config = config
        self._redact = redact
        self._clock = clock
        self._branch = branch

    async def ask(self, request: AskRequest) -> AsyncGenerator[AskEvent, None]:
        """Yield the events of one answer, `Answered` last; closing it stores what had arrived.

        Raises UsageError for a question that cannot be asked, and what made the answer fail before its first word; such a
        question is stored with its problem.
        """
        answer = await self._begun(request)
        conversation = request.conversation or self._conversations.new_id()
        yield ModelChosen(answer.choice, conversation)
        try:
            async with aclosing(self._answer(answer)) as events:
                async for event in events:
                    yield event
        except RametError as error:
            answer.problem = Problem(type(error).__name__, error.what, error.advice)
            if not answer.text:
                await self._store(conversation, answer, ())
                raise
        except (GeneratorExit, asyncio.CancelledError):
            answer.problem = _STOPPED
            self._store_stopped(conversation, answer)  # at once: an await here could be cancelled in its turn
            raise
        citations = await self._checked(answer)
        problem = await self._store(conversation, answer, citations)
        yield Answered(answer.text, citations, answer.usage, conversation, problem)

    async def context(self, request: AskRequest) -> RequestContext:
        """Return what a question would be sent with. Raises what `ask` would raise before its first word."""
        answer = await self._begun(request)
        if answer.choice is None:
            window, count, limit = _EXTRACT_WINDOW, estimated_tokens, _EXTRACT_HITS
            found = await self._search(answer, limit)
        else:
            model, found = await asyncio.gather(self._open_model(answer.choice), self._search(answer, _HITS))
            window, count = model.context_window, model.count_tokens
        budget = budget_for(window, self._config.context_tokens, count)
        packed = await self._pack(answer, found, budget, count)
        return await asyncio.to_thread(self._counted, answer, packed, (*answer.notes, *found.notes), window, budget, count)

    async def check(self, citations: Sequence[Citation]) -> tuple[Citation, ...]:
        """Return stored citations with their state on the disk as it is now."""
        files = await self._repository.files()
        return await asyncio.to_thread(check_citations, citations, self._repository.read_lines, files)

    async def _begun(self, request: AskRequest) -> _Answer:
        given = _encodable(request.question).strip()
        question = self._redact(given)
        if not question:
            raise UsageError("The question is empty.", "Type what you want to know about the repository.")
        turns: tuple[Turn, ...] = ()
        if request.conversation:
            turns = (await asyncio.to_thread(self._conversations.get, request.conversation)).turns
        choice = await self._choose(request.model) if request.use_model else None
        attachments = tuple(
            Attachment(_encodable(each.name), self._redact(_encodable(each.text)), each.places) for each in request.attachments
        )
        answer = _Answer(question, attachments, turns, choice, request)
        is_changed = question != given or any(
            mine.text != _encodable(theirs.text) for mine, theirs in zip(attachments, request.attachments, strict=True)
        )
        answer.notes = (_SECRETS_HIDDEN,) if is_changed else ()
        return answer

    def _answer(self, answer: _Answer) -> AsyncGenerator[AskEvent, None]:
        return self._with_model(answer, answer.choice) if answer.choice else self._extract(answer)

    async def _with_model(self, answer: _Answer, choice: ModelChoice) -> AsyncGenerator[AskEvent, None]:
        model, found = await asyncio.gather(self._open_model(choice), self._search(answer, _HITS))
        budget = budget_for(model.context_window, self._config.context_tokens, model.count_tokens)
        packed = await self._pack(answer, found, budget, model.count_tokens)
        yield Retrieved(answer.book.sources, (*answer.notes, *found.notes, *packed.notes), self._repository.commit)
        messages = opening_messages(packed, answer.added, answer.earlier, budget, model.count_tokens)
        toolbox = Toolbox(self._repository, answer.book, model.count_tokens, self._config.limits.max_file_bytes)
        run = ModelRun(RedactedModel(model, self._redact), toolbox, messages, self._config.tool_rounds)
        try:
            async with aclosing(run.events()) as events:
                async for event in events:
                    if isinstance(event, TextDelta):
                        answer.text += event.text
                    yield event
        finally:
            answer.usage = run.usage
        answer.problem = run.problem

    async def _extract(self, answer: _Answer) -> AsyncGenerator[AskEvent, None]:
        found = await self._search(answer, _EXTRACT_HITS)
        budget = budget_for(_EXTRACT_WINDOW, self._config.context_tokens, estimated_tokens)
        packed = await self._pack(answer, found, budget, estimated_tokens)
        text = await extractive_answer(answer.book, self._repository, not answer.request.use_model)
        yield Retrieved(answer.book.sources, (*answer.notes, *found.notes, *packed.notes), self._repository.commit)
        answer.text = text
        yield TextDelta(text)

    async def _search(self, answer: _Answer, limit: int) -> _Found:
        """Return what the search finds; nothing where the sources were chosen by whoever asks."""
        if answer.request.sources is not None:
            return _Found()
        query = retrieval_query(answer.question, answer.attachments, answer.turns)
        result = await self._repository.search(query, limit)
        return _Found(result.hits, result.notes)

    async def _pack(self, answer: _Answer, found: _Found, budget: Budget, count: TokenCounter) -> Packed:
        """Cut the question to the budget and fill the answer's source book."""
        packed = fit(answer.question, answer.attachments, budget, count)
        answer.question, answer.attachments = packed.question, packed.attachments
        has_model = answer.choice is not None
        if has_model:
            replay = budget.replay(packed, count)
            answer.earlier = await asyncio.to_thread(self._earlier, answer.turns, replay, count)
        turns = answer.turns if has_model else ()
        if answer.request.sources is not None:
            answer.added = numbered_on(answer.request.sources, answer.earlier)
        else:
            wanted = Wanted(answer.question, found.hits, turns, answer.earlier, with_outlines=has_model)
            answer.added = await gather_sources(wanted, self._repository, budget.sources, count)
        answer.book = SourceBook((*answer.earlier.sources, *answer.added))
        return packed

    def _counted(
        self, answer: _Answer, packed: Packed, notes: Sequence[str], window: int, budget: Budget, count: TokenCounter
    ) -> RequestContext:
        told = sum(count(message.content) for message in history_messages(answer.earlier.told, budget.history, count))
        return RequestContext(
            model=answer.choice,
            window=window,
            question=answer.question,
            sources=answer.added,
            attachments=answer.attachments,
            source_tokens=tuple(count(source.text) for source in answer.added),
            attachment_tokens=tuple(count(attachment.text) for attachment in answer.attachments),
            question_tokens=count(answer.question),
            instruction_tokens=count(system_prompt()),
            earlier_tokens=told + sum(replay_tokens(turn, count) for turn in answer.earlier.replayed),
            notes=(*notes, *packed.notes),
        )

    def _earlier(self, turns: Sequence[Turn], tokens: int, count: TokenCounter) -> Earlier:
        def cost(turn: Turn) -> int:
            return replay_tokens(turn, count)

        return divide(turns, tokens, cost, lambda turn: is_current(turn, self._repository.read_lines))

    async def _checked(self, answer: _Answer) -> tuple[Citation, ...]:
        files = await self._repository.files()
        return await asyncio.to_thread(check_answer, answer.text, answer.book.sources, self._repository.read_lines, files)

    async def _store(self, conversation: str, answer: _Answer, citations: tuple[Citation, ...]) -> Problem | None:
        """Store the turn and return the answer's problem; an answer that cannot be stored is still given."""
        try:
            await asyncio.to_thread(self._conversations.append, conversation, self._turn(answer, citations))
        except StoreError as error:
            return answer.problem or Problem(type(error).__name__, f"The answer was not stored. {error.what}", error.advice)
        return answer.problem

    def _turn(self, answer: _Answer, citations: tuple[Citation, ...]) -> Turn:
        turn = answer.turn(citations, self._clock())
        sources = tuple(replace(source, text=self._redact(source.text)) for source in turn.sources)
        return replace(
            turn, answer=self._redact(turn.answer), sources=sources, commit=self._repository.commit, branch=self._branch
        )

    def _store_stopped(self, conversation: str, answer: _Answer) -> None:
        try:
            citations = check_answer(answer.text, answer.book.sources, self._repository.read_lines)
            self._conversations.append(conversation, self._turn(answer, citations))
        except RametError:
            return  # nobody is left to be told


class _Found(Struct, frozen=True):
    """What the search found, and its notes."""

    hits: tuple[Hit, ...] = ()
    notes: tuple[str, ...] = ()


class _Answer:
    """One answer while it grows; owned by one call of `Asker.ask`."""

    def __init__(
        self,
        question: str,
        attachments: tuple[Attachment, ...],
        turns: tuple[Turn, ...],
        choice: ModelChoice | None,
        request: AskRequest,
    ) -> None:
        self.question = question
        self.attachments = attachments
        self.turns = turns
        self.choice = choice
        self.request = request
        self.notes: tuple[str, ...] = ()
        self.earlier = Earlier(())
        self.added: tuple[Source, ...] = ()
        """The sources that the question itself is sent with."""
        self.book = SourceBook()
        self.text = ""
        self.usage = Usage()
        self.problem: Problem | None = None

    def turn(self, citations: tuple[Citation, ...], created: float) -> Turn:
        """Return the turn to be stored."""
        return Turn(
            question=self.question,
            answer=self.text,
            sources=self.book.sources,
            citations=citations,
            model=self.choice.name if self.choice else "",
            usage=self.usage,
            created=created,
            attachments=self.attachments,
            problem=self.problem,
            packed=tuple(source.number for source in self.added) if self.choice else None,
        )


def _encodable(text: str) -> str:
    """Replace lone surrogates, which neither JSON nor SQLite takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
