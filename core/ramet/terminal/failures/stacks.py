"""Exceptions and panics of programs: JavaScript, the JVM, .NET, PHP, Ruby, Go, Rust and the sanitizers of C."""

from __future__ import annotations

import re

from msgspec.structs import replace

from ramet.terminal.failures.values import Failure, Frame, Output, frame_of, frames_in
from ramet.terminal.references import find_references

_AT = re.compile(r"\s*(?:\[ERROR\]\s+)?at (?!line |position )\S")
_BEFORE_NAME = r"(?:.*?(?:Exception in thread \"[^\"]*\" |Uncaught |Unhandled [Ee]xception[.:] |EXCEPTION: ))?"
_NAMED = re.compile(
    rf"(?P<cause>Caused by: |\[cause\]: |.*\bSuppressed: )?{_BEFORE_NAME}"
    r"(?P<kind>(?:[\w$]+[.\\])*[A-Z]\w*(?:Error|Exception|Failure|Fault|Throwable|Rejection)|Error)"
    r"(?: \[[\w]+\])?(?:: (?P<text>.*))?$"
)
_FARTHEST_HEADER = 30
"""Lines between the name of an exception and its stack: long messages and excerpts of source."""
_BETWEEN = re.compile(r"\s*(?:\.\.\. \d+ |--- End of|at |<anonymous>|\[\d+\])")
_PLACE_LINE = re.compile(r"(?:file://)?/[^\s:]+:\d+$|\S+\.[cm]?[jt]sx?:\d+$")
_TOOLS = {
    "java": "java",
    "kt": "java",
    "scala": "java",
    "groovy": "java",
    "cs": ".net",
    "fs": ".net",
    "vb": ".net",
    "rb": "ruby",
    "php": "php",
}


def find(output: Output) -> list[Failure]:
    """Return the exceptions and panics that were printed with their stacks."""
    found: list[Failure] = []
    if output.holds("at "):
        found += _at_stacks(output.lines)
    if output.holds("panic: ", "\ngoroutine "):
        found += _go_panics(output.lines)
    if output.holds("panicked at"):
        found += _rust_panics(output)
    if output.holds("Stack trace:"):
        found += _php(output.lines)
    if output.holds("in `", "in '"):
        found += _ruby(output.lines)
    if output.holds("Sanitizer"):
        found += _sanitizer(output.lines)
    return found


def _at_stacks(lines: list[str]) -> list[Failure]:
    found: list[Failure] = []
    index = 0
    while index < len(lines):
        if not _AT.match(lines[index]):
            index += 1
            continue
        start = index
        frames: list[Frame] = []
        while index < len(lines) and (_AT.match(lines[index]) or _BETWEEN.match(lines[index])):
            frames += frames_in(lines[index])
            index += 1
        header, named = _header(lines, start)
        if not named and len(frames) < 2 and index - start < 2:
            continue
        failure = _stack(lines, start, index, header, named, frames)
        is_cause = bool(named and named["cause"]) and found and start - found[-1].last_line < _FARTHEST_HEADER
        if is_cause:
            causes = (*found[-1].causes, failure)
            found[-1] = replace(found[-1], causes=causes, is_caused=True, last_line=index)
        else:
            found.append(failure)
    return found


def _header(lines: list[str], start: int) -> tuple[int, re.Match[str] | None]:
    for above in range(start - 1, max(start - _FARTHEST_HEADER, -1), -1):
        if _AT.match(lines[above]):
            break
        named = _NAMED.match(lines[above].strip())
        if named:
            return above, named
    return start, None


def _stack(lines: list[str], start: int, end: int, header: int, named: re.Match[str] | None, frames: list[Frame]) -> Failure:
    first = header
    for above in range(header - 1, max(header - 7, -1), -1):
        if _PLACE_LINE.match(lines[above].strip()):  # Node prints the place first, which for syntax errors is in no frame
            place = frames_in(lines[above])
            frames = [
                *(each for each in place if not any(each.path == frame.path and each.line == frame.line for frame in frames)),
                *frames,
            ]
            first = above
            break
    extension = frames[0].path.rpartition(".")[2] if frames else ""
    message = "\n".join([(named["text"] or "") if named else "", *lines[header + 1 : min(start, header + 12)]]).strip("\n")
    kind = named["kind"] if named else ""
    return Failure(_TOOLS.get(extension, "node"), kind, message.rstrip(), tuple(frames), first + 1, end)


def _go_panics(lines: list[str]) -> list[Failure]:
    found: list[Failure] = []
    index = 0
    while index < len(lines):
        if not lines[index].startswith(("panic: ", "fatal error: ")):
            index += 1
            continue
        start = index
        frames: list[Frame] = []
        is_running = False
        index += 1
        while index < len(lines) and not lines[index].startswith(("exit status", "FAIL", "panic: ")):
            line = lines[index]
            if line.startswith("goroutine ") and frames:
                break
            is_running = is_running or line.startswith("goroutine ")
            if is_running and line.startswith("\t"):
                function = re.sub(r"\([^()]*\)$|\(\.\.\.\)$", "", lines[index - 1])
                if not function.startswith("created by"):
                    frames += [Frame(frame.path, frame.line, 0, function) for frame in frames_in(line)]
            index += 1
        message = lines[start].partition(": ")[2]
        found.append(
            Failure("go", lines[start].partition(":")[0], message.removesuffix(" [recovered]"), tuple(frames), start + 1, index)
        )
    return found


