"""The grammar of the command line: commands, options, and the texts that `--help` shows (`ramet.cli.texts`)."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from msgspec import Struct

from ramet.cli import texts
from ramet.inert import inert_line
from ramet.version import __version__

_MOST_HITS = 200
_MOST_LISTED = 5_000


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors look like all others of Ramet."""

    takes_command = False
    """Whether what stands after the first `--` is a command, kept as `words`; argparse would add it to a list before it."""

    def parse_known_args(  # type: ignore[override]  # the overloads of argparse allow for other namespaces
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse what stands before a command."""
        given = list(args) if args is not None else sys.argv[1:]
        end = given.index("--") if self.takes_command and "--" in given else len(given)
        found, rest = super().parse_known_args(given[:end], namespace)
        if self.takes_command:
            found.words = given[end + 1 :]
        return found, rest

    def error(self, message: str) -> NoReturn:
        """Print one sentence and where to read on, and exit with 2."""
        choice = re.match(r"argument (COMMAND|ACTION): invalid choice: '(.*?)' \(choose from (.*)\)", message, re.DOTALL)
        if choice:
            import difflib

            near = difflib.get_close_matches(choice[2], re.findall(r"[\w-]+", choice[3]), n=1, cutoff=0.5)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            message = f"There is no {choice[1].lower()} '{choice[2]}'.{hint}"
        end = "" if message.endswith(("?", ".")) else "."
        sys.stderr.write(f"ramet: {inert_line(message)}{end} See `{self.prog} --help`.\n")
        raise SystemExit(2)


class _Command(Struct, frozen=True):
    """One command: its line in `--help`, its module below `ramet.cli`, and what adds its arguments."""

    help: str
    module: str
    add_arguments: Callable[[Parser], None]
    epilog: str = ""


def build_parser(arguments: Sequence[str]) -> Parser:
    """Return the parser for these arguments; commands that are not among them are only named, to start sooner."""
    parser = Parser(
        prog="ramet",
        description=texts.DESCRIPTION,
        epilog=texts.EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ramet {__version__}")
    _add_common(parser, folder=".", in_process=False)
    parser.add_argument("--model", metavar="M", default="", help="the chat model for the app, such as ollama_chat/qwen3")
    parser.set_defaults(command="")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", prog="ramet")
    for name, command in _COMMANDS.items():
        if name not in arguments:
            commands.add_parser(name, help=command.help, add_help=False)
            continue
        added = commands.add_parser(
            name,
            help=command.help,
            description=f"{command.help[0].upper()}{command.help[1:]}.",
            epilog=command.epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        _add_common(added, argparse.SUPPRESS, argparse.SUPPRESS)
        added.set_defaults(command=name, module=command.module)
        command.add_arguments(added)
    return parser


def _add_common(parser: argparse.ArgumentParser, folder: str, in_process: bool | str) -> None:
    """Add the options that stand before or after the command; after it their default is to leave the value alone."""
    parser.add_argument("-C", dest="folder", metavar="DIR", default=folder, help="work on this folder instead of the current one")
    parser.add_argument(
        "--in-process", action="store_true", default=in_process, help="do without the background engine (slower to start)"
    )


def _add_json(parser: argparse.ArgumentParser, text: str, default: bool | str = False) -> None:
    """Add --json; where a command and its action both take it, the action's default leaves the command's value alone."""
    parser.add_argument("--json", action="store_true", default=default, help=text)


def _add_limit(parser: argparse.ArgumentParser, default: int, most: int) -> None:
    def limit(text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {most}")
        return int(text)

    parser.add_argument("-k", dest="limit", metavar="N", type=limit, default=default, help=f"how many at most ({default})")


def _add_revision(parser: Parser, text: str) -> None:
    def revision(name: str) -> str:
        if not name.strip():
            raise argparse.ArgumentTypeError("the revision is empty")
        return name

    place = parser.add_mutually_exclusive_group()
    place.add_argument("--at", metavar="REV", type=revision, help=text)
    place.add_argument("--branch", dest="at", metavar="NAME", type=revision, help="the same for a branch of the file system")


def _dollars(text: str) -> float:
    if not re.fullmatch(r"\d{1,6}(\.\d+)?|\.\d+", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount of US dollars from 0 to 999,999")
    return float(text)


def _tokens(text: str) -> int:
    if not re.fullmatch(r"\d{1,12}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of tokens")
    return int(text)


def _index(parser: Parser) -> None:
    _add_revision(parser, "index this branch, tag or commit ahead of time instead of the working tree")
    parser.add_argument("--rebuild", action="store_true", help="parse and embed everything anew")
    parser.add_argument("--estimate", action="store_true", help="say what a run would do and cost, and do nothing")
    parser.add_argument(
        "--budget", metavar="USD", dest="embed_budget_usd", type=_dollars, help="US dollars that the vectors of this run may cost"
    )
    parser.add_argument(
        "--budget-tokens", metavar="N", dest="embed_budget_tokens", type=_tokens, help="tokens, where the price is unknown"
    )
    _add_json(parser, "print what was done as a JSON object")
    parser.add_argument("--quiet", "-q", action="store_true", help="print only what went wrong")
    parser.add_argument("--verbose", "-v", action="store_true", help="name every file that is left out")


def _nothing(parser: Parser) -> None:
    """The command takes no arguments."""


def _search(parser: Parser) -> None:
    parser.add_argument("query", metavar="QUERY", nargs="+", help="words, a name or a question; quotes are not needed")
    _add_revision(parser, "search this branch, tag or commit instead of the working tree; nothing is checked out")
    _add_limit(parser, 10, _MOST_HITS)
    _add_json(parser, "print one JSON array, best first; lines are 1-based and inclusive")


def _symbols(parser: Parser) -> None:
    parser.add_argument("query", metavar="NAME", nargs="?", default="", help="all or part of a name")
    parser.add_argument("--path", metavar="FILE", default="", help="the definitions of this file, in its order")
    _add_revision(parser, "list those of this branch, tag or commit")
    _add_limit(parser, 50, _MOST_LISTED)
    _add_json(parser, "print one JSON array")


def _references(parser: Parser) -> None:
    parser.add_argument("query", metavar="NAME", help="the name as it is written in the code")
    _add_revision(parser, "list those of this branch, tag or commit")
    _add_limit(parser, 100, _MOST_LISTED)
    _add_json(parser, "print one JSON array")


def _ask(parser: Parser) -> None:
    parser.add_argument("question", metavar="QUESTION", nargs="*", help="several words need no quotes; - reads it from stdin")
    _add_revision(parser, "ask about this branch, tag or commit instead of the working tree")
    model = parser.add_mutually_exclusive_group()
    model.add_argument("--model", metavar="M", default=argparse.SUPPRESS, help="ask this model, such as openai/gpt-5")
    model.add_argument("--no-model", action="store_true", help="answer with an extract; nothing leaves this machine")
    thread = parser.add_mutually_exclusive_group()
    thread.add_argument("--conversation", metavar="ID", default="", help="continue this conversation")
    thread.add_argument("--continue", dest="goes_on", action="store_true", help="continue the latest conversation")
    parser.add_argument("--context", action="store_true", help="print what would be sent, with its tokens, and send nothing")
    stdin = parser.add_mutually_exclusive_group()
    stdin.add_argument("--stdin", action="store_true", help="wait for standard input to its end")
    stdin.add_argument("--no-stdin", action="store_true", help="do not look at standard input")
    parser.add_argument("--tmux", action="store_true", help="add what stands in this pane of tmux as context")
    _add_json(parser, "print one event per line as it happens; with --context one object")


def _conversations(parser: Parser) -> None:
    parser.set_defaults(action="list")
    _add_json(parser, "print JSON")
    actions = parser.add_subparsers(metavar="ACTION")
    listing = _action(actions, "list", "list them, the newest first (this is the default)")
    showing = _action(actions, "show", "print one")
    for action in (listing, showing):
        _add_json(action, "print JSON", default=argparse.SUPPRESS)
    for action in (showing, _action(actions, "delete", "forget one for good")):
        action.add_argument("id", metavar="ID", help="its id, or the beginning of it")


def _shell(parser: Parser) -> None:
    parser.add_argument("--shell", metavar="SHELL", default="", help="bash, zsh, fish or a path; else your own (SHELL)")
    parser.add_argument("--login", action="store_true", help="start it as a login shell")


def _run(parser: Parser) -> None:
    parser.add_argument("arguments", metavar="-- COMMAND", nargs=argparse.REMAINDER, help="the command and its arguments")


def _hook(parser: Parser) -> None:
    parser.add_argument("shell", metavar="SHELL", choices=("bash", "zsh", "fish"), help="bash, zsh or fish")


def _terminal(parser: Parser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = _action(actions, "list", "list the commands of this repository, the newest first")
    listing.add_argument("--failed", action="store_true", help="only those that failed")
    showing = _action(actions, "show", "print one with its output")
    showing.add_argument("id", metavar="N", help="its number: 3, t3 or @t3")
    searching = _action(actions, "search", "find those whose command line and output have all words")
    searching.add_argument("query", metavar="WORD", nargs="+", help="beginnings of words")
    failing = _action(actions, "last-error", "say what went wrong in the newest one that failed")
    for action in (listing, searching):
        _add_limit(action, 20, _MOST_LISTED)
    for action in (listing, showing, searching, failing):
        _add_json(action, "print JSON")
    forgetting = _action(actions, "forget", "remove some, or all, for good")
    forgetting.add_argument("ids", metavar="N", nargs="*", help="their numbers")
    forgetting.add_argument("--all", action="store_true", help="all commands of this repository")


def _engine(parser: Parser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    _add_json(_action(actions, "status", "say what it is doing"), "print a JSON object, null when none runs")
    _action(actions, "stop", "end it; the next command starts a new one")


def _doctor(parser: Parser) -> None:
    _add_json(parser, "print one JSON array of {area, level, sentence, advice}")


def _branch(parser: Parser) -> None:
    from ramet.cli.branch_arguments import add_branch_arguments

    parser.set_defaults(action="list", dropped=False)
    actions = parser.add_subparsers(metavar="ACTION")
    add_branch_arguments(parser, lambda name, text: _action(actions, name, text))


def _config(parser: Parser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    _action(actions, "path", "print the file that holds your configuration")
    _add_json(_action(actions, "show", "print every setting in force and its origin"), "print a JSON object")


def _key(parser: Parser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    _action(actions, "list", "list the names of the stored keys")
    for name, text in (("set", "store a key"), ("delete", "remove a key")):
        _action(actions, name, text).add_argument(
            "variable", metavar="VARIABLE", help="the variable that it stands for, such as OPENAI_API_KEY"
        )


def _action(actions: argparse._SubParsersAction[Parser], name: str, text: str) -> Parser:  # no public name
    action = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False)
    action.set_defaults(action=name)
    return action


_COMMANDS = {
    "index": _Command("bring the index up to date with the files", "index", _index),
    "search": _Command("find the best places for words, a name or a question", "search", _search),
    "ask": _Command("answer a question from the code, with citations", "ask", _ask, texts.ASK_EPILOG),
    "symbols": _Command("list definitions by name, or those of one file", "symbols", _symbols),
    "references": _Command("list the places that use a name", "symbols", _references),
    "conversations": _Command("list, show or delete stored conversations", "conversations", _conversations),
    "shell": _Command("run your shell and record its commands", "shell", _shell, texts.SHELL_EPILOG),
    "run": _Command("run one command and record it", "run", _run, texts.RUN_EPILOG),
    "hook": _Command("print a script that makes a shell tell of its commands", "hook", _hook, texts.HOOK_EPILOG),
    "terminal": _Command("list, show, search or forget recorded commands", "terminal", _terminal, texts.TERMINAL_EPILOG),
    "branch": _Command("fork the file system, work there, compare, merge back", "branch", _branch, texts.BRANCH_EPILOG),
    "doctor": _Command("say what is configured, reachable and indexed", "doctor", _doctor),
    "config": _Command("show the configuration and where it comes from", "config", _config),
    "key": _Command("keep API keys in the system keyring", "key", _key, texts.KEY_EPILOG),
    "engine": _Command("show or stop the background engine", "engine", _engine),
    "gc": _Command("remove what no working tree needs from the stores", "index", _nothing),
}
