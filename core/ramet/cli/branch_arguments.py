"""The grammar of `ramet branch`."""

from __future__ import annotations

import argparse
import re

from ramet.branch_models import ConflictChoice, HunkChoice, Side
from ramet.cli.branch_check_arguments import AddAction, add_check_arguments

_SIDES: dict[str, Side] = {"mine": "mine", "theirs": "theirs", "base": "base", "both": "both", "markers": "markers"}
_MOST_FORKS = 100


def add_branch_arguments(parser: argparse.ArgumentParser, add: AddAction) -> None:
    """Add the actions of `ramet branch`; `add` makes the parser of one, by its name and its line of help."""
    parser.set_defaults(json=False)
    _new(add("new", "fork the working tree as it is, with everything that is not committed"))
    listing = add("list", "list the branches with what they were forked from (this is the default)")
    listing.add_argument("--dropped", action="store_true", help="list those that were dropped and can be brought back")
    showing = _named(add("show", "show one branch: its base, its changes, what ran in it"))
    showing.add_argument("--files", action="store_true", help="list all its files instead")
    running = _named(add("run", "run a command in a branch; what it changes becomes part of the branch"))
    running.add_argument("words", metavar="COMMAND", nargs=argparse.REMAINDER, help="the command with its arguments, after --")
    _diff(_named(add("diff", "show how a branch differs from its base, the working tree or another branch")))
    _merge(_named(add("merge", "bring a branch back into the working tree as it is now")))
    keeping = _named(add("keep", "make an ordinary git branch of a branch"))
    keeping.add_argument("--as", dest="as_name", metavar="GITBRANCH", default="", help="its name (ramet/NAME)")
    keeping.add_argument("-m", dest="message", metavar="MESSAGE", default="", help="make one commit of all, with this message")
    dropping = add("drop", "drop branches; they can be brought back for seven days")
    dropping.add_argument("names", metavar="NAME", nargs="+", help="the branch")
    dropping.add_argument("--for-good", action="store_true", help="remove them at once, also those that were dropped before")
    dropping.add_argument("--yes", action="store_true", help="do not ask before removing for good")
    undoing = add("undo", "take back the last merge or drop, or bring one dropped branch back")
    undoing.add_argument("name", metavar="NAME", nargs="?", default="", help="a dropped branch to bring back")
    add_check_arguments(add)
    _named(add("path", "lay a branch out in a folder and print its path"))
    _named(add("enter", "open your shell in a branch; what you change there becomes part of it"))
    for action in parser._actions:  # no public way to reach the parsers of the actions
        for each in (action.choices or {}).values() if isinstance(action, argparse._SubParsersAction) else ():
            each.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print a JSON object")


def _named(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("name", metavar="NAME", help="the branch")
    return parser


def _new(parser: argparse.ArgumentParser) -> None:
    def count(text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= _MOST_FORKS:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {_MOST_FORKS}")
        return int(text)

    parser.add_argument("names", metavar="NAME", nargs="*", help="names of the branches; without one it is chosen")
    parser.add_argument("--from", dest="source", metavar="REV", default="", help="begin with this branch, tag or commit instead")
    parser.add_argument("--count", metavar="N", type=count, default=1, help="how many, where no name is given (1)")
    parser.add_argument("--include", metavar="PATH", action="append", default=[], help="take this file, too, ignored or large")


def _diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="*", help="only these files and folders")
    parser.add_argument(
        "--against", metavar="WHAT", default="base", help="base (the default), now for the working tree, or another branch"
    )
    parser.add_argument("--stat", action="store_true", help="print only which files differ and by how many lines")


def _merge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="*", help="only these files and folders")
    parser.add_argument(
        "--hunk", dest="hunks", metavar="FILE:N,N", type=_hunks, action="append", default=[],
        help="only these hunks of a file, by their numbers in `ramet branch diff` (repeatable)",
    )  # fmt: skip
    parser.add_argument(
        "--choose", dest="choices", metavar="FILE[#N]=SIDE", type=_choice, action="append", default=[],
        help="what to take in a conflict: mine, theirs, base, both (mine, then theirs) or markers; #N names one place in the "
        "file (repeatable)",
    )  # fmt: skip
    parser.add_argument("--take", metavar="SIDE", choices=sorted(_SIDES), help="what to take in all other conflicts")
    parser.add_argument("--leave-conflicts", action="store_true", help="merge the rest where conflicts are open")
    parser.add_argument("--trial", action="store_true", help="only say what would happen")


def _hunks(text: str) -> HunkChoice:
    path, _, numbers = text.rpartition(":")
    if not path or not re.fullmatch(r"\d{1,6}(,\d{1,6})*", numbers, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is not FILE:NUMBER,NUMBER")
    return HunkChoice(path, tuple(int(number) for number in numbers.split(",")))


def _choice(text: str) -> ConflictChoice:
    place, _, side = text.rpartition("=")
    if not place or side not in _SIDES:
        raise argparse.ArgumentTypeError(f"{text!r} is not FILE=SIDE with one of {', '.join(_SIDES)}")
    numbered = re.fullmatch(r"(.+)#(\d{1,6})", place, re.ASCII | re.DOTALL)
    path, region = (numbered[1], int(numbered[2])) if numbered else (place, 0)
    return ConflictChoice(path, _SIDES[side], region)
