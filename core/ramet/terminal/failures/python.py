"""Tracebacks of Python, also chained and in groups, and what unittest and doctest print around them."""

from __future__ import annotations

import re
from typing import NamedTuple

from msgspec.structs import replace

from ramet.terminal.failures.values import Failure, Frame, Output

_HEADER = "Traceback (most recent call last):"
_FRAME = re.compile(r"  File \"(.+?)\", line (\d+)(?:, in (.+))?$")
_EXCEPTION = re.compile(r"([A-Za-z_][\w.]*)(?::(?: (.*))?)?$")
_SYNTAX = re.compile(r"((?:Syntax|Indentation|Tab)Error): (.*)")
_CAUSED = "The above exception was the direct cause of the following exception:"
_HANDLED = "During handling of the above exception, another exception occurred:"
_UNITTEST = re.compile(r"(?:ERROR|FAIL): (\S+) \(([\w.]+)\)")
_LONGEST_MESSAGE = 20
"""Lines of a message that are kept."""
_FARTHEST_SOURCE = 6
"""Lines between the place of a syntax error and its name."""


class _Traceback(NamedTuple):
    failure: Failure
    next_line: int
    """Index of the first line after it."""
    prefix: str


def find(output: Output) -> list[Failure]:
    """Return the failures of Python programs, of unittest and of doctest."""
    found: list[Failure] = []
    if output.holds(_HEADER):
        found += _tests(output, tracebacks(output.lines))
    if output.holds("SyntaxError: ", "IndentationError: ", "TabError: "):
        known = {line for failure in found for line in range(failure.first_line, failure.last_line + 1)}
        found += [failure for failure in _bare_syntax_errors(output.lines) if failure.first_line not in known]
    if output.holds("Failed example:"):
        found += _doctests(output.lines)
    return found


def tracebacks(lines: list[str], offset: int = 0) -> list[Failure]:
    """Return the tracebacks in some lines, chains and groups as one failure; `offset` lines come before them."""
    found: list[Failure] = []
    index = 0
    pending: Failure | None = None
    is_caused = False
    last: _Traceback | None = None
    while index < len(lines):
        column = lines[index].find(_HEADER)
        if column < 0:
            index += 1
            continue
        last = _read(lines, index, column, offset)
        failure = last.failure
        if pending:
            failure = _with_cause(failure, pending, is_caused)
        following, is_caused = _chain_after(lines, last)
        pending = failure if following else None
        if not pending:
            _add(found, failure, lines, index)
        index = following or last.next_line
    if pending:
        found.append(pending)
    return found


def _with_cause(failure: Failure, cause: Failure, is_caused: bool) -> Failure:
    causes = (replace(cause, causes=()), *cause.causes)
    return replace(failure, causes=causes, is_caused=is_caused, first_line=cause.first_line)


def _add(found: list[Failure], failure: Failure, lines: list[str], index: int) -> None:
    """Keep a failure; a part of an exception group belongs to the group."""
    is_part = index > 0 and re.match(r"[ |]*\+-?\+?-{3,}(?: \d+ -+)?$", lines[index - 1]) is not None
    if is_part and found and "Group" in found[-1].kind:
        group = found[-1]
        causes = (*group.causes, failure, *failure.causes)
        found[-1] = replace(group, causes=causes, is_caused=True, last_line=failure.last_line)
    else:
        found.append(failure)


def _read(lines: list[str], start: int, column: int, offset: int) -> _Traceback:
    prefix = lines[start][:column]
    width = len(prefix.replace("Exception Group ", ""))
    frames: list[Frame] = []
    index = start + 1
    kind, message = "", ""
    while index < len(lines):
        line = lines[index][width:]
        frame = _FRAME.match(line)
        if frame:
            frames.append(Frame(frame[1], int(frame[2][:7]), 0, frame[3] or ""))
        elif line and not line[0].isspace():
            exception = _EXCEPTION.match(line)
            kind, message = (exception[1], exception[2] or "") if exception else ("", line)
            index += 1
            break
        elif not line.strip() and not lines[index].strip():
            break
        index += 1
    end = index
    extra: list[str] = []
    while index < len(lines) and len(extra) < _LONGEST_MESSAGE and (line := lines[index][width:]).strip():
        if (
            _HEADER in line
            or line.lstrip(" |").startswith(("+-", "During", "The above"))
            or not lines[index].startswith(prefix[:width].rstrip())
        ):
            break
        extra.append(line)
        index += 1
    tool = "python"
    failure = Failure(
        tool, kind, "\n".join([message, *extra]), tuple(reversed(frames)), offset + start + 1, offset + max(index, end)
    )
    return _Traceback(failure, max(index, end), prefix)


def _chain_after(lines: list[str], traceback: _Traceback) -> tuple[int, bool]:
    """Return where the exception begins that this one led to, and whether it is its cause; 0 where there is none."""
    for index in range(traceback.next_line, min(traceback.next_line + 4, len(lines))):
        for sentence, is_caused in ((_CAUSED, True), (_HANDLED, False)):
            if sentence in lines[index]:
                follows = any(_HEADER in line for line in lines[index : index + 6])
                return (index + 1 if follows else 0), is_caused
    return 0, False


def _bare_syntax_errors(lines: list[str]) -> list[Failure]:
    found: list[Failure] = []
    for index, line in enumerate(lines):
        name = _SYNTAX.match(line)
        if not name:
            continue
        for above in range(index - 1, max(index - _FARTHEST_SOURCE, -1), -1):
            frame = _FRAME.match(lines[above])
            if frame:
                place = Frame(frame[1], int(frame[2][:7]))
                found.append(Failure("python", name[1], name[2], (place,), above + 1, index + 1))
                break
    return found


def _tests(output: Output, failures: list[Failure]) -> list[Failure]:
    """Give the failures the unittest test that each happened in."""
    if not output.holds("ERROR: ", "FAIL: ") or not output.holds("\nRan "):
        return failures
    headers: list[tuple[int, str]] = []
    for index, line in enumerate(output.lines):
        header = _UNITTEST.match(line)
        if header:
            name = header[2].removeprefix("unittest.loader._FailedTest.")
            headers.append((index + 1, name if name.rpartition(".")[2] == header[1] else f"{name}.{header[1]}"))
    tested: list[Failure] = []
    for failure in failures:
        name = next((name for line, name in reversed(headers) if line < failure.first_line), "")
        tested.append(replace(failure, tool="unittest", tests=(name,)) if name else failure)
    return tested


def _doctests(lines: list[str]) -> list[Failure]:
    found: list[Failure] = []
    for index, line in enumerate(lines):
        frame = re.match(r"File \"(.+?)\", line (\d+), in (.+)$", line)
        if frame and index + 1 < len(lines) and lines[index + 1].startswith("Failed example:"):
            end = next((at for at in range(index + 1, len(lines)) if lines[at].startswith("****")), len(lines))
            message = "\n".join(lines[index + 1 : end])
            found.append(
                Failure("doctest", "", message, (Frame(frame[1], int(frame[2][:7]), 0, frame[3]),), index + 1, end, (frame[3],))
            )
    return found
