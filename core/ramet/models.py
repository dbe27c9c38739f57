"""The values that every part of Ramet speaks in: frozen, typed, and able to cross the engine's socket as they are.

Lines are 1-based and inclusive. Paths are relative to the workspace root, with `/`, in the text form of `ramet.paths`
(`path_to_text`), so that names which are not UTF-8 survive JSON.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

ReasonKind = Literal["lexical", "dense", "symbol", "kind", "usage", "path", "history"]
CitationState = Literal["valid", "moved", "changed", "unknown"]
IndexState = Literal["missing", "indexing", "ready", "failed"]
SkipReason = Literal["binary", "huge", "minified", "unreadable", "symlink", "submodule", "nested-repository", "gone", "special"]
FileState = Literal["added", "modified", "deleted", "renamed", "untracked", "conflict"]

_SHORT_DIGITS = 10
"""Of an id of git that is shown: no two commits of even a huge repository share them."""


class Value(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all values: immutable and strict about what it is decoded from."""


class Symbol(Value, frozen=True):
    """One definition in a file."""

    name: str
    qualified_name: str
    """The name inside its file, `Class.method`."""
    kind: str
    """function, method, class, struct, interface, enum, trait, module, constant, heading, key, ..."""
    start_line: int
    end_line: int
    signature: str = ""
    """The first line of the definition, stripped."""
    path: str = ""
    """Empty while the symbol is only known by blob."""


class Chunk(Value, frozen=True):
    """A span of one file that is indexed as one unit; `key` is the hash of its text and never of its place."""

    key: str
    language: str
    symbol: str
    """Qualified name inside the file; empty where the span belongs to no definition."""
    kind: str
    start_line: int
    end_line: int
    text: str


class Reason(Value, frozen=True):
    """Why a hit was found."""

    kind: ReasonKind
    detail: str
    """For people: the words or the name that matched."""
    score: float
    """What this reason added to the score of the hit."""


class Hit(Value, frozen=True):
    """A chunk at a place in the view, best first in any list of hits."""

    path: str
    start_line: int
    end_line: int
    symbol: str
    kind: str
    language: str
    score: float
    reasons: tuple[Reason, ...]
    text: str
    key: str
    """The chunk's key, see `Chunk`."""


class SkippedFile(Value, frozen=True):
    """A file that is not indexed, or only by lines, and why."""

    path: str
    reason: SkipReason
    detail: str


class FileNote(Value, frozen=True):
    """Something worth saying about one indexed file: it did not parse, or is not UTF-8, and was indexed by lines."""

    path: str
    note: str


class FileChange(Value, frozen=True):
    """How one file differs from the last commit."""

    path: str
    state: FileState


class IndexStats(Value, frozen=True):
    """What one index run did."""

    files: int
    """Files that are indexed now; `skipped` ones are not among them."""
    chunks: int
    added: int
    modified: int
    removed: int
    embedded: int
    """Vectors computed in this run."""
    reused: int
    """Chunks whose vector was already there."""
    failed: int
    """Chunks without a vector because the embedder failed; they stay findable by words."""
    skipped: tuple[SkippedFile, ...]
    notes: tuple[FileNote, ...]
    seconds: float
    tree: str
    """Root id of the Merkle tree that is indexed now."""
    warnings: tuple[str, ...] = ()
    """Sentences about the run itself: a data directory that had to be rebuilt, a vector store out of reach."""
    withheld: int = 0
    """Chunks without a vector because theirs would have cost more than the budget; they stay findable by words."""


class Budget(Value, frozen=True):
    """What the vectors of one index run may cost."""

    usd: float
    tokens: int
    """Counts instead where the embedder's price is unknown."""


class IndexEstimate(Value, frozen=True):
    """What an index run would do, before it does it."""

    files: int
    changed_files: int
    chunks: int
    """Chunks of the changed files."""
    cached_chunks: int
    """Those of them whose vectors are already stored."""
    tokens: int
    """Tokens that the embedder would be sent."""
    cost: float | None
    """US dollars; None where the embedder's price is unknown, 0 for a local one."""
    seconds: float
    skipped: tuple[SkippedFile, ...]
    embedder: str
    refusal: str = ""
    """Why the run would send nothing to the embedder; empty when it would."""


class IndexStatus(Value, frozen=True):
    """Where the index stands."""

    state: IndexState
    files: int = 0
    chunks: int = 0
    vectors: int = 0
    skipped: int = 0
    phase: str = ""
    """What a running index job is at: scanning, parsing, embedding."""
    done: int = 0
    total: int = 0
    lexical_ready: bool = False
    dense_ready: bool = False
    tree: str = ""
    problem: str = ""


