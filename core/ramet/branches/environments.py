"""Makes the copy of a Python environment work where it is: scripts and editable installs name folders by their full path."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_MOST_BYTES = 256 * 1024
"""No script that an installer writes is larger."""
_LONGEST_SHEBANG = 127
"""Bytes of a first line that every kernel reads."""
_SHEBANG = re.compile(rb"#!(?P<program>/[^\n]*/python[^/\s]*)(?P<rest>[ \t][^\n]*)?\n")
_SHELL_EXEC = re.compile(rb"^'''exec' (?P<program>/[^\n\"]*?) \"\$0\" \"\$@\"$", re.MULTILINE)
"""What installers write where a path is too long for the first line."""
_IN_A_NAME = rb"[\w.@%+~-]"


def relocate(environment: Path, old_root: Path, new_root: Path) -> None:
    """Let the copy of an environment, if it is one of Python, name folders below the new root instead of the old one."""
    if not (environment / "pyvenv.cfg").is_file():
        return
    old, new = os.fsencode(old_root), os.fsencode(new_root)
    top = os.path.realpath(environment)
    wanted = re.compile(rb"(?<!" + _IN_A_NAME + rb")" + re.escape(old) + rb"(?!" + _IN_A_NAME + rb")")
    for file in _naming_files(environment):
        if file.is_symlink() or not file.is_file() or file.stat().st_size > _MOST_BYTES:
            continue
        if not Path(os.path.realpath(file)).is_relative_to(top):  # `bin` may be a link to a folder of the user's
            continue
        before = file.read_bytes()
        if b"\0" in before or old not in before:
            continue
        after = _startable(wanted.sub(lambda found: new, before))
        if after != before:
            _replace(file, after)


def _naming_files(environment: Path) -> Iterator[Path]:
    yield environment / "pyvenv.cfg"
    yield from environment.glob("bin/*")
    for packages in environment.glob("lib/python*/site-packages"):
        yield from packages.glob("*.pth")
        yield from packages.glob("__editable__*.py")


def _startable(script: bytes) -> bytes:
    """Return a script whose first line a kernel can take: a path that is long or has spaces goes through a shell."""
    script = _SHELL_EXEC.sub(lambda found: b"'''exec' \"" + found["program"] + b'" "$0" "$@"', script)
    first = _SHEBANG.match(script)
    if first is None or (first.end() <= _LONGEST_SHEBANG and b" " not in first["program"]):
        return script
    options = first["rest"] or b""
    start = b"#!/bin/sh\n'''exec' \"" + first["program"] + b'"' + options + b" \"$0\" \"$@\"\n' '''\n"
    return start + script[first.end() :]


def _replace(file: Path, content: bytes) -> None:
    # A new time, too: Python takes a compiled file for current that has the time and the size of its source.
    temporary = file.with_name(f".{file.name}.new")
    temporary.write_bytes(content)
    temporary.chmod(file.stat().st_mode & 0o777)
    temporary.replace(file)
