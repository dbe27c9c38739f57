"""One line about a whole run of tests, of a linter or of a compiler: its own counts, else what failed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from ramet.inert import inert_line
from ramet.terminal.failures.registry import find_failures
from ramet.terminal.failures.values import Failure

_LONGEST = 4 * 1024 * 1024
"""Characters that are looked at: the end of a longer output."""
_LONGEST_SUMMARY = 160
"""Characters of one."""
_REPEATING = frozenset(("make", "shell"))
"""Tools that only repeat that another one failed."""
_ERROR_LINE = re.compile(r"\b(?:errors?|fail(?:ed|ure|ures)?|fatal|panic|cannot|not found|exception)\b", re.IGNORECASE)


class _Count(Struct, frozen=True):
    """What a tool counted itself."""

    text: str
    is_bad: bool
    line: int
    """Where it stands, 0-based: the last one is about everything before it."""


def summary_of(output: str, *, passed: bool, folder: str = "") -> str:
    """Return what a check said about itself in one line; empty where one that passed said nothing that is understood.

    `output` is plain text, as `ramet.terminal.plain` makes it; paths below `folder` are told without it.
    """
    text = output[-_LONGEST:]
    if folder:
        text = text.replace(f"{folder}/", "")
    lines = [line.rstrip() for line in text.split("\n")]
    counts = sorted((count for find in _TOOLS for count in find(lines)), key=lambda count: count.line)
    fitting = [count for count in counts if count.is_bad is not passed]
    if fitting:
        return _clipped(fitting[-1].text)
    return "" if passed else _clipped(_of_failures(find_failures(text)) or _first_error(lines))


def _pytest(lines: Sequence[str]) -> Iterable[_Count]:
    for number, line in enumerate(lines):
        end = _PYTEST.fullmatch(line.strip("= "))
        if end:
            counts = [part for part in end["counts"].split(", ") if not part.endswith(("warning", "warnings", "deselected"))]
            bad = re.search(r"\d+ (?:failed|errors?)\b", end["counts"])
            yield _Count(", ".join(counts) or end["counts"], bool(bad) or counts == ["no tests ran"], number)


_PYTEST = re.compile(r"(?P<counts>no tests ran|(?:\d+ [a-z]+(?:, )?)+) in [\d.]+s(?: \([\d:]+\))?")


def _unittest(lines: Sequence[str]) -> Iterable[_Count]:
    ran = 0
    for number, line in enumerate(lines):
        if count := re.fullmatch(r"Ran (\d+) tests? in [\d.]+s", line):
            ran = int(count[1])
        elif ran and (end := re.fullmatch(r"(?P<word>OK|FAILED)(?: \((?P<counts>[^)]*)\))?", line)):
            parts = dict(re.findall(r"([a-z ]+)=(\d+)", end["counts"] or ""))
            counts = {name.strip(): int(value) for name, value in parts.items()}
            failed, errors, skipped = counts.get("failures", 0), counts.get("errors", 0), counts.get("skipped", 0)
            good = max(ran - sum(counts.values()), 0)
            words = [(failed, "failed"), (errors, _plural(errors, "error")), (good, "passed"), (skipped, "skipped")]
            yield _Count(_joined(words), end["word"] == "FAILED", number)
            ran = 0


def _jest(lines: Sequence[str]) -> Iterable[_Count]:
    """Jest and Vitest: a line for files and one for tests, which says nothing where no file could be read."""
    suites: _Count | None = None
    for number, line in enumerate(lines):
        found = _JEST.match(line)
        if not found:
            continue
        counts = [(int(value), word) for value, word in re.findall(r"(\d+) (failed|passed|skipped|todo)", found["counts"])]
        is_bad = any(word == "failed" for _, word in counts)
        if found["files"]:
            files = next((count for count, word in counts if word == "failed"), 0)
            suites = _Count(f"{files} test file{'' if files == 1 else 's'} failed", True, number) if is_bad else None
        elif counts and (is_bad or suites is None):
            yield _Count(_joined(counts), is_bad, number)
        elif suites is not None:
            passed = [pair for pair in counts if pair[1] == "passed"]
            yield _Count(", ".join(filter(None, (suites.text, _joined(passed)))), True, number)


_JEST = re.compile(r"\s*(?:(?P<files>Test Suites:|Test Files)|Tests:?)\s+(?P<counts>.*)$")


def _mocha(lines: Sequence[str]) -> Iterable[_Count]:
    passing = 0
    for number, line in enumerate(lines):
        found = re.fullmatch(r"\s+(\d+) (passing|failing)(?: \(\S+\))?", line)
        if found and found[2] == "passing":
            passing = int(found[1])
            yield _Count(f"{passing} passed", False, number)
        elif found:
            yield _Count(_joined([(int(found[1]), "failed"), (passing, "passed")]), True, number)


def _node_test(lines: Sequence[str]) -> Iterable[_Count]:
    passed = 0
    for number, line in enumerate(lines):
        found = re.fullmatch(r"[#\u2139] (pass|fail) (\d+)", line)
        if found and found[1] == "pass":
            passed = int(found[2])
        elif found:
            failed = int(found[2])
            yield _Count(_joined([(failed, "failed"), (passed, "passed")]), failed > 0, number)


def _cargo_test(lines: Sequence[str]) -> Iterable[_Count]:
    """Cargo prints a result for each binary with tests."""
    totals = {"failed": 0, "passed": 0, "ignored": 0}
    last = -1
    for number, line in enumerate(lines):
        found = re.match(r"test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;", line)
        if found:
            last = number
            for word, value in zip(("passed", "failed", "ignored"), found.groups(), strict=True):
                totals[word] += int(value)
    if last >= 0:
        yield _Count(_joined([(count, word) for word, count in totals.items()]) or "no tests", totals["failed"] > 0, last)


def _go_test(lines: Sequence[str]) -> Iterable[_Count]:
    failed: set[str] = set()
    passed = good = bad = built = 0
    last = -1
    for number, line in enumerate(lines):
        if found := re.match(r"\s*--- (FAIL|PASS): (\S+) \([\d.]+s\)", line):
            failed |= {found[2]} if found[1] == "FAIL" else set()
            passed += found[1] == "PASS"
        elif re.match(r"ok\s+\S+\s+(?:[\d.]+s|\(cached\))", line):
            good, last = good + 1, number
        elif re.match(r"FAIL\s+\S+\s+(?:[\d.]+s|\[\w+ failed\])$", line):
            bad, built, last = bad + 1, built + ("[build failed]" in line), number
    if last < 0:
        return
    names = {name for name in failed if not any(other.startswith(f"{name}/") for other in failed)}
    tests = _joined([(len(names), "failed"), (passed, "passed")])
    counts = ((built, "not built"), (bad - built, "failed"), (good, "passed"))
    packages = ", ".join(f"{count:,} {_plural(count, 'package')} {word}" for count, word in counts if count)
    yield _Count(tests if names or (passed and not bad) else packages, bad > 0, last)


def _counted(pattern: str, shown: str = "", *, bad: bool = True) -> Callable[[Sequence[str]], Iterable[_Count]]:
    """Return what finds a line of one form; `shown` is a template for its groups, empty for the first group itself."""
    compiled = re.compile(pattern)

    def find(lines: Sequence[str]) -> Iterable[_Count]:
        for number, line in enumerate(lines):
            found = compiled.match(line)
            if found:
                text = found.expand(shown) if shown else found[1]
                yield _Count(text, bad, number)

    return find


def _runs(pattern: str) -> Callable[[Sequence[str]], Iterable[_Count]]:
    """Return what finds a line with the groups total, failed, errors and skipped, the last two of which may be missing."""
    compiled = re.compile(pattern)

    def find(lines: Sequence[str]) -> Iterable[_Count]:
        for number, line in enumerate(lines):
            found = compiled.search(line)
            if not found:
                continue
            counts = {name: int(value or 0) for name, value in found.groupdict().items()}
            failed, errors, skipped = counts["failed"], counts.get("errors", 0), counts.get("skipped", 0)
            good = max(counts["total"] - failed - errors - skipped, 0)
            words = [(failed, "failed"), (errors, _plural(errors, "error")), (good, "passed"), (skipped, "skipped")]
            yield _Count(_joined(words) or "no tests", failed + errors > 0, number)

    return find


_TOOLS: tuple[Callable[[Sequence[str]], Iterable[_Count]], ...] = (
    _pytest,
    _unittest,
    _jest,
    _mocha,
    _node_test,
    _cargo_test,
    _go_test,
    _runs(r"^(?P<total>\d+) examples?, (?P<failed>\d+) failures?(?:, (?P<skipped>\d+) pending)?"),
    _runs(r"^(?P<total>\d+) runs?, \d+ assertions?, (?P<failed>\d+) failures?, (?P<errors>\d+) errors?, (?P<skipped>\d+) skips?"),
    _runs(r"^Tests: (?P<total>\d+), Assertions: \d+(?:, Errors: (?P<errors>\d+))?, Failures: (?P<failed>\d+)"),
    _runs(
        r"(?:^|\] )Tests run: (?P<total>\d+), +Failures: (?P<failed>\d+)(?:, +Errors: (?P<errors>\d+))?"
        r"(?:, +Skipped: (?P<skipped>\d+))?$"
    ),
    _runs(r"^(?P<total>\d+) tests completed, (?P<failed>\d+) failed"),
    _counted(r"OK \((\d+) tests?(?:, \d+ assertions?)?\)$", r"\1 passed", bad=False),  # JUnit, PHPUnit
    _counted(r"\*\*\*Test Failed\*\*\* (\d+) failures", r"\1 failed"),  # doctest
    _counted(r"Found (\d+ errors?)\b(?! in)"),  # ruff
    _counted(r"Found (\d+ errors? in \d+ files?) \(checked"),  # mypy
    _counted(r"Found (\d+ errors? in \d+ files)\.$"),  # tsc
    _counted(r"Found (\d+ errors? in (?:the same file, starting at: )?[^:\s]+):\d+$"),
    _counted(r"([1-9]\d* errors?, \d+ warnings?), \d+ informations?"),
    _counted(r"0 errors, \d+ warnings?, \d+ informations?", "no errors", bad=False),  # pyright
    _counted(r"All checks passed!", "no errors", bad=False),
    _counted(r"Success: no issues found in (\d+ source files?)$", r"no errors in \1", bad=False),
    _counted(r"✖ \d+ problems? \(([1-9]\d* errors?, \d+ warnings?)\)"),
    _counted(r"✖ \d+ problems? \(0 errors, (\d+ warnings?)\)", bad=False),
    _counted(r"error: could not compile .* due to (\d+) previous( errors?)", r"\1\2"),
    _counted(r"(\d+ files? would be reformatted)"),
    _counted(r"(\d+ files? already formatted)$", bad=False),
)


def _of_failures(failures: Sequence[Failure]) -> str:
    """Return the only failure, or how many there are of what kind and where."""
    errors = [failure for failure in failures if failure.level == "error"]
    errors = [failure for failure in errors if failure.tool not in _REPEATING] or errors
    if not errors:
        return ""
    tests = dict.fromkeys(test for failure in errors for test in failure.tests)
    if len(tests) > 1:
        return f"{len(tests)} failed"
    if len(errors) == 1:
        where = errors[0].frames[0] if errors[0].frames else None
        place = f"{where.path}:{where.line}: " if where is not None and not errors[0].tests else ""
        return f"{place}{errors[0].title}"
    files = dict.fromkeys(failure.frames[0].path for failure in errors if failure.frames)
    place = f" in {next(iter(files))}" if len(files) == 1 else f" in {len(files)} files" if files else ""
    return f"{len(errors)} errors{place}"


def _first_error(lines: Sequence[str]) -> str:
    """Return the first line that speaks of an error, else the last line that says anything."""
    told = [line.strip() for line in lines if line.strip()]
    return next((line for line in told if _ERROR_LINE.search(line)), told[-1] if told else "")


def _joined(counts: Iterable[tuple[int, str]]) -> str:
    return ", ".join(f"{count:,} {word}" for count, word in counts if count)


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"


def _clipped(text: str) -> str:
    line = inert_line(" ".join(text.split()))
    return line if len(line) <= _LONGEST_SUMMARY else line[: _LONGEST_SUMMARY - 1].rstrip() + "…"
