"""The values that every part of Ramet speaks in: frozen, typed, and able to cross the engine's socket as they are.

Lines are 1-based and inclusive. Paths are relative to the workspace root, with `/`, in the text form of `ramet.paths`
(`path_to_text`), so that names which are not UTF-8 survive JSON.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

ReasonKind = Literal["lexical", "dense", "symbol", "kind", "path", "history"]
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
    """Grows whenever files, git state or index changed, so that a front end knows when to ask again."""


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


class DiffStat(Value, frozen=True):
    """How much differs between two trees."""

    files: int = 0
    added: int = 0
    """Lines."""
    removed: int = 0


class Baseline(Value, frozen=True):
    """What a branch was forked from, and when."""

    commit: str
    """The recorded state of all files; not a commit of the repository."""
    tree: str
    taken: float
    """Seconds since the epoch."""
    source: str
    """`working tree`, the name of a branch, or a revision as it was asked for."""
    head: GitHead | None
    """What the working tree stood on then; None outside git."""


class BranchRun(Value, frozen=True):
    """One command that ran in a branch, and what it said."""

    command: str
    exit_code: int | None
    """None for one that was ended by force."""
    started: float
    """Seconds since the epoch."""
    duration: float
    """In seconds."""
    output: str = ""
    """The end of what it printed, as plain text."""
    omitted: int = 0
    """Bytes of output before that."""
    changed: int = 0
    """Files that it changed."""
    commit: str = ""
    """The state of the branch that it ran on."""


BranchState = Literal["live", "dropped"]


class Branch(Value, frozen=True):
    """A branch of the file system: a named line of work on a copy of the whole tree."""

    id: str
    name: str
    state: BranchState
    commit: str
    """Its present state, kept outside the repository; `--at NAME` shows it."""
    tree: str
    base: Baseline
    created: float
    updated: float
    """When it was changed last."""
    stat: DiffStat = DiffStat()
    """How it differs from its base; what was merged back counts as part of the base."""
    moved: int | None = None
    """Files of the working tree that are not as they were at the fork; None where nobody looked or there is no working tree."""
    runs: tuple[BranchRun, ...] = ()
    """The latest last."""
    merged: float | None = None
    """When something of it was merged back last."""
    kept: str = ""
    """The git branch that `keep` made of it."""
    dropped: float | None = None
    expires: float | None = None
    """When a dropped one is removed for good."""


class ForkRequest(Value, frozen=True):
    """Make branches that all begin with the same state."""

    names: tuple[str, ...] = ("",)
    """An empty name lets one be chosen."""
    source: str = ""
    """A branch or a revision to begin with; empty takes the working tree as it is."""
    include: tuple[str, ...] = ()
    """Files to record although they are large or ignored."""


class BranchFork(Value, frozen=True):
    """Branches that were just made, and what of the working tree is not in them."""

    branches: tuple[Branch, ...]
    skipped: tuple[SkippedFile, ...] = ()
    notes: tuple[str, ...] = ()


class BranchUsage(Value, frozen=True):
    """What the branches of one working tree take of the disk, in bytes."""

    objects: int
    worktrees: int
    limit: int


class BranchList(Value, frozen=True):
    """All branches, the newest first."""

    branches: tuple[Branch, ...]
    usage: BranchUsage
    notes: tuple[str, ...] = ()


class FileEdit(Value, frozen=True):
    """One file of a branch as it shall be."""

    path: str
    content: bytes | None
    """None removes the file."""
    is_executable: bool | None = None
    """None leaves that as it is."""


DiffLineKind = Literal["same", "added", "removed"]


class DiffLine(Value, frozen=True):
    """One line of a hunk."""

    kind: DiffLineKind
    text: str
    """Without its line end."""
    old: int
    """Its number in the old file; 0 for an added line."""
    new: int
    """Its number in the new file; 0 for a removed line."""
    changed: tuple[tuple[int, int], ...] | None = None
    """Which characters differ from the line in its place on the other side, from and to; None where none stands in its place."""
    has_newline: bool = True


class Hunk(Value, frozen=True):
    """Neighbouring changes of one file."""

    number: int
    """1-based in its file."""
    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    section: str
    """The definition that it is in, as git names it."""
    lines: tuple[DiffLine, ...]


DiffState = Literal["added", "modified", "deleted", "renamed", "type"]


class FileDiff(Value, frozen=True):
    """How one file differs."""

    path: str
    """In the new tree; of a deleted file, in the old one."""
    old_path: str
    state: DiffState
    old_mode: int
    """0 where there was none."""
    new_mode: int
    old_id: str
    """git's id of the content; empty where there was none."""
    new_id: str
    is_binary: bool = False
    hunks: tuple[Hunk, ...] = ()

    @property
    def stat(self) -> DiffStat:
        """How many lines were added and removed."""
        kinds = [line.kind for hunk in self.hunks for line in hunk.lines]
        return DiffStat(1, kinds.count("added"), kinds.count("removed"))


