"""Finds the places in files that the output of tools names, and which files of a repository they are.

Most lines of an output name no place. They are told apart by a cheap test before any line is looked at closely.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from posixpath import normpath
from urllib.parse import unquote

from ramet.models import Value


class PlaceReference(Value, frozen=True):
    """A place in a file, as a tool printed it."""

    path: str
    """As printed, without `file://` and the like."""
    line: int
    column: int = 0
    """0 where none was printed."""
    start: int = 0
    """Offset in the text of the first character of what names the place."""
    end: int = 0
    function: str = ""
    """What was running there, where the format tells: `Cart.total`, `com.shop.Cart.total`."""


_PROMISING = re.compile(
    r":(?=\[?\d)(?:(?<=[A-Za-z_+\])]:)|(?<=\.f\d\d:)|(?<=  \d:)|(?<=  \d\d:)|(?<=  \d{3}:)|(?<=  \d{4}:))"
    r"|line (?=\d)|\((?=\d+[,)])|\?(?=[\w=&.%-]{1,40}:\d)"
)
"""What every place is printed with: a colon or a bracket before a number, or the word. After a digit it is mostly a clock."""
_BEFORE_PATH = (" ", "(", '"', "'", "\t", "=", "`", "<", ",", "\n")
_LONGEST_PATH = 300
_LONGEST_NAME = 32
"""Characters at the end of a path in which its extension begins."""
_LONGEST_LINE = 1000
"""Characters; a longer line is data, of which only the beginning is looked at."""

_PATH = r"(?:[^\s:\"'`()<>\[\]{}|,;=*?&#]|(?<=[\w/])\[[\w.-]{1,60}\](?=[/.])|(?<=/)\([\w.-]{1,60}\)(?=/))+"
"""A path without spaces; parts such as `[id]` and `(group)` are names of routes."""
_QUERY = r"(?:\?[\w=&.%-]{0,60})?"
"""What bundlers append to a file's address."""
_FORMS = (
    # Python: File "x.py", line 3, in f
    r"File \"(?P<p1>[^\"\n]+)\", line (?P<l1>\d+)(?:, in (?P<f1>[^\n]+))?",
    # JVM: at com.shop.Cart.total(Cart.java:12)
    r"at (?:[\w.@-]*/)*(?P<f2>[\w.$<>]+)\((?P<p2>[\w$-]+\.(?:java|kt|kts|scala|groovy|clj)):(?P<l2>\d+)\)",
    # .NET: at Shop.Cart.Total(Int32 n) in /src/Cart.cs:line 12
    r"at (?P<f3>[\w.`<>\[\]|+,]+) ?\([^)\n]*\)(?: \[0x\w+\])? in (?P<p3>[^\n<>\"|]+?):(?:line )?(?P<l3>\d+)",
    # JavaScript: at f (file:///src/x.js:1:2), also with `eval at`
    r"at (?:async )?(?P<f4>(?:new )?[^\s()]+(?: \[as [^\]\n]+\])?) "
    rf"\((?P<p4>(?:[^()\n]|\([\w-]{{1,40}}\)/)+?){_QUERY}:(?P<l4>\d+):(?P<c4>\d+)\)",
    # PHP: #0 /src/x.php(12): Cart->total()
    r"#\d+ (?P<p5>[^\n(]+)\((?P<l5>\d+)\): (?P<f5>[\w\\>:{}-]+)",
    # PHP and Perl: in /src/x.php on line 12, at x.pl line 3.
    r"(?:in|at) (?P<p6>[^\s:\"'()]+) (?:on )?line (?P<l6>\d+)",
    # ShellCheck: In x.sh line 3:
    r"In (?P<p7>\S+) line (?P<l7>\d+):",
    # shells: x.sh: line 12: no such command
    rf"(?P<p8>{_PATH}): line (?P<l8>\d+)",
    # TypeScript and .NET compilers: src/x.ts(12,3): error
    rf"(?P<p9>{_PATH})\((?P<l9>\d+)(?:,(?P<c9>\d+)(?:,\d+,\d+)?)?\)(?=:)",
    # javac under Maven: /src/Cart.java:[12,5]
    rf"(?P<p10>{_PATH}):\[(?P<l10>\d+),(?P<c10>\d+)\]",
    # Ruby: x.rb:12:in 'total'
    rf"(?P<p11>(?:file://|webpack(?:-internal)?:/{{2,3}}|rsc://)?{_PATH}){_QUERY}:(?P<l11>\d+):in [`'](?P<f11>[^'\n]+)'",
    # path:line, path:line:column, also of ranges
    rf"(?P<p12>(?:file://|webpack(?:-internal)?:/{{2,3}}|https?://localhost(?::\d+)?/|rsc://)?{_PATH}){_QUERY}"
    r":(?P<l12>\d+)(?:[:.](?P<c12>\d+))?(?![\w.]|:\d)",
)
_ANY = re.compile("|".join(_FORMS))
_FIELDS = tuple((f"p{n}", f"l{n}", f"c{n}", f"f{n}") for n in range(1, len(_FORMS) + 1))

