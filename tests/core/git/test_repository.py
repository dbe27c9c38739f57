from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.errors import GitError, UsageError
from ramet.git.repository import GitRepository, Location, locate
from ramet.models import GitHead

Run = Callable[..., str]


def test_the_root_of_a_repository_is_found_from_any_folder_in_it(shop: Path) -> None:
    location = locate(shop / "shop")

    assert (location.root, location.is_git) == (shop.resolve(), True)
    assert location.git_dir == location.common_dir == shop.resolve() / ".git"
    assert locate(shop) == location


def test_a_symlink_to_a_folder_is_resolved(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(shop)

    assert locate(tmp_path / "alias") == locate(shop)


def test_a_folder_without_git_is_its_own_root(tmp_path: Path) -> None:
    (tmp_path / "plain" / "sub").mkdir(parents=True)

    assert locate(tmp_path / "plain" / "sub") == Location(tmp_path.resolve() / "plain" / "sub", is_git=False)


def test_an_ignored_folder_is_a_plain_folder(shop: Path) -> None:
    (shop / "build" / "deep").mkdir(parents=True)

    assert locate(shop / "build") == Location(shop.resolve() / "build", is_git=False)
    assert not locate(shop / "build" / "deep").is_git


def test_a_bare_repository_is_one_and_the_inside_of_a_git_directory_is_a_plain_folder(
    shop: Path, tmp_path: Path, git: Run
) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(shop), "bare.git")

    assert not locate(shop / ".git").is_git
    assert not locate(shop / ".git" / "refs").is_git
    bare = tmp_path.resolve() / "bare.git"
    assert locate(bare) == Location(bare, is_git=True, git_dir=bare, common_dir=bare, is_bare=True)
    assert locate(bare / "refs") == Location(bare / "refs", is_git=False)


def test_a_git_file_that_leads_nowhere_is_a_plain_folder(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / ".git").write_text("gitdir: ../gone/.git/modules/copy\n")

    assert not locate(tmp_path / "copy").is_git


@pytest.mark.parametrize("name", ["line\nbreak", "sp ace", "caf\udce9"])
def test_a_repository_may_have_any_name(tmp_path: Path, git: Run, name: str) -> None:
    (tmp_path / name).mkdir()
    git(tmp_path / name, "init", "-q")
    location = locate(tmp_path / name)

    assert location.root == (tmp_path / name).resolve()
    assert location.is_git
    assert GitRepository(location).head() == GitHead("main", "")


