"""What pytest reports, in all of its styles of tracebacks, from one process or from several."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from msgspec.structs import replace

from ramet.terminal.failures.python import tracebacks
from ramet.terminal.failures.values import Failure, Frame, Output

_SECTION = re.compile(r"=+ (FAILURES|ERRORS) =+$")
_ANY_SECTION = re.compile(r"={3,} .+ ={3,}$|={20,}$|!{3,} ")
_HEADER = re.compile(r"_{3,} (?:ERROR (?:at setup of|at teardown of|collecting) )?(.+?) _{3,}$")
_ENTRY = re.compile(r"([^\s:][^:]*):(\d+): (?:in (\S.*)|([\w.]*)(?:: .*)?)$|([^\s:][^:]*):(\d+): *$")
_LINE_STYLE = re.compile(r"(/[^:]*|[A-Za-z][\w./-]*\.py):(\d+): (.+)$")
_MISSING_FIXTURE = re.compile(r"file (.+), line (\d+)$")
_CONFTEST = re.compile(r"(\w+) while loading conftest '(.+)'\.$")
_SUMMARY = re.compile(r"(?:FAILED|ERROR|SUBFAIL\S*) ([^\s:]+\.\w+(?:::[^\[\n]+?(?:\[.*?\])?)?)(?: - (.*))?$")
_PROGRESS = re.compile(r"(?:\[gw\d+\] \[ *\d+%\] )?(?:FAILED|ERROR) (\S+::.+?) *$|(\S+::.+?) (?:FAILED|ERROR) +\[ *\d+%\]$")
_NESTED_PLACE = re.compile(r"E +File \"(.+?)\", line (\d+)")
_CAUSED = "The above exception was the direct cause"
_HANDLED = "During handling of the above exception"


def find(output: Output) -> list[Failure]:
    """Return the failing tests and the modules that could not be collected."""
    if not output.holds(
        "short test summary", "= FAILURES =", "= ERRORS =", "while loading conftest", "FAILED ", "\nFAILED", "::"
    ):
        return []
    ids = _failing_ids(output.lines)
    found = _sections(output.lines, ids) + _conftests(output.lines)
    named = {name for failure in found for name in failure.tests}
    for name, message, number in ids:
        if name not in named:
            named.add(name)
            found.append(Failure("pytest", "", message, (Frame(name.partition("::")[0], 1),), number, number, (name,)))
    return found


def _failing_ids(lines: list[str]) -> list[tuple[str, str, int]]:
    """Return the failing tests as the summary and the progress name them, with message and line."""
    ids: list[tuple[str, str, int]] = []
    for number, line in enumerate(lines, 1):
        if "FAIL" not in line and "ERROR" not in line:
            continue
        summary = _SUMMARY.match(line)
        if summary:
            ids.append((summary[1], summary[2] or "", number))
        elif progress := _PROGRESS.match(line):
            ids.append((progress[1] or progress[2], "", number))
    return ids


def _sections(lines: list[str], ids: list[tuple[str, str, int]]) -> list[Failure]:
    found: list[Failure] = []
    start, name = -1, ""
    is_inside = False
    for index, line in enumerate([*lines, "=" * 20]):
        header = _HEADER.match(line) if is_inside else None
        if header or (is_inside and _ANY_SECTION.match(line)):
            if start >= 0:
                found.append(_block(lines, start, index, name, ids))
            start, name = (index, header[1]) if header else (-1, "")
        if not header and _ANY_SECTION.match(line):
            is_inside = _SECTION.match(line) is not None
        elif is_inside and start < 0 and (place := _LINE_STYLE.match(line)):
            found.append(_line_style(place, index, ids))
    return [failure for failure in found if failure.frames or failure.message]


def _line_style(place: re.Match[str], index: int, ids: list[tuple[str, str, int]]) -> Failure:
    kind, _, message = place[3].partition(": ") if re.match(r"[\w.]+: ", place[3]) else ("", "", place[3])
    name = next((name for name, text, _ in ids if text and place[3].startswith(text.rstrip("."))), "")
    frame = Frame(place[1], int(place[2][:7]))
    return Failure("pytest", kind, message, (frame,), index + 1, index + 1, (name,) if name else ())


@dataclass
class _Part:
    """One exception of a chain, while its lines are read."""

    frames: list[Frame] = field(default_factory=list)
    nested: list[Frame] = field(default_factory=list)
    message: list[str] = field(default_factory=list)
    kind: str = ""

    def failure(self, first: int, last: int) -> Failure:
        """Return what was read; the place of a syntax error is its innermost frame."""
        message = [line for line in self.message if line]
        exception = (
            re.match(r"([A-Za-z_][\w.]*(?:Error|Exception|Warning|Exit|Interrupt|Failed|Group)): ?(.*)", message[0])
            if message
            else None
        )
        kind = exception[1] if exception else self.kind
        text = "\n".join([exception[2], *message[1:]] if exception else message)
        return Failure("pytest", kind, text, (*reversed(self.nested), *reversed(self.frames)), first, last)


def _block(lines: list[str], start: int, end: int, name: str, ids: list[tuple[str, str, int]]) -> Failure:
    block = lines[start + 1 : end]
    native = tracebacks(block, start + 1)
    tests = _ids_of(name, lines[start], ids)
    if native:
        failure = replace(native[-1], tool="pytest", first_line=start + 1)
    else:
        failure = _chained(block, start, end)
        if not failure.frames:
            fixture = next((place for line in block if (place := _MISSING_FIXTURE.match(line))), None)
            failure = replace(failure, frames=(Frame(fixture[1], int(fixture[2][:7])),) if fixture else ())
    if not tests and failure.frames and "collecting" not in lines[start]:
        tests = (f"{failure.frames[-1].path}::{name.replace('.', '::')}",)
    return replace(failure, tests=tests)


def _chained(block: list[str], start: int, end: int) -> Failure:
    parts = [_Part()]
    is_caused = False
    for line in block:
        part = parts[-1]
        if line.startswith((_CAUSED, _HANDLED)):
            is_caused = line.startswith(_CAUSED)
            parts.append(_Part())
        elif line.startswith("----") and " Captured " in line:
            break
        elif line.startswith("E "):
            nested = _NESTED_PLACE.match(line)
            if nested:
                part.nested.append(Frame(nested[1], int(nested[2][:7])))
            part.message.append(line[1:].strip() if len(part.message) < 1 else line[4:])
        elif entry := _ENTRY.match(line):
            path, number = (entry[1], entry[2]) if entry[1] else (entry[5], entry[6])
            part.frames.append(Frame(path, int(number[:7]), 0, entry[3] or ""))
            part.kind = entry[4] or part.kind
    failures = [part.failure(start + 1, end) for part in parts if part.frames or part.message]
    if not failures:
        return Failure("pytest", "", "\n".join(line for line in block if line.strip())[:500], (), start + 1, end)
    return replace(failures[-1], causes=tuple(reversed(failures[:-1])), is_caused=is_caused)


def _ids_of(name: str, header: str, ids: list[tuple[str, str, int]]) -> tuple[str, ...]:
    """Return the test or module that a header such as `TestCart.test_sum[a]` means."""
    if "ERROR collecting" in header:
        return (name,)
    plain, bracket, rest = name.partition("[")
    ending = plain.replace(".", "::") + bracket + rest
    return tuple(dict.fromkeys(each for each, _, _ in ids if each.endswith("::" + ending)))[:1]


def _conftests(lines: list[str]) -> list[Failure]:
    found: list[Failure] = []
    for index, line in enumerate(lines):
        if _CONFTEST.match(line):
            end = next((at for at in range(index + 1, len(lines)) if not lines[at].strip()), len(lines))
            found.append(_chained(lines[index + 1 : end], index, end))
    return found
