"""Reads commits from git's object database: what a revision names, which files its tree holds, and their contents.

Nothing is checked out, and nothing is fetched: what a partial clone does not have is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from ramet.errors import GitError, UsageError
from ramet.git.runner import Git, partial_clone
from ramet.models import Revision
from ramet.paths import path_to_text

_LONGEST_NAME = 1_000
_RAW = {"GIT_NO_REPLACE_OBJECTS": "1"}
"""An object that was replaced would be read with the id of another content."""


class TreeEntry(NamedTuple):
    """One file of a tree."""

    path: str
    mode: int
    oid: str
    size: int
    """Bytes; 0 for a submodule."""


def resolve_revision(git: Git, name: str, warnings: list[str] | None = None) -> Revision:
    """Return the commit that a name stands for; what git warns of is added to `warnings`.

    Raises UsageError when the name stands for no commit.
    """
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise UsageError(f"{name[:80]!r} is not a revision.", _ADVICE)
    if name.startswith(":/"):
        # A search in the messages of commits, which a suffix would be part of.
        oid, kind = _objects(git, [name], name, [])[0]
        if kind != "commit":
            raise _not_a_commit(git, name, kind)
        return replace(resolve_revision(git, oid, warnings), name=name)
    complaints: list[str] = []
    plain, commit, tree = _objects(git, [name, f"{name}^{{commit}}", f"{name}^{{tree}}"], name, complaints)
    if commit[-1] != "commit" or tree[-1] != "tree":
        raise _not_a_commit(git, name, plain[-1])
    if warnings is not None:
        warnings.extend(dict.fromkeys(complaint.removeprefix("warning: ") for complaint in complaints))
    return Revision(name=name, commit=commit[0], tree=tree[0])


def _objects(git: Git, expressions: Sequence[str], name: str, warnings: list[str]) -> list[list[str]]:
    """Return id and type of what each expression names, or what it is and `missing`; on standard input none is an option."""
    asked = "".join(f"{expression}\n" for expression in expressions).encode("utf-8", "replace")
    try:
        listing = git.run("cat-file", "--batch-check=%(objectname) %(objecttype)", input=asked, warnings=warnings)
    except GitError as error:
        if not error.what.startswith("git cat-file failed"):
            raise
        raise UsageError(f"{name!r} cannot be read as a revision: {error.what}", _ADVICE) from error
    return [path_to_text(line).rsplit(" ", 1) for line in listing.splitlines()]


_ADVICE = "Give a branch, a tag or a commit, such as main, v1.0, HEAD~3 or 1a2b3c4."


def _not_a_commit(git: Git, name: str, kind: str) -> UsageError:
    if kind in ("blob", "tree"):
        thing = "a file" if kind == "blob" else "a folder"
        return UsageError(f"{name!r} names {thing}, not a commit.", _ADVICE)
    if kind == "ambiguous":
        return UsageError(f"{name!r} is the beginning of several ids.", "Give more digits of the one that you mean.")
    if ".." in name:
        return UsageError(f"{name!r} is a range of commits, and one commit is searched at a time.", _ADVICE)
    if not git.run("rev-list", "--all", "--max-count=1"):
        return UsageError(f"There is no revision {name!r}: the repository has no commit yet.", "Commit something first.")
    hint = " The clone is shallow: older commits are not in it." if _is_shallow(git) else ""
    return UsageError(f"There is no revision {name!r} in {git.root}.{hint}", f"{_ADVICE} Remote branches are origin/NAME.")


def _is_shallow(git: Git) -> bool:
    return git.run("rev-parse", "--is-shallow-repository").strip() == b"true"


def list_tree(git: Git, tree: str) -> list[TreeEntry]:
    """Return all files below a tree, given by its id. Raises GitError when git does not have all of it."""
    entries = []
    for line in git.run("ls-tree", "-r", "-z", "-l", "--full-tree", tree, environment=_RAW).split(b"\0")[:-1]:
        meta, _, path = path_to_text(line).partition("\t")
        mode, _, oid, size = meta.split()
        if size == "BAD":
            raise _missing(git, f"{path} ({oid[:10]})")
        entries.append(TreeEntry(path, int(mode, 8), oid, 0 if size == "-" else int(size)))
    return entries


def read_blobs(git: Git, oids: Sequence[str]) -> Iterator[bytes]:
    """Yield the contents of blobs in order; all of them are in memory at once. Raises GitError when git lacks one."""
    asked = "".join(f"{oid}\n" for oid in oids).encode("ascii")
    listing = git.run("cat-file", "--batch", input=asked, environment=_RAW)
    place = 0
    for oid in oids:
        end = listing.find(b"\n", place)
        header = listing[place:end].split(b" ")
        if len(header) != 3 or header[1] != b"blob":
            raise _missing(git, oid[:10])
        start = end + 1
        place = start + int(header[2]) + 1
        yield listing[start : place - 1]


def _missing(git: Git, what: str) -> GitError:
    if git.run("config", "--get-regexp", r"^remote\..*\.promisor$", ok_codes=(0, 1)):
        return partial_clone(git.root)
    return GitError(
        f"git does not have the content of {what} in {git.root}.", f"Run `git -C {git.root} fsck` to see what is lost."
    )