class GitHead(Value, frozen=True):
    """What the working tree stands on."""

    branch: str
    """Empty when HEAD is detached."""
    commit: str
    """Empty before the first commit."""


class Revision(Value, frozen=True):
    """A commit, as somebody named it, and the tree of its files."""

    name: str
    """As it was asked for: a branch, a tag, an id, `HEAD~3`."""
    commit: str
    tree: str
    branch: str = ""
    """The branch of the file system that it is the state of; empty for a commit of the repository."""

    @property
    def short(self) -> str:
        """What people call it: the name of the branch, or the beginning of the commit's id."""
        return self.branch or self.commit[:_SHORT_DIGITS]


class ModelChoice(Value, frozen=True):
    """The chat model that would answer, and why it is this one."""

    name: str
    """As litellm spells it: `anthropic/claude-...`, `ollama_chat/qwen3`, ..."""
    origin: str
    """A phrase for people: "--model", "RAMET_MODEL", "config.toml", "ANTHROPIC_API_KEY is set", "Ollama is running"."""


class WorkspaceStatus(Value, frozen=True):
    """Everything a front end shows about a workspace besides its content; a full snapshot."""

    root: str
    name: str
    head: GitHead | None
    """None outside git."""
    changed_files: int
    index: IndexStatus
    embedder: str
    model: ModelChoice | None
    revision: int
    """Grows whenever files, git state or index changed, so that a front end knows when to ask again; not by progress."""
    branches: int = 0
    """Live branches of the file system."""


class Span(Value, frozen=True):
    """Some whole lines of a file; `key` is the hash of their text, as `Chunk.key`."""

    start_line: int
    end_line: int
    key: str


class Source(Value, frozen=True):
    """A numbered span given to the model, or shown by the extractive answer."""

    number: int
    path: str
    start_line: int
    end_line: int
    symbol: str
    language: str
    key: str
    """Hash of `text` as `Chunk.key`; what a citation of it is checked against."""
    text: str
    reasons: tuple[Reason, ...] = ()
    header: str = ""
    """Outline lines of the definitions around the span, shown above its text: which class a method belongs to."""
    spans: tuple[Span, ...] = ()
    """What an outline shows of its file, in order; empty for a source that shows all its lines."""

    @property
    def label(self) -> str:
        """What it shows, for people: the name of a definition, or that it is an outline."""
        return "outline" if self.spans else self.symbol


class Citation(Value, frozen=True):
    """One distinct `[n]` of an answer, checked against the disk."""

    number: int
    state: CitationState
    path: str = ""
    """Empty when the number names no source (state unknown)."""
    start_line: int = 0
    """Where the cited text is now; for `changed`, where it was."""
    end_line: int = 0
    symbol: str = ""
    key: str = ""
    spans: tuple[Span, ...] = ()
    """The lines that are checked when an outline is cited."""

    @property
    def label(self) -> str:
        """What it shows, for people: the name of a definition, or that it is an outline."""
        return "outline" if self.spans else self.symbol


class Usage(Value, frozen=True):
    """What an answer used."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost: float | None = None
    """US dollars; None where the price is unknown."""
    context_window: int | None = None
    """The model's context window in tokens, where known."""


class Attachment(Value, frozen=True):
    """Text given with a question: piped standard input, a file mentioned by name, what a command said."""

    name: str
    text: str
    places: tuple[str, ...] = ()
    """`path:line` of the repository that it is about, the most telling first; they are searched for."""


class Mentioned(Value, frozen=True):
    """What the mentions of commands in a question stand for."""

    attachments: tuple[Attachment, ...]
    notes: tuple[str, ...] = ()
    """Sentences about mentions that stand for nothing."""


class CommandRecording(Value, frozen=True):
    """What a recorder saw of one command, as it came: not cleaned, not redacted, never stored like this."""

    terminal: str
    """The name of the terminal it ran in: `1`, `2`, ... in the app, else what recorded it, such as `shell` or `run`."""
    command: str
    folder: str
    """The absolute folder it was started in."""
    exit_code: int | None
    """None where no integration told it: the shell was replaced, or the connection ended."""
    started: float
    """Seconds since the epoch."""
    duration: float | None
    """In seconds."""
    head: bytes = b""
    tail: bytes = b""
    """The end of the output, where it was too long to keep; else all of it is in `head`."""
    omitted: int = 0
    """Bytes of output between head and tail that were not kept."""
    omitted_lines: int = 0
    """Line ends among them."""
    is_full_screen: bool = False
    """Whether it drew on the alternate screen; that is not part of the output."""
    has_output: bool = True
    """False where only the command was recorded, as by the hook of a foreign terminal."""
    shell: str = ""
    branch: str = ""
    """The file-system branch it ran on; empty for the working tree."""


