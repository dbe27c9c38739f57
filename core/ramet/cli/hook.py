"""`ramet hook`: prints what a shell evaluates in order to write down its commands."""

from __future__ import annotations

import shlex

from ramet.cli.keeping import may_record
from ramet.cli.session import Session
from ramet.terminal.shell_launch import MULTIPLEXER_VARIABLE, SHELLS, TERMINAL_VARIABLE
from ramet.terminal.spool import Spool


def run(session: Session) -> int:
    """Run the command and return the exit code."""
    shell, console = session.options.shell, session.console
    if not may_record(session):
        console.note("Nothing is recorded, so there is no hook; see `ramet config show`.")
        return 0
    spool = Spool(session.directories.data)
    spool.prepare()
    console.out.write(_fish(str(spool.folder)) if shell == "fish" else _posix(shell, str(spool.folder)))
    return 0


def _script(shell: str, *names: str) -> str:
    return "".join((SHELLS / shell / name).read_text(encoding="utf-8") for name in names)


def _posix(shell: str, spool: str) -> str:
    script = _script(shell, f"common.{shell}", f"hook.{shell}")
    is_free = f'( -z "${{{TERMINAL_VARIABLE}-}}" || "${{TMUX-}}" != "${{{MULTIPLEXER_VARIABLE}-}}" )'
    condition = f'[[ $- == *i* && -z "${{__ramet_spool-}}" && {is_free} ]]'
    return f"if {condition}; then\n__ramet_spool={shlex.quote(spool)}\n{script}fi\n"


def _fish(spool: str) -> str:
    quoted = spool.replace("\\", "\\\\").replace("'", "\\'")
    is_free = f'begin; test -z "${TERMINAL_VARIABLE}"; or test "$TMUX" != "${MULTIPLEXER_VARIABLE}"; end'
    condition = f"status is-interactive; and not set -q __ramet_spool; and {is_free}"
    return f"if {condition}\nset -g __ramet_spool '{quoted}'\n{_script('fish', 'hook.fish')}end\n"
