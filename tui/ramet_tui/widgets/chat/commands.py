"""The slash commands of the prompt: their names, and how a line is recognised as one. Imports no Textual."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class SlashCommand:
    """One command; `argument` names what it takes, empty where it takes nothing."""

    name: str
    argument: str
    help: str


COMMANDS = (
    SlashCommand("new", "", "start a new conversation"),
    SlashCommand("conversations", "", "resume or delete a stored conversation"),
    SlashCommand("model", "NAME", "answer with this model from now on"),
    SlashCommand("nomodel", "", "answer with extracts from the code, without a model"),
    SlashCommand("retry", "", "ask the last question again"),
    SlashCommand("copy", "", "copy the last answer"),
    SlashCommand("export", "FILE", "write this conversation to a Markdown file"),
    SlashCommand("help", "", "show commands and keys"),
)

_COMMAND_LINE = re.compile(r"/([a-z]+)(?:[ \t]+(.*?))?[ \t]*")


def parse_command(text: str) -> tuple[str, str] | None:
    """Return name and argument of a line such as `/model gpt`; None for a question (`/usr/bin is what?`)."""
    match = _COMMAND_LINE.fullmatch(text)
    return (match[1], match[2] or "") if match else None


def command_named(name: str) -> SlashCommand | None:
    """Return the command of that exact name."""
    return next((command for command in COMMANDS if command.name == name), None)


def matching_commands(prefix: str) -> list[SlashCommand]:
    """Return the commands whose name starts with what was typed after the slash."""
    return [command for command in COMMANDS if command.name.startswith(prefix)]