_NAMED_FILES_TEXT = "makefile gnumakefile dockerfile containerfile rakefile gemfile jenkinsfile justfile procfile build"
_NAMED_FILES = frozenset(_NAMED_FILES_TEXT.split())
_DOMAINS_TEXT = "com org net io dev local localhost internal app ai de uk eu us info"
_DOMAINS = frozenset(_DOMAINS_TEXT.split())
_EXTENSION = re.compile(r"\.[A-Za-z_][\w+-]{0,15}\Z")
_HEADING = re.compile(rf"(?:/|\./|\.\./)?{_PATH}\Z")
_ROW = re.compile(r" {2,}(\d+):(\d+) {2,}(?:error|warning|✖|⚠)")
"""ESLint lists places below the file that they are in."""
_SCHEME = re.compile(
    r"(?:file|rsc):/{2,3}(?=/)|file://(?:localhost)?|webpack(?:-internal)?:/{2,3}(?:[\w@.-]*/(?=\./))?|https?://localhost(?::\d+)?/(?:@fs(?=/))?"
)
_UNSCHEMED = re.compile(r"\A(?:\./)+|\A\([\w-]+\)/(?:\./)?")


def find_references(text: str) -> tuple[PlaceReference, ...]:
    """Return the places that a text names, in order."""
    return tuple(_references(text))


def _references(text: str) -> Iterator[PlaceReference]:
    place = 0
    while found := _PROMISING.search(text, place):
        if found[0][0] != "l" and not _ends_in_path(text, found.start()):
            place = found.end()
            continue
        start = text.rfind("\n", 0, found.start()) + 1
        end = text.find("\n", found.end())
        place = end = len(text) if end < 0 else end
        end = min(end, start + _LONGEST_LINE)
        row = _ROW.match(text, start, end)
        if row:
            yield from _listed(text, start, row)
            continue
        for match in _ANY.finditer(text, start, end):
            reference = _reference(match)
            if reference:
                yield reference


def _ends_in_path(text: str, end: int) -> bool:
    """Whether what stands directly before a place may be the name of a file, or the row number of a list of places."""
    tail = text[max(end - _LONGEST_NAME, 0) : end]
    if "." not in tail and not tail[-1].isdigit():  # a host and its port, most of the time
        slash = tail.rfind("/")
        if (slash < 0 or tail[slash - 1] == "/") and not tail.lower().endswith(("file", "build")):
            return False
    before = text[max(end - _LONGEST_PATH, 0) : end]
    path = before[max(before.rfind(char) for char in _BEFORE_PATH) + 1 :]
    return path.isdigit() or _is_file_name(path[path.rfind(":") + 1 :].removeprefix("//"))


def _reference(match: re.Match[str]) -> PlaceReference | None:
    number = _form_of(match)
    path_field, line_field, column_field, function_field = _FIELDS[number]
    groups = match.re.groupindex
    path = clean_path(match[path_field])
    if not _is_file_name(path) or len(match[line_field]) > 7:
        return None
    column = match[column_field] if column_field in groups else None
    function = match[function_field] if function_field in groups else None
    last = column_field if column else line_field
    return PlaceReference(
        path,
        int(match[line_field]),
        int(column[:7]) if column else 0,
        match.start(path_field),
        match.end(last),
        (function or "").strip(),
    )


def _form_of(match: re.Match[str]) -> int:
    last = match.lastgroup or ""
    return int(last[1:]) - 1


def clean_path(path: str) -> str:
    """Return a path without the scheme that a tool put before it and what it escaped."""
    path = path.strip()
    schemed = _SCHEME.match(path)
    if schemed:
        path = _UNSCHEMED.sub("", path[schemed.end() :])
        path = unquote(path) if "%" in path else path
    return path.removeprefix("(").strip()