_RUST = re.compile(r"thread '(?P<thread>[^']*)' (?:\(\d+\) )?panicked at (?:'(?P<old>.*)', )?(?P<place>[^\s:]+:\d+:\d+):?$")


def _rust_panics(output: Output) -> list[Failure]:
    lines = output.lines
    found: list[Failure] = []
    for index, line in enumerate(lines):
        panic = _RUST.match(line.strip())
        if not panic:
            continue
        frames = frames_in(panic["place"])
        end = index + 1
        message: list[str] = [panic["old"]] if panic["old"] else []
        while (
            not panic["old"]
            and end < len(lines)
            and lines[end].strip()
            and not lines[end].startswith(("note:", "stack backtrace:"))
        ):
            message.append(lines[end])
            end += 1
        if end < len(lines) and lines[end].startswith("stack backtrace:"):
            end += 1
            while end < len(lines) and lines[end].startswith("  "):
                frames += [frame for frame in frames_in(lines[end]) if frame not in frames]
                end += 1
        tests = (panic["thread"],) if output.holds(f"---- {panic['thread']} stdout ----") else ()
        found.append(Failure("rust", "panic", "\n".join(message), tuple(frames), index + 1, end, tests))
    return found


_PHP = re.compile(
    r"(?:(?:PHP )?(?:Fatal error|Warning): +Uncaught|(?P<next>Next)) (?P<kind>[\w\\]+)(?:: (?P<text>.*))?"
    r" in (?P<path>\S+):(?P<line>\d+)$"
)


def _php(lines: list[str]) -> list[Failure]:
    found: list[Failure] = []
    for index, line in enumerate(lines):
        thrown = _PHP.match(line)
        if not thrown:
            continue
        frames = [Frame(thrown["path"], int(thrown["line"]))]
        end = index + 1
        while end < len(lines) and lines[end].startswith(("Stack trace:", "#")):
            frames += frames_in(lines[end])
            end += 1
        failure = Failure("php", thrown["kind"], thrown["text"] or "", tuple(frames), index + 1, end)
        if thrown["next"] and found:
            found[-1] = replace(failure, causes=(replace(found[-1], causes=()), *found[-1].causes), is_caused=True)
        else:
            found.append(failure)
    return found


_RUBY = re.compile(r"(?P<place>[^\s:]+:\d+):in [`'](?P<function>[^']+)': (?P<text>.*?)(?: \((?P<kind>[A-Z][\w:]*)\))?$")


_RUBY_KIND = re.compile(r" \(([A-Z][\w:]*)\)$")
_LONGEST_MESSAGE = 12
"""Lines of a message of Ruby, which ends in the name of the exception."""


def _ruby(lines: list[str]) -> list[Failure]:
    found: list[Failure] = []
    for index, line in enumerate(lines):
        raised = _RUBY.match(line)
        if not raised:
            continue
        frames = [frame_of(reference) for reference in find_references(line[: raised.start("text")])]
        end = index + 1
        text = [raised["text"]]
        kind = raised["kind"] or ""
        while not kind and end < len(lines) and not lines[end].startswith("\tfrom ") and end - index < _LONGEST_MESSAGE:
            text.append(lines[end])
            named = _RUBY_KIND.search(lines[end])
            kind = named[1] if named else ""
            end += 1
        while end < len(lines) and lines[end][:1] in ("\t", " "):
            frames += frames_in(lines[end]) if lines[end].startswith("\tfrom ") else []
            end += 1
        failure = Failure("ruby", kind, "\n".join(text), tuple(frames), index + 1, end)
        if found and found[-1].last_line == index:
            found[-1] = replace(found[-1], causes=(*found[-1].causes, failure), is_caused=True, last_line=end)
        else:
            found.append(failure)
    return found


_SANITIZER = re.compile(r"(?:==\d+==)?(?P<kind>ERROR|WARNING): (?P<tool>\w*Sanitizer): (?P<text>.*)$")


def _sanitizer(lines: list[str]) -> list[Failure]:
    found: list[Failure] = []
    for index, line in enumerate(lines):
        report = _SANITIZER.match(line)
        if not report:
            continue
        end = index + 1
        frames: list[Frame] = []
        while end < len(lines) and lines[end].strip():
            frame = re.match(r" +#\d+ 0x\w+ in (\S+) ([^\s(]+):(\d+)(?::(\d+))?$", lines[end])
            if frame:
                frames.append(Frame(frame[2], int(frame[3][:7]), int((frame[4] or "0")[:7]), frame[1]))
            end += 1
        found.append(Failure(report["tool"], "", report["text"], tuple(frames), index + 1, end))
    return found
