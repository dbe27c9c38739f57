from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.errors import GitError
from ramet.git.history import Commit, CommitHistory
from ramet.git.runner import Git

Run = Callable[..., str]


@pytest.fixture
def busy(tmp_path: Path, git: Run) -> Path:
    """Three commits on main, one on a branch, and a merge."""
    repository = tmp_path / "busy"
    repository.mkdir()
    git(repository, "init", "-q")
    for number, message in enumerate(("Begin", "Say hello\n\nTo everybody.", "Ändere \u4f60\u597d"), 1):
        (repository / "a.txt").write_text(f"{number}\n")
        (repository / f"dir {number}").mkdir()
        (repository / f"dir {number}" / "\u00e9\n.txt").write_text("x")
        git(repository, "add", ".")
        git(repository, "commit", "-qm", message)
    git(repository, "checkout", "-qb", "side", "HEAD~1")
    (repository / "side.txt").write_text("x")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "Aside")
    git(repository, "checkout", "-q", "main")
    git(repository, "merge", "-q", "--no-edit", "side")
    return repository


def test_commits_come_with_their_message_and_the_files_they_changed(busy: Path) -> None:
    history = CommitHistory(Git(busy))
    ids = history.newest("HEAD", 10)

    by_subject = {commit.message.split("\n")[0]: commit for commit in history.read(ids)}
    assert set(by_subject) == {"Begin", "Say hello", "Ändere \u4f60\u597d", "Aside"}
    assert by_subject["Say hello"].message.strip() == "Say hello\n\nTo everybody."
    assert set(by_subject["Begin"].paths) == {"a.txt", "dir 1/\u00e9\n.txt"}
    assert by_subject["Aside"].paths == ("side.txt",)


def test_only_so_many_of_the_newest_are_listed_and_read_in_any_order(busy: Path) -> None:
    history = CommitHistory(Git(busy))
    newest, older = history.newest("HEAD~1", 2)

    assert [commit.id for commit in history.read([older, newest])] == [older, newest]


def test_the_files_of_the_first_commit_count_as_changed_by_it(busy: Path) -> None:
    history = CommitHistory(Git(busy))
    first = history.newest("HEAD", 10)[-1]

    assert [type(commit) for commit in history.read([first])] == [Commit]
    assert "a.txt" in next(iter(history.read([first]))).paths


def test_a_commit_that_is_not_there_is_an_error(busy: Path) -> None:
    with pytest.raises(GitError):
        CommitHistory(Git(busy)).newest("0" * 40, 10)
