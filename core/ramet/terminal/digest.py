"""What a person would want to know of a command that failed, in few tokens: where it failed, why, and what else it said."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ramet.models import CommandRun, Value
from ramet.terminal.failures.registry import find_failures
from ramet.terminal.failures.values import Failure, Frame
from ramet.terminal.plain import gap_line
from ramet.terminal.references import FileResolver, PlaceReference, find_references

ReadLines = Callable[[str], Sequence[str] | None]
"""Gives the lines of a file of the repository, None where it cannot be read."""
CountTokens = Callable[[str], int]

DIGEST_TOKENS = 1500
_PLACES = 8
"""References of a digest."""
_SHOWN_PLACES = 3
"""Places whose source lines are shown."""
_SOURCE_BEFORE, _SOURCE_AFTER = 4, 3
"""Lines of source around a place."""
_SHOWN_TESTS = 8
_SHOWN_ERRORS = 4
"""Failures that are named besides the first."""
_SHOWN_CAUSES = 3
_MESSAGE_LINES = 12
_LONGEST_LINE = 300
"""Characters of one line that are shown."""
_LARGEST_OUTPUT = 4 * 1024 * 1024
"""Characters of an output in which references are looked for."""


class Place(Value, frozen=True):
    """A line of a file of the repository."""

    path: str
    line: int
    column: int = 0
    function: str = ""


class Digest(Value, frozen=True):
    """What is understood of a command that ran."""

    text: str
    places: tuple[Place, ...]
    """The line that a person would open first is in front."""
    failures: tuple[Failure, ...]
    """The one to look at first is in front."""
    tests: tuple[str, ...] = ()
    """All failing tests."""


def digest(
    run: CommandRun,
    files: Collection[str],
    read_lines: ReadLines,
    count_tokens: CountTokens,
    budget: int = DIGEST_TOKENS,
    root: str = "",
) -> Digest:
    """Return what a run tells about its failure, in at most `budget` tokens.

    `files` are those of the repository and `root` its folder, see `FileResolver`.
    """
    resolver = FileResolver(files, run.folder, root)
    failures = find_failures(run.output)
    places = _places(run, failures, resolver)
    tests = tuple(dict.fromkeys(test for failure in failures for test in failure.tests))
    text = _Writer(run, failures, places, tests, read_lines, resolver).fitted(count_tokens, budget)
    return Digest(text, places, failures, tests)


def _places(run: CommandRun, failures: Sequence[Failure], resolver: FileResolver) -> tuple[Place, ...]:
    """Return the places in the repository that failures went through, and if there are none, that the output names."""
    found: dict[tuple[str, int], Place] = {}
    rows = [[place for frame in failure.all_frames if (place := _place(frame, resolver))] for failure in failures]
    for row in rows:
        for place in row[:_PLACES]:
            found.setdefault((place.path, place.line), place)
        if len(found) >= _PLACES:
            break
    if not found:
        for reference in reversed(find_references(run.output[-_LARGEST_OUTPUT:])):
            place = _place(reference, resolver)
            if place:
                found.setdefault((place.path, place.line), place)
            if len(found) >= _PLACES:
                break
    return tuple(found.values())[:_PLACES]


def _place(frame: Frame | PlaceReference, resolver: FileResolver) -> Place | None:
    path = resolver.resolve(frame.path, frame.function)
    return Place(path, frame.line, frame.column, frame.function) if path else None


class _Writer:
    """Writes a digest, more of it or less."""

    def __init__(
        self,
        run: CommandRun,
        failures: Sequence[Failure],
        places: Sequence[Place],
        tests: Sequence[str],
        read_lines: ReadLines,
        resolver: FileResolver,
    ) -> None:
        self._run = run
        self._failures = failures
        self._places = places
        self._tests = tests
        self._read_lines = read_lines
        self._resolver = resolver
        self._sources: dict[str, Sequence[str] | None] = {}

    def fitted(self, count_tokens: CountTokens, budget: int) -> str:
        """Return as much as fits: what failed always, then places with their source, then the output from both ends."""
        text = self._head()
        for size in (1.0, 0.5, 0.25, 0.0):
            longer = "\n\n".join(part for part in (self._head(), *self._sections(size)) if part)
            if count_tokens(longer) <= budget * 0.85 or size == 0.0:
                text = longer
                break
        if count_tokens(text) > budget:
            text = _shortened(text, count_tokens, budget)
        return self._with_output(text, count_tokens, budget)

    def _head(self) -> str:
        run = self._run
        exit_code = "" if run.exit_code is None else f" (exit code {run.exit_code})"
        lines = [f"Command{exit_code}: {_clipped(run.command)}", f"Folder: {run.folder}"]
        if self._failures:
            first = self._failures[0]
            lines.append(f"Failure ({first.tool}): {_clipped(first.title)}")
            lines += [f"  {_clipped(line)}" for line in first.message.split("\n")[1:_MESSAGE_LINES] if line.strip()]
            word = "Caused by" if first.is_caused else "While handling"
            lines += [f"{word}: {_clipped(cause.title)}" for cause in first.causes[:_SHOWN_CAUSES]]
        return "\n".join(lines)

    def _sections(self, size: float) -> list[str]:
        return [self._test_list(), self._source_list(size), self._other_failures(size), self._trail(size)]

    def _test_list(self) -> str:
        if not self._tests:
            return ""
        more = len(self._tests) - _SHOWN_TESTS
        shown = [f"  {_clipped(test)}" for test in self._tests[:_SHOWN_TESTS]]
        return "\n".join([f"Failing tests ({len(self._tests)}):", *shown, *([f"  and {more} more"] if more > 0 else [])])

    def _source_list(self, size: float) -> str:
        blocks: list[str] = []
        shown: set[tuple[str, int]] = set()
        for place in self._places[: max(1, round(_SHOWN_PLACES * size))]:
            lines = self._source(place.path)
            function = f" in {place.function}" if place.function else ""
            block = [f"{place.path}:{place.line}{function}"]
            if lines and 0 < place.line <= len(lines):
                before, after = (round(_SOURCE_BEFORE * size), round(_SOURCE_AFTER * size)) if size else (0, 0)
                span = range(max(place.line - before, 1), min(place.line + after, len(lines)) + 1)
                marks = ((">" if number == place.line else " ", number) for number in span if (place.path, number) not in shown)
                block += [f"{mark} {number:5} | {_clipped(lines[number - 1])}" for mark, number in marks]
                shown.update((place.path, number) for number in span)
            blocks.append("\n".join(block))
        return "\n\n".join(blocks)

    def _source(self, path: str) -> Sequence[str] | None:
        if path not in self._sources:
            self._sources[path] = self._read_lines(path)
        return self._sources[path]

    def _trail(self, size: float) -> str:
        rest = self._places[max(1, round(_SHOWN_PLACES * size)) :]
        if not rest:
            return ""
        return "\n".join(
            ["Also:", *(f"  {place.path}:{place.line}" + (f" in {place.function}" if place.function else "") for place in rest)]
        )

    def _other_failures(self, size: float) -> str:
        others = [failure for failure in self._failures[1:] if failure.level == "error"]
        shown = others[: max(1, round(_SHOWN_ERRORS * size))]
        lines = [f"  {self._where(failure)}{_clipped(failure.title)}" for failure in shown]
        if not lines:
            return ""
        more = len(others) - len(shown)
        return "\n".join(["Other failures:", *lines, *([f"  and {more} more"] if more > 0 else [])])

    def _where(self, failure: Failure) -> str:
        place = next((place for frame in failure.all_frames if (place := _place(frame, self._resolver))), None)
        return f"{place.path}:{place.line}: " if place else ""

    def _with_output(self, text: str, count_tokens: CountTokens, budget: int) -> str:
        """Add as many lines of the output as fit, the ends and those of the first failure."""
        output = self._run.output.strip("\n")
        if not output:
            return text
        keep = [(failure.first_line, failure.last_line) for failure in self._failures[:1]]
        lines = output.count("\n") + 1
        shift = self._run.output[: self._run.output.find(output[:1])].count("\n") if output else 0
        spans = [(first - shift, last - shift) for first, last in keep]
        low, high = 0, min(lines, 400)
        best = text
        while low < high:
            middle = (low + high + 1) // 2
            longer = f"{text}\n\nOutput:\n{cut_middle(output, middle, spans)}"
            if count_tokens(longer) <= budget:
                best, low = longer, middle
            else:
                high = middle - 1
        return best


def _clipped(line: str) -> str:
    return line.rstrip() if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE].rstrip() + "..."


def _shortened(text: str, count_tokens: CountTokens, budget: int) -> str:
    """Take lines from the end until the text fits, and then characters."""
    lines = text.split("\n")
    while len(lines) > 1 and count_tokens("\n".join(lines)) > budget:
        lines.pop()
    line = "\n".join(lines)
    while line and count_tokens(line) > budget:
        line = line[: len(line) * 3 // 4]
    return line


def cut_middle(text: str, limit: int, keep: Sequence[tuple[int, int]] = ()) -> str:
    """Return at most `limit` lines of a text and a line for each gap: its beginning, its end and the lines to keep.

    `keep` are spans of lines, 1-based and inclusive, most important first; they come before beginning and end. Where even they
    are too many, the beginning of a span and its end stay. Long lines are clipped.
    """
    lines = text.split("\n")
    if len(lines) <= limit:
        return "\n".join(_clipped(line) for line in lines)
    chosen: set[int] = set()
    kept = max(limit * 2 // 3, 1) if keep else 0
    for first, last in keep:
        span = range(max(first, 1) - 1, min(last, len(lines)))
        room = kept - len(chosen)
        half = room // 2
        chosen.update(span if len(span) <= room else (*span[:half], *(span[-(room - half) :] if room > half else ())))
    forward, backward = 0, len(lines) - 1
    while len(chosen) < limit and forward <= backward:
        take_last = len(lines) - 1 - backward <= 2 * forward  # ends tell more than beginnings
        chosen.add(backward if take_last else forward)
        forward, backward = (forward, backward - 1) if take_last else (forward + 1, backward)
    return "\n".join(_with_gaps(lines, sorted(chosen)))


def _with_gaps(lines: Sequence[str], chosen: Sequence[int]) -> list[str]:
    shown: list[str] = []
    expected = 0
    for index in [*chosen, len(lines)]:
        if index > expected:
            shown.append(gap_line(index - expected, "lines"))
        if index < len(lines):
            shown.append(_clipped(lines[index]))
        expected = index + 1
    return shown
