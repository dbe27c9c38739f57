"""Files of a branch are read and written where they are stored; the working tree never notices."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ramet.branch_models import Branch, DiffStat, FileEdit
from ramet.branches.branches import Branches
from ramet.errors import UsageError
from ramet.paths import UserDirectories
from tests.core.branches.conftest import Open, Run, fork, git_state


def all_files(branches: Branches, branch: Branch) -> dict[str, bytes]:
    return {path: branches.read(branch.name, path) for path in branches.files(branch.name)}


def test_written_files_are_read_back_and_the_working_tree_stays(branches: Branches, shop: Path) -> None:
    before = git_state(shop)
    fork(branches)
    branch = branches.write(
        "try",
        [
            FileEdit("shop/cart.py", b"CART = 1\n"),
            FileEdit("docs/deep/new.md", b"# New\n"),
            FileEdit("run.sh", b"#!/bin/sh\n", is_executable=True),
            FileEdit("web/app.ts", None),
        ],
        "Several at once",
    )
    modes = branches.git.run("ls-tree", branch.tree, "run.sh", "web").decode()

    assert branches.read("try", "docs/deep/new.md") == b"# New\n"
    assert "web/app.ts" not in branches.files("try")
    assert modes.startswith("100755 blob")
    assert "web" not in modes
    assert (branch.stat, branch.state) == (DiffStat(4, 3, 34), "live")
    assert git_state(shop) == before
    assert branches.git.run("fsck", "--strict", "--no-dangling", branch.commit) == b""


def test_an_edit_of_nothing_leaves_everything(branches: Branches, shop: Path) -> None:
    branch = fork(branches)
    written = branches.write("try", [])

    assert (written.tree, written.commit) == (branch.tree, branch.commit)


def test_files_are_written_after_git_has_removed_the_empty_folders_of_objects(
    branches: Branches, directories: UserDirectories
) -> None:
    fork(branches)
    (objects,) = directories.data.glob("branches/*/git/objects")
    empty = [each for each in objects.iterdir() if len(each.name) == 2 and not any(each.iterdir())]
    for each in empty:
        each.rmdir()

    for number in range(40):
        branches.write("try", [FileEdit("shop/cart.py", b"CART = %d\n" % number)])

    assert empty
    assert branches.read("try", "shop/cart.py") == b"CART = 39\n"


def test_random_edits_agree_with_a_dictionary(branches: Branches) -> None:
    generator = random.Random(7)
    branch = fork(branches)
    model = all_files(branches, branch)
    names = ["a", "a.b", "a-b", "a0", "b", "é"]
    for _ in range(30):
        path = "/".join(generator.choice(names) for _ in range(generator.randint(1, 3)))
        content = None if generator.random() < 0.3 else generator.randbytes(5)
        above = ["/".join(path.split("/")[:depth]) for depth in range(1, path.count("/") + 1)]
        is_folder = any(other.startswith(f"{path}/") for other in model)
        may = (path in model) if content is None else not is_folder and not any(folder in model for folder in above)
        if not may:
            with pytest.raises(UsageError):
                branches.write("try", [FileEdit(path, content)])
        else:
            branches.write("try", [FileEdit(path, content)])
            if content is None:
                del model[path]
            else:
                model[path] = content
    branch = branches.get("try")

    assert all_files(branches, branch) == model
    assert branches.git.run("fsck", "--strict", "--no-dangling", branch.commit) == b""


@pytest.mark.parametrize(
    "path",
    ["../x", "/x", "a/../../x", ".git/config", "a/.GIT/hooks/x", "git~1/x", ".g\u200cit/x", ".git ./x", "a//b", "", "a\\.git\\x"],
)
def test_paths_that_lead_elsewhere_are_refused(branches: Branches, path: str) -> None:
    fork(branches)
    with pytest.raises(UsageError, match="not a path"):
        branches.write("try", [FileEdit(path, b"x")])


def test_links_and_folders_are_not_written_through(branches: Branches, shop: Path) -> None:
    (shop / "link").symlink_to("/etc")
    fork(branches)
    for path in ("link", "link/passwd", "shop"):
        with pytest.raises(UsageError, match="cannot be written"):
            branches.write("try", [FileEdit(path, b"x")])
    branch = branches.write("try", [FileEdit("link", None), FileEdit("link/passwd", b"mine\n")])

    assert branches.read("try", "link/passwd") == b"mine\n"
    assert branch.stat.files == 2


def test_a_content_that_only_the_users_repository_had_is_kept(branches: Branches, shop: Path, git: Run) -> None:
    (shop / "shop/old.py").write_text("ONCE = 1\n")
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "Once")
    git(shop, "reset", "-q", "--hard", "HEAD~1")
    fork(branches)
    branches.write("try", [FileEdit("shop/old.py", b"ONCE = 1\n")])
    git(shop, "reflog", "expire", "--expire=now", "--all")
    git(shop, "gc", "-q", "--prune=now")

    assert branches.read("try", "shop/old.py") == b"ONCE = 1\n"


def test_a_diff_names_files_hunks_lines_and_words(branches: Branches, shop: Path) -> None:
    fork(branches)
    cart = branches.read("try", "shop/cart.py").decode()
    edited = cart.replace("Items a customer wants", "Items that a customer wants").replace("return payment", "yield payment")
    branches.write(
        "try",
        [
            FileEdit("shop/cart.py", edited.encode()),
            FileEdit("shop/pay.py", branches.read("try", "shop/payment.py")),
            FileEdit("shop/payment.py", None),
            FileEdit("blob", b"\0\1"),
            FileEdit("tail", b"no end"),
        ],
    )
    files = {file.path: file for file in branches.diff("try").files}
    cart_diff = files["shop/cart.py"]
    removed, added = (line for line in cart_diff.hunks[0].lines if line.kind != "same")

    assert {path: file.state for path, file in files.items()} == {
        "shop/cart.py": "modified",
        "shop/pay.py": "renamed",
        "blob": "added",
        "tail": "added",
    }
    assert (files["shop/pay.py"].old_path, files["shop/pay.py"].hunks) == ("shop/payment.py", ())
    assert [hunk.number for hunk in cart_diff.hunks] == [1, 2]
    assert (removed.old, removed.new, added.old, added.new) == (7, 0, 0, 7)
    assert [added.text[start:end] for start, end in added.changed or ()] == [" that"]
    assert removed.changed == ()
    assert cart_diff.hunks[1].section == "class Cart:"
    assert files["blob"].is_binary
    assert not files["tail"].hunks[0].lines[0].has_newline
    assert [file.path for file in branches.diff("try", paths=("shop",)).files] == ["shop/cart.py", "shop/pay.py"]


def test_a_branch_is_compared_with_the_working_tree_and_with_another_branch(branches: Branches, shop: Path) -> None:
    fork(branches, "one")
    fork(branches, "two")
    branches.write("one", [FileEdit("one.py", b"1\n")])
    branches.write("two", [FileEdit("two.py", b"2\n")])
    (shop / "now.py").write_text("now\n")
    now = branches.diff("one", "now")
    other = branches.diff("one", "two")

    assert {(file.path, file.state) for file in now.files} == {("one.py", "added"), ("now.py", "deleted")}
    assert {(file.path, file.state) for file in other.files} == {("one.py", "added"), ("two.py", "deleted")}
    assert (now.old, other.old, other.new) == ("working tree", "two", "one")


def test_names_that_imitate_a_patch_stay_names(tmp_path: Path, opened: Open) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    evil = "x\n@@ -1 +1 @@\n+evil\ndiff --git a b"
    (folder / evil.replace("/", "_")).write_text("one\n")
    (folder / 'quo"te').write_text("one\n")
    branches = opened(folder)
    fork(branches)
    branches.write("try", [FileEdit(evil, b"two\n"), FileEdit('quo"te', b"two\n")])
    files = {file.path: file for file in branches.diff("try").files}

    assert set(files) == {evil, 'quo"te'}
    assert [line.text for line in files[evil].hunks[0].lines] == ["one", "two"]
