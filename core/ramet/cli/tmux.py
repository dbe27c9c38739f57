"""What stands in the current tmux pane, as context for a question."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from ramet.errors import UsageError
from ramet.models import Attachment
from ramet.terminal.plain import plain_text
from ramet.terminal.redaction import redact

_LINES = 2_000
"""Lines of history that are asked for."""
_MOST_BYTES = 64 * 1024
"""The end of them that is used: what went wrong stands last."""
_SECONDS = 10.0


def capture_pane(environment: Mapping[str, str]) -> Attachment:
    """Return the text of the pane that this process runs in, cleaned and redacted. Raises UsageError."""
    pane = environment.get("TMUX_PANE", "")
    if not environment.get("TMUX") or not pane:
        raise UsageError(
            "This is no pane of tmux, which --tmux and @tmux need.", 'Pipe the text in: COMMAND | ramet ask "QUESTION".'
        )
    try:
        # -J joins lines that the pane has wrapped.
        done = subprocess.run(
            ["tmux", "capture-pane", "-p", "-J", "-S", f"-{_LINES}", "-t", pane],
            capture_output=True,
            env=dict(environment),
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"tmux could not be asked: {error}.", "Pipe the text in instead.") from error
    if done.returncode:
        reason = plain_text(done.stderr).strip() or f"exit code {done.returncode}"
        raise UsageError(f"tmux did not give the text of the pane: {reason}.", "Pipe the text in instead.")
    text = redact(plain_text(_end(done.stdout))).strip("\n")
    if not text.strip():
        raise UsageError("The pane of tmux is empty.", "Ask without --tmux.")
    return Attachment("tmux pane", text + "\n")


def _end(captured: bytes) -> bytes:
    """Return the last whole lines that may be used."""
    if len(captured) <= _MOST_BYTES:
        return captured
    kept = captured[-_MOST_BYTES:]
    return kept[kept.find(b"\n") + 1 :]
