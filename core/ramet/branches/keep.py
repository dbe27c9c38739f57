"""Makes an ordinary git branch of a branch: commits in the user's repository, on top of what the branch was forked from."""

from __future__ import annotations

import fnmatch
import os
import time

from ramet.branch_models import KeptBranch
from ramet.branches.objects import ObjectStore
from ramet.branches.records import BranchRecord
from ramet.errors import GitError, UsageError
from ramet.inert import inert_line

_SECRET_NAMES = (".env", ".env.*", "*.pem", "*.key", "id_rsa", "id_ed25519", ".netrc", ".pgpass", "credentials.json")
_HARMLESS_NAMES = ("*.example", "*.sample", "*.template")


def keep(objects: ObjectStore, record: BranchRecord, name: str, message: str) -> KeptBranch:
    """Publish a branch under a name that the repository does not use; a message makes one commit of all. Raises UsageError."""
    user = objects.user
    if user is None:
        raise UsageError(f"{objects.location.root} is not a git repository.", "Merge the branch back instead.")
    common = objects.location.common_dir
    if common is not None and not all(os.access(common / folder, os.W_OK) for folder in ("objects", "refs")):
        raise GitError(f"{common} may not be written.", "Change its permissions, or merge the branch back instead.")
    name = name or f"ramet/{record.name}"
    reference = _checked(objects, name)
    head = record.origin.head
    parent = head.commit if head is not None else ""
    tree = objects.tree_of(parent) if parent else objects.empty_tree
    author = _author(objects)
    ids: dict[str, None] = {}
    parent_tree, commit, count = tree, parent, 0
    for new_tree, text in _states(objects, record, message):
        if new_tree == tree:
            continue
        ids |= dict.fromkeys(objects.new_objects(tree, new_tree))
        commit = objects.write_commit(new_tree, [commit] if commit else [], text, time.time(), author)
        ids[commit] = None
        tree, count = new_tree, count + 1
    if not count:
        raise UsageError(f"The branch {record.name} does not differ from its commit.", "There is nothing to keep.")
    pack = objects.git.run("pack-objects", "-q", "--stdout", input="".join(f"{oid}\n" for oid in ids).encode("ascii"))
    user.run("unpack-objects", "-q", input=pack)
    user.run("update-ref", "-m", f"ramet: keep {record.name}", reference, commit, "0" * len(commit))
    secrets = [change.path for change in objects.changes(parent_tree, tree) if change.new_id and _may_be_secret(change.path)]
    notes = tuple(
        f"{inert_line(path)} looks like a secret and is in the branch now; look before you push it." for path in secrets
    )
    return KeptBranch(name, commit, count, notes)


def _checked(objects: ObjectStore, name: str) -> str:
    assert objects.user is not None
    reference = f"refs/heads/{name}"
    try:
        objects.user.run("check-ref-format", "--branch", name)
    except GitError as error:
        raise UsageError(f"A git branch cannot be called {inert_line(name[:80])!r}.", "Choose another name with --as.") from error
    if objects.user.run("for-each-ref", "--format=%(refname)", reference):
        raise UsageError(f"The repository has a branch {name} already.", "Choose another name with --as.")
    return reference


def _states(objects: ObjectStore, record: BranchRecord, message: str) -> list[tuple[str, str]]:
    """Return trees and messages of the commits to make, in order: what was not committed at the fork comes first."""
    lines = objects.git.run("log", "-z", "--first-parent", "--reverse", "--format=%T %B", record.head).decode("utf-8", "replace")
    states = [(tree, text.strip()) for tree, _, text in (entry.partition(" ") for entry in lines.split("\0") if entry)]
    (fork, _), *later = states
    begin = (fork, "What was not committed when the branch was forked")
    return [begin, (record.tree, message)] if message else [begin, *later]


def _author(objects: ObjectStore) -> str:
    """Return name and address of the user as git knows them."""
    assert objects.user is not None
    found = [
        objects.user.run("config", "--get", key, ok_codes=(0, 1)).decode("utf-8", "replace").strip()
        for key in ("user.name", "user.email")
    ]
    name, email = (" ".join(each.replace("<", "").replace(">", "").split()) for each in found)
    return f"{name} <{email}>" if name else ""


def _may_be_secret(path: str) -> bool:
    name = path.rpartition("/")[2]
    is_secret = any(fnmatch.fnmatch(name, pattern) for pattern in _SECRET_NAMES)
    return is_secret and not any(fnmatch.fnmatch(name, pattern) for pattern in _HARMLESS_NAMES)
