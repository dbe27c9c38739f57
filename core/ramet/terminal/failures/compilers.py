"""Errors of compilers, linters, type checkers, build tools and shells: a place and a sentence."""

from __future__ import annotations

import re

from ramet.terminal.failures.values import Failure, Frame, Level, Output, frames_in

_PATH = r"(?P<path>(?:[^\s:()\"'<>|]|(?<=\w) (?=\w[\w ]*\.\w))+)"
_LEVEL = r"(?P<level>fatal error|internal compiler error|error|warning|note|info|style|information)"
_PLACED = re.compile(
    rf"(?:\[ERROR\] |\[WARNING\] |e: |w: )?(?:file://)?{_PATH}"
    r"(?::(?P<line>\d+)(?:[:.](?P<column>\d+))?(?:-\d+(?::\d+)?)?|:\[(?P<mline>\d+),(?P<mcolumn>\d+)\]|\((?P<tline>\d+)(?:,(?P<tcolumn>\d+)[\d,]*)?\))"
    r"(?::| -| )\s*(?P<rest>\S.*)$"
)
_LEVELLED = re.compile(rf"{_LEVEL}\b(?:\[[^\]\n]*\])?\s*(?P<code>[A-Z]{{1,6}}\d{{2,5}})?:?\s*(?P<text>.*)$")
_CODE_FIRST = re.compile(r"(?P<code>[A-Z]{1,5}\d{2,5})\b:?(?: \[\*\])?\s+(?P<text>.*)$")
_CODE_LAST = re.compile(r"\s+\[(?P<code>[\w./+=-]+)\]$")
_ARROW = re.compile(r" *--> (?P<path>[^:\n]+):(?P<line>\d+):(?P<column>\d+)$")
_ARROW_HEADER = re.compile(r"(?P<level>error|warning)?(?:\[(?P<code>\w+)\])?:? ?(?P<text>.*)$")
_RUFF_HEADER = re.compile(r"(?P<code>[A-Z]{1,5}\d{2,5}|invalid-syntax)(?::| \[\*\])?\s+(?P<text>.+)$")
_CONTEXT = re.compile(
    r"\s*(?:In file included|from) |.*:\d+: +required (?:from|by)|.*: In (?:instantiation|member|function|substitution)"
)
_REQUESTED = re.compile(r"requested here$|in expansion of macro|expanded from macro")
_TOOL_OF_EXTENSION = {
    **dict.fromkeys(("c", "h", "cc", "cpp", "cxx", "hpp", "hh", "m", "mm"), "gcc"),
    **dict.fromkeys(("py", "pyi"), "python checker"),
    **dict.fromkeys(("ts", "tsx", "mts", "cts"), "tsc"),
    **dict.fromkeys(("js", "jsx", "mjs", "cjs", "vue", "svelte"), "eslint"),
    **dict.fromkeys(("sh", "bash", "zsh"), "shellcheck"),
    **dict.fromkeys(("cs", "fs", "vb", "csproj"), ".net"),
    "go": "go",
    "rs": "rustc",
    "java": "javac",
    "kt": "kotlin",
    "scala": "scala",
    "rb": "ruby",
    "php": "php",
    "swift": "swift",
}
_WITHOUT_LEVEL = frozenset(("go", "rb", "php", "py", "js", "ts", "sh", "c", "cpp", "cc", "rs", "java"))
"""Extensions of files whose tools also print errors without saying that they are ones."""
_NO_ERROR = re.compile(r"(?:in |Assertion|required|\d|note:|passed|PASSED|FAILED|ok\b|in `|in ')")


def find(output: Output) -> list[Failure]:
    """Return the errors and warnings that name a place."""
    found: list[Failure] = []
    for index, line in enumerate(output.lines):
        if len(line) > 2000 or (":" not in line and "(" not in line):
            continue
        arrow = _ARROW.match(line)
        failure = _arrow(output.lines, index, arrow) if arrow else _placed(output.lines, index, found)
        if failure:
            found.append(failure)
    return found


def _tool(path: str, line: str) -> str:
    extension = path.rpartition(".")[2].lower()
    if path.rpartition("/")[2].lower() in ("makefile", "gnumakefile") or extension == "mk":
        return "make"
    if "[ERROR]" in line:
        return "maven"
    return "ld" if "undefined reference" in line else _TOOL_OF_EXTENSION.get(extension, extension)


