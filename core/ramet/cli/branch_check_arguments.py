"""The grammar of `ramet branch check` and `ramet branch compare`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ramet.workspace.checking import MOST_JOBS, usual_jobs

AddAction = Callable[[str, str], argparse.ArgumentParser]


def add_check_arguments(add: AddAction) -> None:
    """Add both actions."""
    checking = add("check", "run your checks, or one command, in branches and keep how each ended")
    checking.takes_command = True  # type: ignore[attr-defined]  # all are parsers of `ramet.cli.parser`
    checking.usage = "%(prog)s [NAME ...] [--all] [--only CHECK] [--jobs N] [--stop-early] [--json] [-- COMMAND]"
    checking.epilog = (
        "Your checks are the table [branch_checks] of your configuration. Exit code: 0 when all passed, 1 when one did not."
    )
    checking.add_argument("names", metavar="NAME", nargs="*", help="the branches")
    checking.add_argument("--all", action="store_true", help="all branches")
    checking.add_argument("--only", metavar="CHECK", action="append", default=[], help="only this check (repeatable)")
    checking.add_argument(
        "--jobs", metavar="N", type=_jobs, default=usual_jobs(), help=f"branches at a time, {MOST_JOBS} at most (%(default)s)"
    )
    checking.add_argument(
        "--stop-early", action="store_true", help="leave the other checks of a branch out once one has not passed"
    )
    comparing = add("compare", "list branches side by side: checks, files, lines, cost, age")
    comparing.add_argument("names", metavar="NAME", nargs="*", help="the branches; all without one")


def _jobs(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= MOST_JOBS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_JOBS}")
    return int(text)
