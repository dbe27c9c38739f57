"""Plain git in a throw-away clone, which says how states of a few files are merged; and ids of such states."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Collection
from pathlib import Path

Files = dict[str, bytes]
_IDENTITY = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
_STATES = ("base", "mine", "theirs")


class PlainGit:
    """One clone, used for any number of merges."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self.run("init", "-q", "--template=", "--initial-branch=mine")

    def merge(self, base: Files, mine: Files, theirs: Files, side: str = "") -> tuple[Files, set[str]]:
        """Return what `git merge` leaves on the disk, and the paths in which it finds a conflict.

        With a side, `ours` or `theirs`, conflicting lines are taken from there.
        """
        self._commit(base, mine, theirs)
        options = ("-X", "diff-algorithm=myers", "-X", "no-renames", *(("-X", side) if side else ()))
        done = self.run("merge", "-q", "--no-ff", "--no-commit", *options, "theirs", ok_codes=(0, 1))
        unmerged = self.run("ls-files", "-u", "-z").stdout.split(b"\0")[:-1] if done.returncode else []
        return on_disk(self.root), {os.fsdecode(line.partition(b"\t")[2]) for line in unmerged}

    def with_hunks(self, path: str, old: bytes, new: bytes, numbers: Collection[int]) -> bytes:
        """Return a file after `git apply` of some hunks of its diff, counted from 1."""
        self._commit({path: old}, {path: old}, {path: new})
        patch = self.run("diff", "--no-color", "--diff-algorithm=histogram", "base", "theirs", "--", path).stdout
        head, *hunks = patch.split(b"\n@@ ")
        chosen = [hunk.removesuffix(b"\n") for number, hunk in enumerate(hunks, 1) if number in numbers]
        self.run("apply", "--whitespace=nowarn", "-", input=b"\n@@ ".join([head, *chosen]) + b"\n")
        return (self.root / path).read_bytes()

    def run(
        self, *arguments: str, input: bytes | None = None, ok_codes: Collection[int] = (0,)
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git in the clone."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, input=input, capture_output=True, env={**os.environ, **_IDENTITY}
        )
        assert done.returncode in ok_codes, (arguments, done.stderr)
        return done

    def _commit(self, *states: Files) -> None:
        """Make commits of the three states, the first one being the parent of the others, and check the second one out."""
        lines = []
        for number, (name, files) in enumerate(zip(_STATES, states, strict=True), 1):
            lines.append(b"commit refs/heads/%b\nmark :%d\n" % (name.encode(), number))
            lines.append(b"committer x <x> 1 +0000\ndata 0\n" + (b"" if name == "base" else b"from :1\n") + b"deleteall\n")
            lines += [b"M 100644 inline %b\ndata %d\n%b\n" % (os.fsencode(p), len(c), c) for p, c in files.items()]
        self.run("fast-import", "--quiet", "--force", input=b"".join(lines))
        self.run("reset", "-q", "--hard")


def on_disk(root: Path) -> Files:
    """Return all files below a folder but those of git."""
    found = {}
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if name != ".git"]
        for name in files:
            path = Path(folder, name)
            found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found


def tree_id(files: Files) -> str:
    """Return the id that git gives a folder with these files."""
    return _tree(files).hex() if files else hashlib.sha1(b"tree 0\0", usedforsecurity=False).hexdigest()


def _tree(files: Files) -> bytes:
    entries: dict[str, tuple[bytes, bytes]] = {}
    below: dict[str, Files] = {}
    for path, content in files.items():
        name, _, rest = path.partition("/")
        if rest:
            below.setdefault(name, {})[rest] = content
        else:
            entries[name] = b"100644", _digest(b"blob", content)
    for name, inner in below.items():
        entries[name + "/"] = b"40000", _tree(inner)
    ranked = sorted(entries.items(), key=lambda item: os.fsencode(item[0]))
    lines = [b"%b %b\0%b" % (mode, os.fsencode(name.rstrip("/")), digest) for name, (mode, digest) in ranked]
    return _digest(b"tree", b"".join(lines))


def _digest(kind: bytes, content: bytes) -> bytes:
    return hashlib.sha1(b"%b %d\0%b" % (kind, len(content), content), usedforsecurity=False).digest()
