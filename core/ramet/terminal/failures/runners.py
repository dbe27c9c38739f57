"""Reports of test runners: a headline that names the test, and below it what went wrong and where."""

from __future__ import annotations

import re
from typing import NamedTuple

from ramet.terminal.failures.values import Failure, Frame, Output, frames_in
from ramet.terminal.references import is_foreign


class _Format(NamedTuple):
    """How a runner prints one failing test."""

    tool: str
    mark: str
    """Occurs in every report of this runner that has a failure."""
    start: re.Pattern[str]
    """The headline; its groups make the name of the test, joined by spaces."""
    stop: re.Pattern[str]
    """The line after the report."""
    frame: re.Pattern[str]
    """Lines of the report that name places; all places are kept, innermost first."""


def _format(tool: str, mark: str, start: str, stop: str, frame: str) -> _Format:
    return _Format(tool, mark, re.compile(start), re.compile(stop), re.compile(frame))


_FORMATS = (
    _format("jest", "● ", r"  ● (?P<name>.+)$", r"  ● |Test Suites: | ?(?:FAIL|PASS) ", r"\s+at "),
    _format("vitest", "⎯⎯", r" FAIL  (?P<name>\S.+?)(?: \[ .+ \])?$", r" FAIL |⎯{4,}| Test Files ", r" *\u276f \S"),
    _format(
        "node:test",
        "not ok ",
        r" *not ok \d+ - (?P<name>.+?)(?: #.*)?$",
        r" *(?:not )?ok \d+|# Subtest|\d+\.\.\d+",
        r" {4,}\S*.*\(?(?:file://)?/",
    ),
    _format("node:test", "✖ ", r" *✖ (?P<name>.+?) \([\d.]+ms\)$", r" *[✖✔▶] |\u2139 ", r"\s+at "),
    _format("mocha", " failing", r"  \d+\) (?P<name>.+)$", r"  \d+\) ", r"\s+at "),
    _format(
        "go",
        "--- FAIL: ",
        r" *--- FAIL: (?P<name>\S+) \(",
        r" *--- |FAIL|ok |PASS|=== |exit ",
        r"\s*(?:Error Trace:\s*)?\S+\.go:\d+|\t/\S+\.go:\d+",
    ),
    _format("junit", "JUnit", r"\d+\) (?P<method>\w+)\((?P<class>[\w.$]+)\)$", r"\d+\) |FAILURES!!!", r"\s+at "),
    _format(
        "surefire",
        "<<< ",
        r"\[ERROR\] (?P<name>[\w.$]+(?:\(.*\))?) (?:-- )? ?Time elapsed: .*<<< (?:FAILURE|ERROR)!",
        r"$|\[(?:INFO|ERROR)\] ",
        r"\s+at ",
    ),
    _format(
        "gradle", " FAILED", r"(?P<class>[\w.$]+) > (?P<name>\S.*?)(?:\(\))? FAILED$", r"$|\S", r"\s+.* at \S+\.\w+:\d+|\s+at "
    ),
    _format("minitest", ") ", r" *\d+\) (?:Failure|Error):$", r" *\d+\) |\d+ runs, ", r".*"),
    _format("rspec", "Failures:", r" +\d+\) (?P<name>.+)$", r" +\d+\) |Finished in |Failed examples:", r" +# \S"),
    _format("phpunit", "PHPUnit", r"\d+\) (?P<name>[\w\\]+::\w+.*)$", r"\d+\) |(?:FAILURES|ERRORS)!|--$", r"/\S+:\d+$"),
    _format(
        ".net",
        "[FAIL]",
        r" *(?P<name>[\w.]+(?:\(.*\))?) \[FAIL\]$",
        r".*\[(?:FAIL|PASS|SKIP)\]$|Failed!",
        r"\s+at |\s+\S+\(\d+,\d+\): at ",
    ),
    _format(
        ".net",
        "Error Message:",
        r"  (?:Failed|X) (?P<name>\S+)(?: \[.*\])?$",
        r"  (?:Failed|Passed|Skipped|X) |Failed!",
        r"\s+at ",
    ),
)
_MOST_REPORTS = 300
"""Failing tests of one runner that are looked at, so that a hostile output cannot take forever."""
_ERROR = re.compile(
    r"\s*(?:\[ERROR\]\s+)?(?P<kind>(?:[\w$]+[.\\])*[A-Z]\w*(?:Error|Exception|Failure|Failed)(?: \[\w+\])?)(?:: ?(?P<text>.*))?$"
)


