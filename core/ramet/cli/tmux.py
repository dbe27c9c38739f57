"""What stands in the current tmux pane, as context for a question."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence

from ramet.errors import UsageError
from ramet.models import Attachment
from ramet.terminal.plain import plain_text

_LINES = 2_000
"""Lines of history that are asked for."""
_MOST_BYTES = 64 * 1024
"""The end of them that is used: what went wrong stands last."""
_SECONDS = 10.0
_MENTION = re.compile(r"(?<![\w@./-])@tmux(?![\w./-]*\w)")


def mentions_tmux(question: str) -> bool:
    """Whether a question asks for a pane with `@tmux`."""
    return _MENTION.search(question) is not None


def capture_pane(environment: Mapping[str, str], *, last: bool = False) -> Attachment:
    """Return the text of the pane that this process runs in, cleaned but not redacted. Raises UsageError.

    Args:
        last: Take another pane of the same window, the one that was used last.
    """
    pane = environment.get("TMUX_PANE", "")
    if not environment.get("TMUX") or not pane:
        raise UsageError(
            "This is no pane of tmux, which --tmux and @tmux need.", 'Pipe the text in: COMMAND | ramet ask "QUESTION".'
        )
    if last:
        pane = _other_pane(pane, environment)
    # -J joins lines that the pane has wrapped.
    captured = _tmux(["capture-pane", "-p", "-J", "-S", f"-{_LINES}", "-t", pane], environment)
    text = plain_text(_end(captured)).strip("\n")
    if not text.strip():
        raise UsageError("The pane of tmux is empty.", "Ask without it.")
    return Attachment("tmux pane", text + "\n")


def _other_pane(pane: str, environment: Mapping[str, str]) -> str:
    listed = _tmux(["list-panes", "-t", pane, "-F", "#{pane_last} #{pane_id}"], environment).decode("ascii", "replace")
    others = sorted(line.partition(" ") for line in listed.splitlines() if not line.endswith(f" {pane}"))
    if not others:
        raise UsageError("This window of tmux has no other pane, which @tmux stands for.", "Open one, or use `ramet shell`.")
    return others[-1][2]  # the one that was used last has a 1 in front


def _tmux(arguments: Sequence[str], environment: Mapping[str, str]) -> bytes:
    try:
        done = subprocess.run(["tmux", *arguments], capture_output=True, env=dict(environment), timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"tmux could not be asked: {error}.", "Pipe the text in instead.") from error
    if done.returncode:
        reason = plain_text(done.stderr).strip() or f"exit code {done.returncode}"
        raise UsageError(f"tmux did not give the text of the pane: {reason}.", "Pipe the text in instead.")
    return done.stdout


def _end(captured: bytes) -> bytes:
    """Return the last whole lines that may be used."""
    if len(captured) <= _MOST_BYTES:
        return captured
    kept = captured[-_MOST_BYTES:]
    return kept[kept.find(b"\n") + 1 :]
