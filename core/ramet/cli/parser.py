"""The grammar of the command line: commands, options, and the texts that `--help` shows."""

from __future__ import annotations

import argparse
import re
import sys
from typing import NoReturn

from ramet.version import __version__

_MOST_HITS = 200

_DESCRIPTION = """\
Ask questions about the code in this folder and get answers with checked citations.

Without a command the app opens. The index is built by itself when it is first needed."""

_EPILOG = """\
examples:
  ramet                                        open the app on this repository
  ramet -C ~/src/flask                         ... on another one
  ramet search "where are retries limited"     the best places, and why they were found
  ramet ask "why does teardown run twice?"     an answer with citations
  pytest 2>&1 | ramet ask "why does it fail?"  with piped text as context
  ramet doctor                                 what is configured, reachable and indexed

`ramet COMMAND --help` explains a command. Exit codes: 0 fine, 1 failure, 2 wrong usage, 130 interrupted."""

_ASK_EPILOG = """\
The answer goes to stdout as it arrives, followed by its sources; progress goes to stderr.

Standard input:
  Text piped in is added as context; of a long one the head and the tail are kept. On a terminal, in the background of a
  terminal and from /dev/null nothing is read. Where no terminal is involved (cron, CI) a pipe that sends nothing within
  10 seconds is given up with a note; --stdin waits for it to its end, --no-stdin does not look at it.
  With the question - or with none at all, the question itself is read from standard input.

examples:
  ramet ask "how is a request routed?"
  ramet ask --no-model "where is the cache filled?"
  ramet ask --continue "and who empties it?"
  git diff | ramet ask "what could this break?"
  ramet ask --json "what is a view?" | jq -r 'select(.event == "Answered").text'"""

