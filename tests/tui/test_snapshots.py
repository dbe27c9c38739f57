"""Every state of the app as a picture; look at each new or changed one before it is committed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ramet_tui.themes import DARK, LIGHT
from tests.scenes import SCENES, write_orchard

NARROW, SMALL, USUAL, LARGE = (60, 20), (80, 24), (120, 40), (200, 60)
AT_SMALL = ["files", "code", "answer", "file-finder", "code-search", "palette", "help", "problem", "terminal", "terminal-search"]
AT_SMALL += ["branches", "branch-conflicts", "terminal-branch"]
IN_LIGHT = ["files", "answer", "find-in-file", "code-search", "palette", "problem", "toast", "terminal"]
PICTURES = [
    *((name, USUAL, DARK) for name in SCENES),
    *((name, SMALL, DARK) for name in AT_SMALL),
    *((name, NARROW, DARK) for name in ("branch-checks", "branch-compare")),
    *((name, LARGE, DARK) for name in ("answer", "code-search")),
    *((name, USUAL, LIGHT) for name in IN_LIGHT),
]


def title(picture: tuple[str, tuple[int, int], str]) -> str:
    """Name a picture as its file is named."""
    name, (columns, rows), theme = picture
    return f"{name}-{columns}x{rows}-{theme.removeprefix('ramet-')}"


@pytest.fixture(autouse=True)
def lasting_toasts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep messages on the screen, however long a busy machine takes to draw it."""
    monkeypatch.setattr("textual.notifications.Notification.time_left", 600.0)


@pytest.mark.parametrize(("name", "size", "theme"), PICTURES, ids=map(title, PICTURES))
def test_picture(name: str, size: tuple[int, int], theme: str, tmp_path: Path, snap_compare: Callable[..., bool]) -> None:
    scene = SCENES[name]
    app = scene.app(write_orchard(tmp_path), theme)

    assert snap_compare(app, terminal_size=size, run_before=scene.play)