class BranchDiff(Value, frozen=True):
    """How a branch differs from something."""

    old: str
    """What it is compared with, for people."""
    new: str
    files: tuple[FileDiff, ...]


Side = Literal["mine", "theirs", "base", "both", "markers"]
"""In a conflict: the working tree's version, the branch's, the one that both come from, the first two below each other, or all
with marks around them."""


class HunkChoice(Value, frozen=True):
    """Some hunks of one file, by their numbers in the diff of the branch against its base."""

    path: str
    numbers: tuple[int, ...]


class ConflictChoice(Value, frozen=True):
    """What to take where both sides changed the same."""

    path: str
    side: Side
    region: int = 0
    """Which of the places in the file, 1-based; 0 for the whole file."""


class MergeRequest(Value, frozen=True):
    """Bring what was done in a branch back into the working tree."""

    name: str
    paths: tuple[str, ...] = ()
    """Files or folders; empty for all."""
    hunks: tuple[HunkChoice, ...] = ()
    """Only these hunks of these files, besides `paths`."""
    choices: tuple[ConflictChoice, ...] = ()
    rest: Side | None = None
    """What to take in conflicts without a choice; None leaves them open."""
    leave_conflicts: bool = False
    """Merge everything else where conflicts stay open; else they keep all from being written."""
    is_trial: bool = False
    """Only say what would happen."""


ConflictKind = Literal["content", "both-added", "changed-and-deleted", "deleted-and-changed", "binary", "type", "place"]


class Version(Value, frozen=True):
    """One of the versions of a file in a conflict."""

    id: str
    """git's id of the content."""
    mode: int
    text: str | None
    """None for what is not text."""


class ConflictRegion(Value, frozen=True):
    """One place in a file that both sides changed."""

    number: int
    start_line: int
    """In the working tree's version; where nothing is there, the line before which it would be."""
    mine: str
    base: str
    theirs: str


class MergeConflict(Value, frozen=True):
    """A file that cannot be merged without a choice."""

    path: str
    kind: ConflictKind
    sentence: str
    """What both sides did, for people."""
    base: Version | None
    mine: Version | None
    theirs: Version | None
    regions: tuple[ConflictRegion, ...] = ()


class MergedFile(Value, frozen=True):
    """One file that a merge wrote, or would write."""

    path: str
    action: Literal["added", "changed", "deleted"]


class MergeResult(Value, frozen=True):
    """What a merge came to."""

    branch: str
    is_written: bool
    """Whether the working tree was changed."""
    files: tuple[MergedFile, ...]
    conflicts: tuple[MergeConflict, ...] = ()
    """Those that stayed open."""
    notes: tuple[str, ...] = ()


class BranchUndo(Value, frozen=True):
    """What was taken back."""

    kind: Literal["merge", "drop"]
    branch: str
    files: tuple[MergedFile, ...] = ()


class KeptBranch(Value, frozen=True):
    """An ordinary git branch made of a branch."""

    name: str
    commit: str
    commits: int
    notes: tuple[str, ...] = ()


class BranchPlace(Value, frozen=True):
    """A folder in which a branch is laid out, to run commands in."""

    branch: str
    path: str
    """Absolute, in the text form of `ramet.paths`."""
    slot: int
    commit: str
    """The state of the branch that is laid out."""
    environment: dict[str, str]
    """What to set for commands."""
    setup: str = ""
    """A command of the user's configuration to run first, empty when it has been run there."""
    notes: tuple[str, ...] = ()