def test_what_is_no_readable_folder_is_refused_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match="There is no folder"):
        locate(tmp_path / "missing")
    with pytest.raises(UsageError, match="is not a folder"):
        locate(tmp_path / "file")
    with pytest.raises(UsageError, match="cannot be opened"):
        locate(tmp_path / "loop")

    def refusing(_: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(UsageError, match="may not read"):
        locate(tmp_path)


def test_home_and_what_holds_it_are_refused_unless_they_are_repositories(isolated_environment: Path, git: Run) -> None:
    for folder in (isolated_environment, isolated_environment.parent, Path("/")):
        with pytest.raises(UsageError, match="home folder"):
            locate(folder)

    git(isolated_environment, "init", "-q")

    assert locate(isolated_environment).is_git


def test_a_repository_cannot_claim_a_folder_around_it(tmp_path: Path, git: Run) -> None:
    """core.worktree would make the whole home the root."""
    (tmp_path / "evil").mkdir()
    git(tmp_path / "evil", "init", "-q")
    git(tmp_path / "evil", "config", "core.worktree", str(tmp_path))

    assert locate(tmp_path / "evil") == Location(tmp_path.resolve() / "evil", is_git=False)


def test_a_linked_worktree_has_a_root_of_its_own_and_the_same_identity(shop: Path, tmp_path: Path, git: Run) -> None:
    git(shop, "worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    linked, main = locate(tmp_path / "linked"), locate(shop)

    assert linked.root == (tmp_path / "linked").resolve()
    assert linked.common_dir == main.common_dir
    assert linked.git_dir != main.git_dir
    assert GitRepository(linked).identity() == GitRepository(main).identity()
    head = GitRepository(linked).head()
    assert head is not None
    assert head.branch == "side"


def test_a_submodule_is_a_repository_of_its_own(shop: Path, tmp_path: Path, git: Run) -> None:
    (tmp_path / "outer").mkdir()
    git(tmp_path / "outer", "init", "-q")
    git(tmp_path / "outer", "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(shop), "inner")
    inner = locate(tmp_path / "outer" / "inner")

    assert (inner.root, inner.is_git) == ((tmp_path / "outer" / "inner").resolve(), True)
    assert GitRepository(inner).identity() == GitRepository(locate(shop)).identity()


def test_head_is_branch_and_commit(shop: Path, git: Run) -> None:
    repository = GitRepository(locate(shop))
    commit = git(shop, "rev-parse", "HEAD").strip()

    assert repository.head() == GitHead("main", commit)
    git(shop, "checkout", "-q", "-b", "topic/ünï")
    assert repository.head() == GitHead("topic/ünï", commit)
    git(shop, "checkout", "-q", "--detach")
    assert repository.head() == GitHead("", commit)


def test_a_plain_folder_has_no_head(tmp_path: Path) -> None:
    assert GitRepository(locate(tmp_path)).head() is None


def test_clones_share_an_identity_and_other_repositories_do_not(shop: Path, tmp_path: Path, git: Run) -> None:
    git(tmp_path, "clone", "-q", str(shop), "clone")
    (tmp_path / "clone" / "more.py").touch()
    git(tmp_path / "clone", "add", "-A")
    git(tmp_path / "clone", "commit", "-qm", "More")
    (tmp_path / "other").mkdir()
    git(tmp_path / "other", "init", "-q")
    git(tmp_path / "other", "commit", "-q", "--allow-empty", "-m", "Another beginning")
    identity = GitRepository(locate(shop)).identity()

    assert identity == "git-" + git(shop, "rev-list", "--max-parents=0", "HEAD")[:20]
    assert GitRepository(locate(tmp_path / "clone")).identity() == identity
    assert GitRepository(locate(tmp_path / "other")).identity() != identity


def test_merging_an_unrelated_history_keeps_the_identity(shop: Path, git: Run) -> None:
    before = GitRepository(locate(shop)).identity()
    git(shop, "checkout", "-q", "--orphan", "unrelated")
    git(shop, "commit", "-q", "-m", "Another root")
    git(shop, "checkout", "-q", "main")
    git(shop, "merge", "-q", "--allow-unrelated-histories", "-m", "Join", "unrelated")

    assert GitRepository(locate(shop)).identity() == before


def test_without_commits_the_identity_is_that_of_the_folder(tmp_path: Path, git: Run) -> None:
    (tmp_path / "new").mkdir()
    before = GitRepository(locate(tmp_path / "new")).identity()
    git(tmp_path / "new", "init", "-q")

    assert before.startswith("folder-")
    assert GitRepository(locate(tmp_path / "new")).identity() == before
    assert GitRepository(locate(tmp_path)).identity() != before


def test_the_identity_is_kept_without_walking_history_again(shop: Path, tmp_path: Path, git: Run) -> None:
    """On another branch without common history, as gh-pages often is, the repository is still the same."""
    before = GitRepository(locate(shop), tmp_path / "data").identity()
    git(shop, "checkout", "-q", "--orphan", "pages")
    git(shop, "commit", "-q", "-m", "Pages")

    assert GitRepository(locate(shop), tmp_path / "data").identity() == before
    assert GitRepository(locate(shop)).identity() != before


def test_a_kept_identity_does_not_outlive_its_repository(shop: Path, tmp_path: Path, git: Run) -> None:
    before = GitRepository(locate(shop), tmp_path / "data").identity()
    (shop / ".git").rename(tmp_path / "old.git")
    git(shop, "init", "-q")
    git(shop, "commit", "-q", "--allow-empty", "-m", "Begun anew")

    assert GitRepository(locate(shop), tmp_path / "data").identity() != before


def test_a_damaged_record_of_the_identity_is_found_anew(shop: Path, tmp_path: Path) -> None:
    before = GitRepository(locate(shop), tmp_path / "data").identity()
    for record in (tmp_path / "data" / "identities").iterdir():
        record.write_bytes(b"\xff--upload-pack=evil\n")

    assert GitRepository(locate(shop), tmp_path / "data").identity() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder that belongs to somebody else")
def test_a_repository_of_somebody_else_is_refused_until_the_user_trusts_it(shop: Path, isolated_environment: Path) -> None:
    subprocess.run(["chown", "-R", "12345", str(shop)], check=True)
    with pytest.raises(GitError, match="belongs to another user") as caught:
        locate(shop)
    with (isolated_environment / ".gitconfig").open("a") as config:
        config.write(f"[safe]\n\tdirectory = {shop}\n")

    assert "safe.directory" in caught.value.advice
    assert locate(shop).is_git
    assert GitRepository(locate(shop)).head() is not None


def test_sha256_is_recognised(tmp_path: Path, git: Run) -> None:
    (tmp_path / "new").mkdir()
    git(tmp_path / "new", "init", "-q", "--object-format=sha256")

    assert GitRepository(locate(tmp_path / "new")).object_format() == "sha256"
    assert GitRepository(locate(tmp_path)).object_format() == "sha1"