class CommandRun(Value, frozen=True):
    """One command in a terminal, cleaned and redacted: safe to store, to show and to send."""

    id: int
    """Its number in the repository; `@t3` mentions number 3."""
    terminal: str
    command: str
    folder: str
    exit_code: int | None
    started: float
    """Seconds since the epoch."""
    duration: float | None
    """In seconds."""
    output: str = ""
    """Plain text; a long one is cut in the middle, which a line of it says."""
    lines: int = 0
    """Lines of output before it was cut."""
    tree: str = ""
    """The id of the tree it ran on, where one was known."""
    is_full_screen: bool = False
    has_output: bool = True
    branch: str = ""
    """The file-system branch it ran on; empty for the working tree."""


class AskRequest(Value, frozen=True):
    """A question."""

    question: str
    conversation: str = ""
    """Id of the conversation it continues; empty starts a new one."""
    model: str = ""
    """Overrides the configured model."""
    use_model: bool = True
    """False asks for the extractive answer."""
    attachments: tuple[Attachment, ...] = ()
    at: str = ""
    """The revision that is asked about; empty for the working tree."""
    branch: str = ""
    """The branch of the file system that `at` is a state of, whose cost this is; it may be left out where `at` is its name."""
    sources: tuple[Source, ...] | None = None
    """What it is sent with, as `Workspace.context` gave it and less what was taken away; None lets the search find it."""


class RequestContext(Value, frozen=True):
    """All that a question would be sent with, and the tokens that each part takes."""

    model: ModelChoice | None
    """None where the answer would be an extract; then nothing is sent."""
    window: int
    """The model's context window in tokens."""
    question: str
    sources: tuple[Source, ...]
    attachments: tuple[Attachment, ...]
    source_tokens: tuple[int, ...]
    """One number for each of `sources`."""
    attachment_tokens: tuple[int, ...]
    """One number for each of `attachments`."""
    question_tokens: int
    instruction_tokens: int
    earlier_tokens: int
    """Of earlier questions and answers, with the sources that are sent again."""
    notes: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        """All of them together, but for the tags around the parts."""
        own = self.question_tokens + self.instruction_tokens + self.earlier_tokens
        return own + sum(self.source_tokens) + sum(self.attachment_tokens)


class Problem(Value, frozen=True):
    """An error as a value: class name from `ramet.errors`, what failed, what to do next."""

    error: str
    what: str
    advice: str = ""


class Turn(Value, frozen=True):
    """One question and its answer."""

    question: str
    answer: str
    sources: tuple[Source, ...]
    citations: tuple[Citation, ...]
    model: str
    """Empty for an extractive answer."""
    usage: Usage
    created: float
    """Seconds since the epoch."""
    attachments: tuple[Attachment, ...] = ()
    problem: Problem | None = None
    """Why the answer is incomplete; None when it is whole."""
    commit: str = ""
    """The commit that was asked about and that the citations were checked against; empty for the working tree."""
    packed: tuple[int, ...] | None = None
    """Numbers of the sources that the question itself was sent with; the others came from earlier questions and from tools.
    None when no model was asked."""
    branch: str = ""
    """Id of the branch of the file system that was asked about; empty for none."""


class ConversationInfo(Value, frozen=True):
    """A stored conversation without its turns."""

    id: str
    title: str
    created: float
    updated: float
    turns: int


class Conversation(Value, frozen=True):
    """A stored conversation."""

    info: ConversationInfo
    turns: tuple[Turn, ...]


class SearchResult(Value, frozen=True):
    """Hits, best first, and what they could be drawn from."""

    hits: tuple[Hit, ...]
    index: IndexStatus
    seconds: float
    notes: tuple[str, ...] = ()
    """Sentences about what the search could not use: vectors still being computed, an index being built."""
    commit: str = ""
    """The commit that was searched; empty for the working tree."""


class Reference(Value, frozen=True):
    """One use of a name."""

    path: str
    line: int
    column: int
    text: str
    """The line, stripped."""
    symbol: str
    """Qualified name of the definition around it; empty at file level."""


FindingLevel = Literal["ok", "note", "problem"]


class Finding(Value, frozen=True):
    """One sentence of `ramet doctor`."""

    area: str
    level: FindingLevel
    sentence: str
    advice: str = ""
