"""Overlays over ignored folders: a command sees the user's folder, and what it writes there goes into a layer of its branch.

They exist in the command's own mount namespace only, which `overlay_launch` makes, so that nothing can be left mounted.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from ramet.branch_models import BranchPlace
from ramet.branches.deletion import delete
from ramet.inert import inert_line
from ramet.paths import absolute, path_from_text

_PROGRAM = Path(__file__).with_name("overlay_launch.py")
_PROBE_SECONDS = 20.0


def make_layer(home: Path, name: str) -> Path:
    """Return the folder in which a branch keeps what commands change in an ignored folder of that name."""
    layer = home / quote(path_from_text(name), safe="")
    for part in ("upper", "work"):
        (layer / part).mkdir(mode=0o700, parents=True, exist_ok=True)
    return layer


def launcher(place: BranchPlace) -> list[str]:
    """Return what to put in front of a command so that it sees the overlays of a place; nothing where that has none."""
    pairs = [(_path(folder), _path(layer)) for folder, layer in place.overlays.items()]
    return _command(Path(pairs[0][1]).parent, pairs) if pairs else []


def why_no_overlay(folder: Path, temporary: Path) -> str:
    """Try to lay an overlay over a folder, without a trace; return why it does not work, empty where it does."""
    if sys.platform != "linux":
        return "overlays exist on Linux only"
    home = temporary / f"overlay-{secrets.token_hex(6)}"
    layer = home / "layer"
    try:
        for part in ("upper", "work"):
            (layer / part).mkdir(parents=True)
        command = _command(home, [(str(folder), str(layer))])
        tried = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it could not be tried: {type(error).__name__}"
    finally:
        delete(home)
    if tried.returncode == 0:
        return ""
    lines = tried.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {tried.returncode}"]
    return inert_line(lines[-1].removeprefix("ramet: the overlay cannot be made: ").removesuffix("."))


def _command(home: Path, pairs: Sequence[tuple[str, str]]) -> list[str]:
    words = [word for pair in pairs for word in pair]
    return [sys.executable, "-I", "-S", str(_PROGRAM), str(home), *words, "--"]


def _path(text: str) -> str:
    return str(absolute(Path("/"), text))
