"""A name stands for a commit as git says, or it is said why for none; trees and contents come from the object database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.errors import GitError, UsageError
from ramet.git.revisions import list_tree, read_blobs, resolve_revision
from ramet.git.runner import Git
from ramet.index.merkle import blob_oid

RunGit = Callable[..., str]


@pytest.fixture
def history(shop: Path, git: RunGit) -> Path:
    """The shop with a second commit, a branch, tags of both kinds, and a remote branch."""
    git(shop, "branch", "old")
    git(shop, "tag", "light")
    (shop / "shop/cart.py").write_text("def checkout() -> None: ...\n")
    git(shop, "commit", "-qam", "Fix the cart")
    git(shop, "tag", "-am", "Annotated", "v1.0")
    git(shop, "update-ref", "refs/remotes/origin/next", "HEAD~1")
    return shop


def commit_of(root: Path, name: str) -> str:
    return resolve_revision(Git(root), name).commit


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("HEAD", "HEAD"),
        ("main", "HEAD"),
        ("v1.0", "HEAD"),
        ("HEAD~1", "HEAD~1"),
        ("HEAD^", "HEAD~1"),
        ("old", "HEAD~1"),
        ("light", "HEAD~1"),
        ("origin/next", "HEAD~1"),
        ("main@{1}", "HEAD~1"),
        ("HEAD@{1}", "HEAD~1"),
        (":/Fix the", "HEAD"),
        ("HEAD^{/The shop}", "HEAD~1"),
    ],
)
def test_a_name_stands_for_the_commit_that_git_says(history: Path, git: RunGit, name: str, same: str) -> None:
    revision = resolve_revision(Git(history), name)

    assert revision.name == name
    assert revision.commit == git(history, "rev-parse", same).strip()
    assert revision.tree == git(history, "rev-parse", f"{same}^{{tree}}").strip()


def test_the_beginning_of_an_id_is_enough(history: Path, git: RunGit) -> None:
    commit = git(history, "rev-parse", "HEAD").strip()

    assert commit_of(history, commit[:9]) == commit


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere", "There is no revision 'nowhere'"),
        ("-x", "There is no revision '-x'"),
        ("--all", "There is no revision '--all'"),
        ("--output=pwned", "There is no revision"),
        ("HEAD~99", "There is no revision"),
        (":/no such message", "There is no revision"),
        ("old..main", "is a range of commits"),
        ("old...main", "is a range of commits"),
        ("HEAD:shop/cart.py", "names a file, not a commit"),
        (":README.md", "names a file, not a commit"),
        ("HEAD:shop", "names a folder, not a commit"),
        ("HEAD@{99}", "only has 2 entries"),
        ("main@{upstream}", "no upstream"),
        ("", "is not a revision"),
        (" ", "is not a revision"),
        ("HEAD\nHEAD", "is not a revision"),
        ("x" * 5_000, "is not a revision"),
    ],
)
def test_a_name_of_no_commit_is_refused_with_a_reason(history: Path, name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        commit_of(history, name)

    assert refused.value.advice
    assert not (history / "pwned").exists()


def test_the_beginning_of_several_ids_is_refused(history: Path, git: RunGit) -> None:
    seen: dict[str, int] = {}
    number = 0
    while (beginning := blob_oid(str(number).encode())[:4]) not in seen:
        seen[beginning] = number
        number += 1
    for each in (seen[beginning], number):
        (history / f"{each}.txt").write_text(str(each))
    git(history, "add", "-A")

    with pytest.raises(UsageError, match="the beginning of several ids"):
        commit_of(history, beginning)


def test_a_branch_and_a_tag_of_one_name_give_a_warning(history: Path, git: RunGit) -> None:
    git(history, "tag", "old", "main")
    warnings: list[str] = []
    revision = resolve_revision(Git(history), "old", warnings)

    assert revision.commit == git(history, "rev-parse", "main").strip()
    assert warnings == ["refname 'old' is ambiguous."]


def test_a_repository_without_commits_has_no_revisions(tmp_path: Path, git: RunGit) -> None:
    git(tmp_path, "init", "-q")

    with pytest.raises(UsageError, match="no commit yet"):
        commit_of(tmp_path, "HEAD")


def test_a_shallow_clone_says_that_older_commits_are_not_there(history: Path, tmp_path: Path, git: RunGit) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{history}", "shallow")

    assert commit_of(tmp_path / "shallow", "HEAD") == commit_of(history, "HEAD")
    with pytest.raises(UsageError, match="shallow"):
        commit_of(tmp_path / "shallow", "HEAD~1")


def test_a_partial_clone_says_what_to_fetch_and_fetches_nothing(history: Path, tmp_path: Path, git: RunGit) -> None:
    git(history, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{history}", "partial")
    partial = Git(tmp_path / "partial")
    old = resolve_revision(partial, "HEAD~1")

    with pytest.raises(GitError, match="partial clone") as refused:
        list_tree(partial, old.tree)

    assert "fetch --refetch" in refused.value.advice
    assert resolve_revision(partial, "HEAD").commit == commit_of(history, "HEAD")


def test_trees_and_contents_are_those_of_the_object_database(history: Path, git: RunGit) -> None:
    (history / "empty.txt").write_bytes(b"")
    (history / "binary.bin").write_bytes(b"a\n\0\r\nb")
    (history / "link").symlink_to("README.md")
    git(history, "add", "-A")
    git(history, "commit", "-qm", "More")
    runner = Git(history)
    entries = {entry.path: entry for entry in list_tree(runner, resolve_revision(runner, "HEAD").tree)}
    paths = ["binary.bin", "empty.txt", "binary.bin", "link"]
    contents = list(read_blobs(runner, [entries[path].oid for path in paths]))

    assert contents == [b"a\n\0\r\nb", b"", b"a\n\0\r\nb", b"README.md"]
    assert entries["link"].mode == 0o120000
    assert entries["binary.bin"].size == 6
    assert len(entries) == 10


def test_a_replaced_object_is_read_as_what_its_id_says(history: Path, git: RunGit) -> None:
    old, new = (git(history, "rev-parse", f"{name}:shop/cart.py").strip() for name in ("HEAD~1", "HEAD"))
    git(history, "replace", old, new)

    assert b"class Cart" in next(read_blobs(Git(history), [old]))


def test_a_lost_object_is_an_error(history: Path, git: RunGit) -> None:
    tree = resolve_revision(Git(history), "HEAD").tree
    oid = git(history, "rev-parse", "HEAD:shop/cart.py").strip()
    (history / ".git/objects" / oid[:2] / oid[2:]).unlink()

    with pytest.raises(GitError, match=r"content of shop/cart\.py"):
        list_tree(Git(history), tree)
    with pytest.raises(GitError, match=oid[:10]):
        list(read_blobs(Git(history), [oid]))


def test_a_promise_of_a_hostile_repository_runs_nothing(history: Path, git: RunGit) -> None:
    """git fetches missing objects from a promisor remote, and a remote may name a program."""
    tree = resolve_revision(Git(history), "HEAD").tree
    oid = git(history, "rev-parse", "HEAD:shop/cart.py").strip()
    (history / ".git/objects" / oid[:2] / oid[2:]).unlink()
    for name, value in {
        "remote.evil.url": f"ext::touch {history}/pwned",
        "remote.evil.uploadpack": f"touch {history}/pwned;",
        "remote.evil.promisor": "true",
        "extensions.partialClone": "evil",
    }.items():
        git(history, "config", name, value)

    for url in (f"ext::touch {history}/pwned", str(history)):
        git(history, "config", "remote.evil.url", url)
        with pytest.raises(GitError, match="partial clone"):
            list_tree(Git(history), tree)
        with pytest.raises(GitError, match="partial clone"):
            list(read_blobs(Git(history), [oid]))
    assert not (history / "pwned").exists()
