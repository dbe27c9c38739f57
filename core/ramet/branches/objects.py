"""The private repository in which the states of branches are kept; it reads the user's objects and never writes there.

The one thing that is written into the user's repository is a reference below refs/ramet/ to a commit that it had as HEAD, so
that what unchanged files hold stays there whatever is rebased and collected.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from ramet.branches.loose import LooseObjects
from ramet.errors import GitError
from ramet.git.repository import Location
from ramet.git.runner import Git, partial_clone
from ramet.index.merkle import SUBMODULE_MODE, ObjectFormat
from ramet.models import GitHead
from ramet.paths import path_to_text
from ramet.store.lock import store_error

RAW = {"GIT_NO_REPLACE_OBJECTS": "1"}
"""An object that was replaced would be read with the id of another content."""

_COPIED_SETTINGS = (
    "core.attributesfile", "core.autocrlf", "core.checkstat", "core.eol", "core.excludesfile", "core.filemode",
    "core.ignorecase", "core.precomposeunicode", "core.sparsecheckout", "core.sparsecheckoutcone", "core.symlinks",
    "core.trustctime",
)  # fmt: skip
"""Keys of a repository that decide what its files hold; none names a program."""
_COPIED_FILES = ("info/exclude", "info/attributes", "info/sparse-checkout")
_MOST_COPIED_BYTES = 1 << 20
_KEPT_COMPARISONS = 8
"""Comparisons of two trees that are remembered: one merge asks for some of them twice."""
_MOST_SINGLE = 200
"""Objects that are copied one by one; more are packed together."""
_AUTHOR = "Ramet <ramet@localhost>"


class Head(Struct, frozen=True):
    """What a working tree stands on; empty ids before the first commit and outside git."""

    branch: str = ""
    commit: str = ""
    tree: str = ""


class TreeChange(Struct, frozen=True):
    """One path where two trees differ; mode 0 and an empty id where there is nothing."""

    path: str
    old_mode: int
    new_mode: int
    old_id: str
    new_id: str


class ObjectStore:
    """The private repository of one working tree, for one thread at a time."""

    def __init__(self, folder: Path, location: Location, object_format: ObjectFormat) -> None:
        """Take the folder of the private repository; nothing is written until `prepare`."""
        self.folder = folder
        self.location = location
        self.object_format = object_format
        self.loose = LooseObjects(folder / "objects", object_format)
        alternates = [location.common_dir / "objects"] if location.common_dir is not None else []
        self.alternates = tuple(alternates)
        self.git = Git(location.root, git_dir=folder, work_tree=location.root, alternates=alternates)
        self.stored = Git(folder, git_dir=folder, alternates=alternates)
        """Compares what is stored, without a look at the files: what .gitmodules says there may be nonsense."""
        self.own = Git(location.root, git_dir=folder, work_tree=location.root)
        """Sees the private objects alone."""
        self.user = Git(location.root) if location.is_git else None
        self._compared: dict[tuple[str, ...], bytes] = {}

    @property
    def empty_tree(self) -> str:
        """The id of the tree without files, which git knows without having it."""
        return hashlib.new(self.object_format, b"tree 0\0", usedforsecurity=False).hexdigest()

    def prepare(self) -> None:
        """Make the private repository, and bring what it copies from the user's up to date."""
        if not (self.folder / "HEAD").exists():
            self._make()
        if self.location.common_dir is not None:
            self._copy_files(self.location.common_dir)
            self._copy_settings(self.location.common_dir)

    def head(self) -> Head:
        """Return what the working tree stands on."""
        if self.user is None:
            return Head()
        output = self.user.run(
            "rev-parse", "-q", "HEAD^{commit}", "HEAD^{tree}", "--symbolic-full-name", "HEAD", ok_codes=(0, 1, 128)
        )
        lines = output.splitlines()
        if len(lines) == 3:
            name = path_to_text(lines[2]).removeprefix("refs/heads/")
            return Head("" if name == "HEAD" else name, lines[0].decode("ascii"), lines[1].decode("ascii"))
        name = path_to_text(self.user.run("symbolic-ref", "-q", "HEAD", ok_codes=(0, 1)).rstrip(b"\n"))
        return Head(branch=name.removeprefix("refs/heads/"))

    def write_commit(self, tree: str, parents: Sequence[str], message: str, when: float, author: str = "") -> str:
        """Store a commit and return its id; without an author it is Ramet's."""
        person = f"{author or _AUTHOR} {int(when)} +0000"
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"author {person}", f"committer {person}", "", message]
        return self.loose.write("commit", ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape"))

    def write_blob(self, content: bytes) -> str:
        """Store a content as it is and return its id."""
        return self.loose.write("blob", content)

    def write_tree(self, content: bytes) -> str:
        """Store a folder in git's own form and return its id."""
        return self.loose.write("tree", content)

    def tree_of(self, commit: str) -> str:
        """Return the tree of a commit."""
        kind, content = self.loose.read(commit) or (b"", b"")
        if kind == b"commit" and content.startswith(b"tree "):
            return content[5 : content.index(b"\n")].decode("ascii")
        return self.git.run("rev-parse", "-q", "--verify", f"{commit}^{{tree}}", environment=RAW).decode().strip()

    def changes(self, old: str, new: str, paths: Sequence[str] = ()) -> list[TreeChange]:
        """Return where two trees differ, file by file and in order, renames as two changes."""
        if old == new:
            return []
        return self._changes(old, new, "-r")

    def new_objects(self, old: str, new: str) -> list[str]:
        """Return the ids of all files and folders, the root among them, that one tree has and another one lacks."""
        changes = self._changes(old, new, "-r", "-t")
        ids = dict.fromkeys(change.new_id for change in changes if change.new_mode != SUBMODULE_MODE and change.new_id)
        return [*ids, new]

    def secure(self, tree: str, head: Head, base: str = "") -> None:
        """Make sure that a tree stays whole when the user's repository forgets everything but `head`.

        `base` is a tree that is secured already; without one it is the tree of the head.
        """
        known = base or head.tree or self.empty_tree
        if tree == known:
            return
        new = self.loose.new_objects(known, tree)
        self._take(new if new is not None else self.new_objects(known, tree))

    def secure_all(self, commit: str) -> None:
        """Copy a commit with everything it consists of, where the user's repository takes no reference."""
        listing = self.git.run("rev-list", "--objects", "--no-object-names", commit, environment=RAW)
        self._take(listing.decode("ascii").split())

    def has_own(self, id: str) -> bool:
        """Whether an object is in the private repository itself."""
        return self.loose.has(id) or not self._missing([id])

    def is_partial(self) -> bool:
        """Whether the user's repository is a partial clone, which does not have all objects."""
        if self.user is None:
            return False
        return bool(self.user.run("config", "--get-regexp", r"^remote\..*\.promisor$", ok_codes=(0, 1)))

    def missing(self, id: str) -> GitError:
        """Return the error for a content that nobody has here."""
        if self.is_partial():
            return partial_clone(self.location.root)
        return GitError(f"git does not have the content {id[:10]} in {self.location.root}.", "Run `git fsck` there.")

    def pin(self, store: str, commit: str) -> bool:
        """Keep a commit of the user's repository with all its files; False where that repository takes no reference."""
        assert self.user is not None
        try:
            self.user.run("update-ref", f"refs/ramet/{store}/{commit}", commit)
        except GitError:
            return False
        return True

    def unpin(self, store: str, commits: Iterable[str]) -> None:
        """Remove references of the user's repository that nothing needs."""
        asked = "".join(f"delete refs/ramet/{store}/{commit}\n" for commit in commits)
        if self.user is not None and asked:
            self.user.run("update-ref", "--stdin", input=asked.encode("ascii"))

    # -- inside

    def _make(self) -> None:
        """Make the private repository under another name first, so that it is there as a whole or not at all."""
        waiting = self.folder.parent / "tmp"
        waiting.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=waiting))
        Git(waiting).run(
            "init", "-q", "--bare", "--template=", "--initial-branch=none", f"--object-format={self.object_format}", str(folder)
        )
        config = folder / "config"
        config.write_text(config.read_text("utf-8").replace("bare = true", "bare = false"), "utf-8")
        (folder / "info").mkdir(exist_ok=True)
        for number in range(256):
            (folder / "objects" / f"{number:02x}").mkdir(exist_ok=True)
        try:
            folder.rename(self.folder)
        except OSError as error:
            raise store_error(error, f"make {self.folder}") from error

    def _changes(self, old: str, new: str, *flags: str) -> list[TreeChange]:
        asked = (old, new, *flags)
        output = self._compared.pop(asked, None)
        if output is None:
            output = self.stored.run(
                "diff-tree", "--raw", "-z", "--no-renames", "--no-abbrev", *flags, old, new, "--", environment=RAW
            )
        self._compared[asked] = output
        if len(self._compared) > _KEPT_COMPARISONS:
            self._compared.pop(next(iter(self._compared)), None)
        return parse_raw(output)

    def _take(self, ids: Sequence[str]) -> None:
        """Copy objects that only the user's repository has."""
        missing = [oid for oid in ids if not self.loose.has(oid)]
        if len(missing) <= _MOST_SINGLE:
            # What was just staged is one file each; copying them takes no process.
            missing = [oid for oid in missing if not any(self.loose.copy(folder, oid) for folder in self.alternates)]
        missing = self._missing(missing)
        if missing:
            asked = "".join(f"{oid}\n" for oid in missing).encode("ascii")
            pack = self.folder / "objects" / "pack" / "pack"
            self.git.run("pack-objects", "-q", "--delta-base-offset", str(pack), input=asked, environment=RAW)

    def _missing(self, ids: Sequence[str]) -> list[str]:
        if not ids:
            return []
        asked = "".join(f"{oid}\n" for oid in ids).encode("ascii")
        listing = self.own.run("cat-file", "--batch-check=%(objectname)", input=asked, environment=RAW)
        return [line.split()[0] for line in listing.decode("ascii").splitlines() if line.endswith(" missing")]

    def _copy_files(self, common: Path) -> None:
        """Copy the rules that are not among the files: what is ignored, converted and laid out."""
        for name in _COPIED_FILES:
            source = common / name
            if name.endswith("sparse-checkout") and self.location.git_dir is not None:
                source = self.location.git_dir / name
            _copy_small(source, self.folder / name)
        for shared in self.location.git_dir.glob("sharedindex.*") if self.location.git_dir is not None else ():
            target = self.folder / shared.name
            if not target.exists():
                target.write_bytes(shared.read_bytes())

    def _copy_settings(self, common: Path) -> None:
        """Copy the settings of the user's repository that decide what files hold, when they may have changed."""
        assert self.user is not None
        assert self.location.git_dir is not None
        files = [common / "config", self.location.git_dir / "config.worktree"]
        stamp = repr([_stamp(file) for file in files])
        mark = self.folder / "settings-stamp"
        if mark.exists() and mark.read_text("utf-8") == stamp:
            return
        wanted = "|".join(key.replace(".", r"\.") for key in _COPIED_SETTINGS)
        found: dict[str, str] = {}
        for scope in ("--local", "--worktree"):
            listing = self.user.run("config", scope, "--includes", "-z", "--get-regexp", f"^({wanted})$", ok_codes=(0, 1, 128))
            for entry in os.fsdecode(listing).split("\0")[:-1]:
                key, separator, value = entry.partition("\n")
                found[key] = value if separator else "true"
        lines = ["[core]", "\trepositoryformatversion = " + ("1" if self.object_format == "sha256" else "0"), "\tbare = false"]
        lines += [f"\t{key.removeprefix('core.')} = {_quoted(value)}" for key, value in found.items()]
        if self.object_format == "sha256":
            lines += ["[extensions]", "\tobjectFormat = sha256"]
        temporary = self.folder / "config.new"
        temporary.write_text("\n".join(lines) + "\n", "utf-8", "surrogateescape")
        temporary.replace(self.folder / "config")
        mark.write_text(stamp, "utf-8")


def parse_raw(output: bytes) -> list[TreeChange]:
    """Return the changes of a `--raw -z` listing without renames; folders among them have the mode 040000."""
    fields = output.split(b"\0")
    changes = []
    for meta, path in zip(fields[0::2], fields[1::2], strict=False):
        old_mode, new_mode, old_id, new_id, _ = meta[1:].decode("ascii").split(" ")
        changes.append(TreeChange(path_to_text(path), int(old_mode, 8), int(new_mode, 8), _id(old_id), _id(new_id)))
    return changes


def git_head(head: Head) -> GitHead:
    """Return a head as front ends see it."""
    return GitHead(branch=head.branch, commit=head.commit)


def _id(id: str) -> str:
    """Return an id, the empty text for that of nothing."""
    return id if id.strip("0") else ""


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _copy_small(source: Path, target: Path) -> None:
    """Make a file hold what a regular file of the user's repository holds; none where there is none."""
    try:
        handle = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        target.unlink(missing_ok=True)
        return
    with os.fdopen(handle, "rb") as stream:
        content = stream.read(_MOST_COPIED_BYTES)
    if not target.exists() or target.read_bytes() != content:
        target.write_bytes(content)


def _quoted(value: str) -> str:
    """Return a value as it stands in a configuration file."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'
