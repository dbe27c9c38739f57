"""The entry of the command line: finds the command, runs it, and turns whatever happens into a sentence and an exit code."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from ramet.cli.console import Console
from ramet.cli.parser import build_parser
from ramet.cli.session import Session, existing_folder
from ramet.errors import RametError, UsageError

INTERRUPTED = 130
"""What a shell expects of a program that ended by Ctrl-C."""
PIPE_CLOSED = 141
"""What a shell expects of a program whose reader went away."""


class AppOptions(Struct, frozen=True):
    """What the app is started with."""

    folder: Path
    in_process: bool
    model: str
    """Overrides the configured model; empty leaves it."""


def main(argv: Sequence[str], run_app: Callable[[AppOptions], int]) -> int:
    """Run the command line and return the exit code; `run_app` opens the app."""
    environment = os.environ
    _open_closed_streams()
    console = Console(environment)
    try:
        code = _run(argv, run_app, environment, console)
        console.out.flush()
    except SystemExit as error:  # argparse: --help, --version, wrong usage
        return error.code if isinstance(error.code, int) else 2
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output(console)
        return PIPE_CLOSED
    except Exception as error:
        return _failed(error, environment, console)
    return code


def _open_closed_streams() -> None:
    """Connect streams that were closed (`2>&-`) to nothing: else the next file, a database even, takes their number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)


def _run(argv: Sequence[str], run_app: Callable[[AppOptions], int], environment: Mapping[str, str], console: Console) -> int:
    options = build_parser(argv).parse_args(argv)
    if not options.command:
        _need_terminal(environment)
        return run_app(AppOptions(existing_folder(options.folder), options.in_process, options.model))
    module = importlib.import_module(f"ramet.cli.{options.module}")
    code: int = module.run(Session(options, environment, console))
    return code


def _need_terminal(environment: Mapping[str, str]) -> None:
    """Raise UsageError when there is no terminal to draw the app on."""
    for stream, name in ((sys.stdin, "standard input"), (sys.stdout, "standard output")):
        if stream is None or not stream.isatty():
            raise UsageError(
                f"The app needs a terminal, and {name} is none.",
                'To ask from a script: ramet ask "QUESTION". All commands: ramet --help.',
            )
    if environment.get("TERM") == "dumb":
        raise UsageError("The app cannot draw on a terminal with TERM=dumb.", 'Set TERM, or ask here: ramet ask "QUESTION".')


def _failed(error: Exception, environment: Mapping[str, str], console: Console) -> int:
    """Tell the user about an error and return the exit code."""
    if environment.get("RAMET_DEBUG"):
        import traceback

        traceback.print_exception(error, file=console.err)
    if isinstance(error, RametError):
        what, advice, code = error.what, error.advice, error.exit_code
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EIO, errno.EDQUOT):
        what, advice, code = f"The output could not be written: {error.strerror}.", "", 1
        _discard_output(console)
    else:
        what = f"This is a mistake in Ramet: {type(error).__name__}: {error}"
        advice, code = "Set RAMET_DEBUG=1 to see where it happened.", 1
    try:
        console.error(what, advice)
    except OSError:
        _discard_output(console)
    return code


def _discard_output(console: Console) -> None:
    """Point stdout at nothing, because Python writes what is left in its buffer when it ends."""
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, console.out.fileno())
        os.close(nothing)
    except (OSError, ValueError):
        return