def _is_file_name(path: str) -> bool:
    if path.startswith(("node:", "<", "//")) or path.endswith(("/", ".")) or "://" in path:
        return False
    name = path[path.rfind("/") + 1 :].lstrip("[")
    if name.lower() in _NAMED_FILES:
        return True
    extension = _EXTENSION.search(name)
    if not extension:
        return "/" in path and path.startswith(("/", "./", "../")) and name.replace("-", "").replace("_", "").isalpha()
    return "/" in path or extension[0][1:].lower() not in _DOMAINS


def _listed(text: str, row_start: int, row: re.Match[str]) -> Iterator[PlaceReference]:
    """Find the file that a row without a path belongs to: the last line before it that is not indented."""
    end = row_start - 1
    for _ in range(500):
        start = text.rfind("\n", 0, max(end, 0)) + 1
        line = text[start : max(end, 0)]
        if line and not line[0].isspace():
            if _HEADING.match(line) and _is_file_name(line):
                yield PlaceReference(line, int(row[1][:7]), int(row[2][:7]), row.start(1), row.end(2))
            return
        if start == 0 or not line:
            return
        end = start - 1


class FileResolver:
    """Maps paths as printed to files of a repository.

    `files` are relative to the root, `folder` is where the command ran, `root` is the repository's absolute folder; without it
    the root is taken to be `folder` or one of the folders around it.
    """

    def __init__(self, files: Collection[str], folder: str = "", root: str = "") -> None:
        self._files = files if isinstance(files, (set, frozenset, dict)) else frozenset(files)
        self._folder = normpath(folder) if folder else ""
        self._roots = [normpath(root)] if root else _folders_around(self._folder)
        self._by_name: dict[str, list[str]] | None = None

    def resolve(self, path: str, function: str = "") -> str | None:
        """Return the file that a printed path names, None where there is none or where several could be meant.

        `function` may hold the package of a file of the JVM, which prints no folders.
        """
        if not path or "\0" in path:
            return None
        found = self._resolved(path)
        if found or is_foreign(path):
            return found
        package = function.rpartition(".")[0].rpartition(".")[0].replace(".", "/") if "/" not in path and "." in function else ""
        return (self._by_suffix(f"{package}/{path}") if package else None) or self._by_suffix(path)

    def _resolved(self, path: str) -> str | None:
        absolute = normpath(path if path.startswith("/") else f"{self._folder}/{path}")
        for root in self._roots:
            if absolute.startswith(root.rstrip("/") + "/") and (relative := absolute[len(root.rstrip("/")) + 1 :]) in self._files:
                return relative
        relative = normpath(path)
        if relative in self._files:
            return relative
        return relative[2:] if relative.startswith(("a/", "b/")) and relative[2:] in self._files else None

    def _by_suffix(self, path: str) -> str | None:
        """Return the one file whose path ends in the longest part of a path; a whole relative path if it has no folders."""
        if self._by_name is None:
            self._by_name = {}
            for file in self._files:
                self._by_name.setdefault(file[file.rfind("/") + 1 :], []).append(file)
        parts = [part for part in normpath(path).split("/") if part not in ("", "..", ".")]
        if not parts:
            return None
        candidates = self._by_name.get(parts[-1], [])
        shortest = 2 if path.startswith("/") else len(parts)
        for length in range(len(parts), min(shortest, len(parts)) - 1, -1):
            suffix = "/".join(parts[-length:])
            fitting = [file for file in candidates if file == suffix or file.endswith("/" + suffix)]
            if len(fitting) == 1:
                return fitting[0]
            if fitting:
                return None
        return None


def _folders_around(folder: str) -> list[str]:
    folders: list[str] = []
    while folder.startswith("/") and folder != "/":
        folders.append(folder)
        folder = folder[: folder.rfind("/")] or "/"
    return folders


_FOREIGN = re.compile(
    r"/(?:site-packages|dist-packages|node_modules|\.cargo/registry|\.rustup|rustc/|gems/|vendor/bundle|go/pkg/mod|\.pyenv|\.venv|venv)/"
    r"|\A/(?:usr|opt|nix|lib|System|Library)/|\A(?:node|internal|java\.|jdk\.|std/|/rustc/)|\Ainternal/|/lib/python3|\A<|\Anode_modules/"
)


def is_foreign(path: str) -> bool:
    """Whether a printed path is that of a library or of the language itself."""
    return bool(_FOREIGN.search(path))


def resolve(reference: PlaceReference, folder: str, files: Collection[str], root: str = "") -> str | None:
    """Return the file of the repository that a reference names, see `FileResolver`; to resolve several, keep one of those."""
    return FileResolver(files, folder, root).resolve(reference.path, reference.function)