def find(output: Output) -> list[Failure]:
    """Return the failing tests that runners report."""
    found: list[Failure] = []
    for form in _FORMATS:
        if form.mark in output.text:
            found += _reports(output, form)
    return found


def _reports(output: Output, form: _Format) -> list[Failure]:
    lines = output.lines
    found: list[Failure] = []
    file = ""
    tried = 0
    for index, line in enumerate(lines):
        if line.startswith(("FAIL ", " FAIL ")):
            file = line.strip()[5:].strip().partition(" ")[0]
        start = form.start.match(line)
        if not start:
            continue
        tried += 1
        if tried > _MOST_REPORTS:
            break
        end = next((at for at in range(index + 1, len(lines)) if form.stop.match(lines[at])), len(lines))
        failure = _report(lines, index, end, form, start, file)
        if failure and not any(failure.tests and failure.tests[0] == other.tests[0] and other.frames for other in found):
            found.append(failure)
    return found


def _report(lines: list[str], index: int, end: int, form: _Format, start: re.Match[str], file: str) -> Failure | None:
    body = lines[index + 1 : end]
    if form.tool == "go":
        body = body or _go_log(lines, index)
    frames = [frame for line in body if form.frame.match(line) for frame in frames_in(line)]
    if form.tool == "minitest" and body:
        frames = [*frames_in(body[0]), *(frame for line in body[1:] for frame in frames_in(line))]
    name, used = _name(lines, index, form, start, file)
    if form.tool == "mocha" and not frames:
        return None
    text = (
        [line for line in body[used:] if line.strip() and not form.frame.match(line)]
        if form.tool not in ("go", "minitest")
        else body
    )
    error = next((found for line in text[:6] if (found := _ERROR.match(line))), None)
    kind = error["kind"] if error else ""
    message = "\n".join(line.strip() for line in text[:8])
    if error and error["text"]:
        message = message.removeprefix(f"{error['kind']}:").strip()
    unique: list[Frame] = list(dict.fromkeys(frames))
    if form.tool in ("vitest", "jest") and all(is_foreign(frame.path) for frame in unique):
        suite = name.partition(" > ")[0] if form.tool == "vitest" else file
        unique += [Frame(suite, 1)] if suite else []
    return Failure(form.tool, kind, message, tuple(unique), index + 1, max(end, index + 1), (name,) if name else ())


def _go_log(lines: list[str], index: int) -> list[str]:
    """Return what a test logged before its result, as `go test -v` prints it."""
    above = index
    while above > 0 and not lines[above - 1].startswith(("=== ", "--- ", "FAIL", "PASS")):
        above -= 1
    return lines[above:index]


def _name(lines: list[str], index: int, form: _Format, start: re.Match[str], file: str) -> tuple[str, int]:
    """Return the name of a test, and how many lines below the headline belong to it."""
    groups = start.groupdict()
    if form.tool == "minitest":
        return re.sub(r"(?: \[.*\])?:$", "", lines[index + 1].strip()) if index + 1 < len(lines) else "", 0
    if form.tool == "junit":
        return f"{groups['class']}.{groups['method']}", 0
    if form.tool == "gradle":
        return f"{groups['class']}.{groups['name']}", 0
    name: str = groups["name"]
    if form.tool == "surefire":
        old = re.match(r"(\w+)\(([\w.$]+)\)$", name)
        return (f"{old[2]}.{old[1]}" if old else name), 0
    if form.tool == "jest" and name.startswith("Test suite failed"):
        return file, 0
    if form.tool == "rspec":
        rerun = next((line for line in lines[index:] if line.startswith("rspec ") and line.endswith(f"# {name}")), "")
        return (rerun[6:].partition(" #")[0].strip() or name), 0
    if form.tool != "mocha":
        return name, 0
    used = 0
    while index + 1 + used < len(lines) and used < 8 and lines[index + 1 + used].startswith("       "):
        name += " " + lines[index + 1 + used].strip()
        used += 1
        if name.endswith(":"):
            break
    return name.removesuffix(":"), used