def _placed(lines: list[str], index: int, found: list[Failure]) -> Failure | None:
    line = lines[index]
    match = _PLACED.match(line) or _PLACED.match(line.lstrip(" :")) if line[:1] != "\t" else None
    if not match:
        return None
    rest = match["rest"]
    number = match["line"] or match["mline"] or match["tline"]
    column = match["column"] or match["mcolumn"] or match["tcolumn"] or "0"
    frame = Frame(_without_task(match["path"]), int(number[:7]), int(column[:7]))
    if "." not in frame.path and not frame.path.lower().endswith("makefile"):
        return None
    levelled = _LEVELLED.match(rest)
    if levelled and levelled["level"] in ("note", "info", "information"):
        _attach(found, frame, rest, index)
        return None
    described = _description(rest, levelled, line, frame)
    if not described:
        return None
    level, code, text = described
    return Failure(
        _tool(frame.path, line), code, text, (frame, *_context(lines, index)), index + 1, _end(lines, index), level=level
    )


def _without_task(path: str) -> str:
    """Return a path without the name of the task that Gradle printed before it on the same line."""
    return path[path.index("/") :] if path.startswith("compile") and "/" in path else path


def _description(rest: str, levelled: re.Match[str] | None, line: str, frame: Frame) -> tuple[Level, str, str] | None:
    if levelled:
        text = levelled["text"]
        last = _CODE_LAST.search(text)
        code = levelled["code"] or (last["code"] if last else "")
        level: Level = "error" if "error" in levelled["level"] else "warning"
        return level, code, text
    coded = _CODE_FIRST.match(rest)
    if coded:
        return "error", coded["code"], coded["text"]
    if line.startswith("[WARNING]"):
        return "warning", "", rest
    extension = frame.path.rpartition(".")[2].lower()
    is_error = (
        rest.startswith("***") or line.startswith("[ERROR]") or "undefined reference" in rest or "multiple definition" in rest
    )
    if is_error or (
        extension in _WITHOUT_LEVEL and line[:1].strip() and not _NO_ERROR.match(rest) and _says_error(extension, rest, frame)
    ):
        return "error", "", rest.removeprefix("*** ")
    return None


def _says_error(extension: str, rest: str, frame: Frame) -> bool:
    if extension == "go":
        return frame.path.startswith(("./", "../", "/")) or frame.column > 0
    return rest.startswith(("syntax error", "SyntaxError", "parse error")) or (extension == "sh" and "not found" in rest)


def _attach(found: list[Failure], frame: Frame, rest: str, index: int) -> None:
    """Add the place of a note that says what asked for the code of the last error."""
    if found and _REQUESTED.search(rest) and index - found[-1].last_line < 12:
        last = found[-1]
        found[-1] = Failure(
            last.tool, last.kind, last.message, (*last.frames, frame), last.first_line, index + 1, last.tests, level=last.level
        )


def _context(lines: list[str], index: int) -> list[Frame]:
    """Return the places from which the code of an error is included or instantiated, nearest first."""
    frames: list[Frame] = []
    above = index - 1
    while above >= 0 and index - above < 40 and _CONTEXT.match(lines[above]):
        frames += [frame for frame in frames_in(lines[above]) if "In instantiation" not in lines[above]]
        above -= 1
    return frames


def _end(lines: list[str], index: int) -> int:
    """Return the line up to which an error shows its source."""
    end = index + 1
    while end < len(lines) and end - index < 8 and (lines[end][:1] in (" ", "\t") or re.match(r" *\d* *\|", lines[end])):
        end += 1
    return end


def _arrow(lines: list[str], index: int, arrow: re.Match[str]) -> Failure | None:
    """Read what rustc and ruff print: a headline, and below it an arrow to the place."""
    header = lines[index - 1].strip() if index else ""
    frame = Frame(arrow["path"].strip(), int(arrow["line"][:7]), int(arrow["column"][:7]))
    ruff = _RUFF_HEADER.match(header)
    rust = _ARROW_HEADER.match(header)
    end = next((at for at in range(index + 1, min(index + 40, len(lines))) if not lines[at].strip()), index + 1)
    if ruff:
        return Failure("ruff", ruff["code"], ruff["text"], (frame,), index, end)
    if rust and rust["level"]:
        level: Level = "error" if rust["level"] == "error" else "warning"
        return Failure("rustc", rust["code"] or "", rust["text"], (frame,), index, end, level=level)
    return None