_KEY_EPILOG = """\
The key is asked for without being shown, or read from standard input: it never appears on the command line.
A variable that is set in the environment wins over the keyring.

examples:
  ramet key set ANTHROPIC_API_KEY
  pass show anthropic | ramet key set ANTHROPIC_API_KEY"""


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors look like all others of Ramet."""

    def error(self, message: str) -> NoReturn:
        """Print one sentence and where to read on, and exit with 2."""
        choice = re.match(r"argument (\w+): invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if choice and choice[1].isupper():
            import difflib

            near = difflib.get_close_matches(choice[2], re.findall(r"[\w-]+", choice[3]), n=1, cutoff=0.5)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            message = f"there is no command {choice[2]!r}.{hint}"
        sys.stderr.write(f"ramet: {message.rstrip('.?')}{'?' if message.endswith('?') else '.'} See `{self.prog} --help`.\n")
        raise SystemExit(2)


def build_parser() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(
        prog="ramet",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ramet {__version__}")
    _add_common(parser, folder=".", in_process=False)
    parser.add_argument("--model", metavar="M", default="", help="the chat model for the app, such as ollama_chat/qwen3")
    parser.set_defaults(command="")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    _add_index(commands)
    _add_search(commands)
    _add_ask(commands)
    _add_conversations(commands)
    _add_engine(commands)
    _add_setup(commands)
    return parser


def _add_common(parser: argparse.ArgumentParser, folder: str, in_process: bool | str) -> None:
    """Add the options that stand before or after the command; after it their default is to leave the value alone."""
    parser.add_argument("-C", dest="folder", metavar="DIR", default=folder, help="work on this folder instead of the current one")
    parser.add_argument(
        "--in-process", action="store_true", default=in_process, help="do without the background engine (slower to start)"
    )


_Commands = argparse._SubParsersAction  # argparse has no public name for it


def _command(commands: _Commands[Parser], name: str, text: str, *, module: str = "", epilog: str = "") -> Parser:
    parser = commands.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_common(parser, argparse.SUPPRESS, argparse.SUPPRESS)
    parser.set_defaults(command=name, module=module or name)
    return parser


def _add_json(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--json", action="store_true", help=text)


def _add_limit(parser: argparse.ArgumentParser, default: int, most: int = _MOST_HITS) -> None:
    def limit(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {most}")
        return int(text)

    parser.add_argument("-k", dest="limit", metavar="N", type=limit, default=default, help=f"how many at most ({default})")


def _add_index(commands: _Commands[Parser]) -> None:
    index = _command(commands, "index", "bring the index up to date with the files", module="index")
    index.add_argument("--rebuild", action="store_true", help="parse and embed everything anew")
    index.add_argument("--estimate", action="store_true", help="say what a run would do and cost, and do nothing")
    _add_json(index, "print what was done as a JSON object")
    index.add_argument("--quiet", "-q", action="store_true", help="print only what went wrong")
    index.add_argument("--verbose", "-v", action="store_true", help="name every file that is left out")
    _command(commands, "gc", "remove what no working tree needs from the stores", module="index")


def _add_search(commands: _Commands[Parser]) -> None:
    search = _command(commands, "search", "find the best places for words, a name or a question")
    search.add_argument("query", metavar="QUERY", nargs="+")
    _add_limit(search, 10)
    _add_json(search, "print one JSON array, best first; lines are 1-based and inclusive")
    symbols = _command(commands, "symbols", "list definitions by name, or those of one file", module="symbols")
    symbols.add_argument("query", metavar="NAME", nargs="?", default="")
    symbols.add_argument("--path", metavar="FILE", default="", help="the definitions of this file, in its order")
    _add_limit(symbols, 50, 5_000)
    _add_json(symbols, "print one JSON array")
    references = _command(commands, "references", "list the places that use a name", module="symbols")
    references.add_argument("query", metavar="NAME")
    _add_limit(references, 100, 5_000)
    _add_json(references, "print one JSON array")


def _add_ask(commands: _Commands[Parser]) -> None:
    ask = _command(commands, "ask", "answer a question from the code, with citations", epilog=_ASK_EPILOG)
    ask.add_argument("question", metavar="QUESTION", nargs="*", help="several words need no quotes; - reads it from stdin")
    model = ask.add_mutually_exclusive_group()
    model.add_argument("--model", metavar="M", default=argparse.SUPPRESS, help="ask this model, such as openai/gpt-5")
    model.add_argument("--no-model", action="store_true", help="answer with an extract; nothing leaves this machine")
    thread = ask.add_mutually_exclusive_group()
    thread.add_argument("--conversation", metavar="ID", default="", help="continue this conversation")
    thread.add_argument("--continue", dest="goes_on", action="store_true", help="continue the latest conversation")
    stdin = ask.add_mutually_exclusive_group()
    stdin.add_argument("--stdin", action="store_true", help="wait for standard input to its end")
    stdin.add_argument("--no-stdin", action="store_true", help="do not look at standard input")
    _add_json(ask, "print one event per line as it happens")


def _add_conversations(commands: _Commands[Parser]) -> None:
    conversations = _command(commands, "conversations", "list, show or delete stored conversations")
    actions = conversations.add_subparsers(metavar="ACTION", dest="action")
    conversations.set_defaults(action="list", json=False)
    _add_json(conversations, "print JSON")
    for name, text in (
        ("list", "list them, the newest first (this is the default)"),
        ("show", "print one"),
        ("delete", "forget one"),
    ):
        action = actions.add_parser(name, help=text, allow_abbrev=False)
        if name != "list":
            action.add_argument("id", metavar="ID", help="its id, or the beginning of it")


def _add_engine(commands: _Commands[Parser]) -> None:
    engine = _command(commands, "engine", "show or stop the background engine")
    actions = engine.add_subparsers(metavar="ACTION", dest="action", required=True)
    _add_json(
        actions.add_parser("status", help="say what it is doing", allow_abbrev=False), "print a JSON object, null when none runs"
    )
    actions.add_parser("stop", help="end it; the next command starts a new one", allow_abbrev=False)


def _add_setup(commands: _Commands[Parser]) -> None:
    doctor = _command(commands, "doctor", "say what is configured, reachable and indexed")
    _add_json(doctor, "print one JSON array")
    config = _command(commands, "config", "show the configuration and where it comes from", module="config")
    actions = config.add_subparsers(metavar="ACTION", dest="action", required=True)
    actions.add_parser("path", help="print the file that holds your configuration", allow_abbrev=False)
    _add_json(
        actions.add_parser("show", help="print every setting in force and its origin", allow_abbrev=False), "print a JSON object"
    )
    key = _command(commands, "key", "keep API keys in the system keyring", module="key", epilog=_KEY_EPILOG)
    actions = key.add_subparsers(metavar="ACTION", dest="action", required=True)
    actions.add_parser("list", help="list the names of the stored keys", allow_abbrev=False)
    for name, text in (("set", "store a key"), ("delete", "remove a key")):
        action = actions.add_parser(name, help=text, allow_abbrev=False)
        action.add_argument("variable", metavar="VARIABLE", help="the variable that it stands for, such as OPENAI_API_KEY")
