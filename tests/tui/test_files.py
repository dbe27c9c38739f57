"""The file tree, driven by keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from ramet.models import FileChange
from ramet_tui.app import RametApp
from ramet_tui.widgets.file_tree import FileTree
from tests.tui.piloting import opened, press, settle, type_text
from tests.tui.scripted_workspace import ScriptedWorkspace


def tree_of(pilot: Pilot[None]) -> FileTree:
    return pilot.app.screen.query_one(FileTree)


def drawn(tree: FileTree) -> list[str]:
    return [tree.render_line(y).text.rstrip() for y in range(min(tree.size.height, len(tree._tree_lines)))]


def main_app(pilot: Pilot[None]) -> RametApp:
    assert isinstance(pilot.app, RametApp)
    return pilot.app


def cursor_path(tree: FileTree) -> str:
    node = tree.cursor_node
    assert node is not None
    assert node.data is not None
    return node.data.path


async def test_the_disk_is_shown_before_the_workspace_answers(workspace: ScriptedWorkspace) -> None:
    (workspace.root / "build").mkdir()
    (workspace.root / "build" / "out.o").write_text("x")
    workspace.hold("files")
    async with opened(workspace, "files") as pilot:
        assert "▸ build" in "\n".join(drawn(tree_of(pilot)))

        workspace.file_paths = ("README.md", "shop/cart.py")
        workspace.release("files")
        await settle(pilot)

        assert [line.strip() for line in drawn(tree_of(pilot))] == ["▸ shop", "README.md"]


async def test_enter_unfolds_folders_and_opens_files(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "enter")
        await press(pilot, "down", "down")
        path = cursor_path(tree_of(pilot))
        await press(pilot, "enter")

        assert path == "shop/cart.py"
        assert main_app(pilot).main.viewer.path == "shop/cart.py"
        assert pilot.app.focused is main_app(pilot).main.viewer.view


async def test_arrows_fold_and_unfold(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "right")
        unfolded = len(drawn(tree_of(pilot)))
        await press(pilot, "right", "left", "left")

        assert unfolded > len(drawn(tree_of(pilot)))
        assert cursor_path(tree_of(pilot)) == "shop"


async def test_a_refresh_keeps_folds_and_cursor(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "enter", "down", "down", "down")
        before = cursor_path(tree_of(pilot))
        (workspace.root / "shop" / "aaa.py").write_text("x = 1\n")
        (workspace.root / "added").mkdir()
        (workspace.root / "added" / "first.py").write_text("x = 1\n")
        workspace.change()
        await settle(pilot)

        assert cursor_path(tree_of(pilot)) == before == "shop/payment.py"
        assert [line.strip(" ├└│─▸▾") for line in drawn(tree_of(pilot))][:6] == [
            "added",
            "shop",
            "__init__.py",
            "aaa.py",
            "cart.py",
            "payment.py",
        ]


async def test_a_deleted_file_leaves_the_tree(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        (workspace.root / "README.md").unlink()
        workspace.change()
        await settle(pilot)

        assert "README.md" not in "\n".join(drawn(tree_of(pilot)))


async def test_git_states_are_marked(workspace: ScriptedWorkspace) -> None:
    workspace.file_changes = (FileChange("shop/cart.py", "modified"), FileChange("README.md", "conflict"))
    async with opened(workspace) as pilot:
        await press(pilot, "enter")
        lines = {line.strip(" ├└│─▸▾").split()[0]: line.split()[-1] for line in drawn(tree_of(pilot))}

        assert (lines["shop"], lines["cart.py"], lines["README.md"]) == ("•", "M", "!")


async def test_names_are_inert(workspace: ScriptedWorkspace) -> None:
    (workspace.root / "\x1b]0;evil\x07.py").write_text("x = 1\n")
    async with opened(workspace) as pilot:
        text = "\n".join(drawn(tree_of(pilot)))

        assert "␛]0;evil␇.py" in text
        assert "\x1b" not in text


async def test_a_large_folder_is_filled_completely(tmp_path: Path) -> None:
    workspace = ScriptedWorkspace(tmp_path)
    workspace.file_paths = tuple(f"many/{number:05}.txt" for number in range(2_000))
    async with opened(workspace) as pilot:
        await press(pilot, "enter")

        assert len(tree_of(pilot).root.children[0].children) == 2_000


async def test_an_empty_workspace_says_so(tmp_path: Path) -> None:
    async with opened(ScriptedWorkspace(tmp_path)) as pilot:
        assert main_app(pilot).main.files.query_one("#files-empty").display


async def test_slash_filters_all_files(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "slash")
        await type_text(pilot, "tcart")
        await press(pilot, "enter")

        assert main_app(pilot).main.viewer.path == "tests/test_cart.py"
        assert cursor_path(tree_of(pilot)) == "tests/test_cart.py"


async def test_escape_leaves_the_filter(workspace: ScriptedWorkspace) -> None:
    async with opened(workspace) as pilot:
        await press(pilot, "slash", "c", "escape")

        assert tree_of(pilot).has_focus
        assert tree_of(pilot).display
        assert not main_app(pilot).main.files.matches.display


async def test_a_link_to_a_folder_outside_is_not_entered(
    workspace: ScriptedWorkspace, tmp_path: Path, git: Callable[..., str]
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("secret")
    (workspace.root / "way-out").symlink_to(tmp_path / "outside")
    workspace.hold("files")
    async with opened(workspace, "files") as pilot:
        await pilot.press("end", "enter")
        await settle(pilot, "files")
        viewer = main_app(pilot).main.viewer

        assert "↪ way-out" in "\n".join(drawn(tree_of(pilot)))
        assert viewer.path == "way-out"
        assert viewer.view.document.state == "link"
        workspace.release("files")