_SHELL = re.compile(r"(?:.*/)?[\w.-]+: line \d+: .+$|(?P<dash>\S+\.sh|\./\S+): (?P<line>\d+): (?P<text>.+)$")
_SHELLCHECK = re.compile(r"In (?P<path>\S+) line (?P<line>\d+):$")
_CMAKE = re.compile(
    r"CMake (?P<level>Error|Warning|Deprecation Warning)[^:]*? at (?P<path>[^:\n]+):(?P<line>\d+)(?: \((?P<function>\w+)\))?:"
)
_MAKE = re.compile(r"(?:\w*make(?:\[\d+\])?): \*\*\* (?:\[(?P<path>[^:\]]+):(?P<line>\d+): (?P<target>[^\]]+)\] )?(?P<text>.+)$")
_GRADLE = re.compile(r"(?:Build|Settings|Script) file '(?P<path>[^']+)' line: (?P<line>\d+)$")
_ROW = re.compile(r"  +(?P<line>\d+):(?P<column>\d+) {2,}(?P<level>error|warning) {2,}(?P<text>.+)$")
_PHP = re.compile(r"(?:PHP )?(?:Parse|Fatal|Compile) error: +(?P<text>.+) in (?P<path>\S+) on line (?P<line>\d+)$")
_ASSERT = re.compile(r"\S+: (?P<path>[^\s:]+):(?P<line>\d+): (?P<function>.+?): (?P<text>Assertion .+ failed\.)$")


def find_in_builds(output: Output) -> list[Failure]:
    """Return what shells, ShellCheck, CMake, Make, Gradle, ESLint and PHP say in forms of their own."""
    found: list[Failure] = []
    heading = ""
    for index, line in enumerate(output.lines):
        if not line or len(line) > 2000:
            continue
        if not line[0].isspace():
            heading = line
        failure = _of_build(output.lines, index, heading)
        if failure:
            found.append(failure)
    return found


def _of_build(lines: list[str], index: int, heading: str) -> Failure | None:
    line = lines[index]
    for tool, pattern in (
        ("cmake", _CMAKE),
        ("make", _MAKE),
        ("gradle", _GRADLE),
        ("php", _PHP),
        ("c", _ASSERT),
        ("shellcheck", _SHELLCHECK),
    ):
        match = pattern.match(line)
        if match:
            return _described(tool, match, lines, index)
    row = _ROW.match(line)
    if row:
        level: Level = "error" if row["level"] == "error" else "warning"
        text, _, rule = row["text"].rpartition("  ")
        frame = Frame(heading.strip(), int(row["line"][:7]), int(row["column"][:7]))
        return Failure("eslint", rule.strip(), text.strip() or rule, (frame,), index + 1, index + 1, level=level)
    shell = _SHELL.match(line)
    if shell:
        frames = frames_in(line) if not shell["dash"] else [Frame(shell["dash"], int(shell["line"][:7]))]
        text = shell["text"] or line.partition(": line ")[2].partition(": ")[2]
        return Failure("shell", "", text, tuple(frames[:1]), index + 1, index + 1) if frames else None
    return None


def _described(tool: str, match: re.Match[str], lines: list[str], index: int) -> Failure:
    groups = match.groupdict()
    end = index + 1
    text = groups.get("text") or ""
    level: Level = "warning" if "Warning" in (groups.get("level") or "") else "error"
    frames = [Frame(match["path"], int(match["line"][:7]), 0, groups.get("function") or "")] if match["path"] else []
    if tool in ("cmake", "shellcheck", "gradle"):
        body = lines[index + 1 : index + 30]
        stops = ("Call Stack", "-- ", "For more", "* Try", "In ")
        end = next((at for at, line in enumerate(body) if line.startswith(stops)), len(body))
        text = "\n".join(line.strip() for line in body[:end] if line.strip() and not line.startswith("* What"))
        if end < len(body) and body[end].startswith("Call Stack"):
            calls = body[end + 1 :]
            calls = calls[: next((at for at, line in enumerate(calls) if not line.startswith("  ")), len(calls))]
            frames += [frame for line in calls for frame in frames_in(line)]
        end += index + 1
        code = re.search(r"\b(SC\d{4})\b", text)
        if tool == "shellcheck" and code:
            return Failure(tool, code[1], text, tuple(frames), index + 1, end, level=level)
    return Failure(tool, groups.get("target") or "", text, tuple(frames), index + 1, end, level=level)
