"""`ramet config`."""

from __future__ import annotations

from pathlib import Path

from ramet.cli.console import Painted
from ramet.cli.session import Session
from ramet.config import load_settings, setting_keys, without_credentials
from ramet.errors import UsageError


def run(session: Session) -> int:
    """Run the command and return the exit code."""
    if session.options.action == "path":
        session.console.line(str(session.directories.config_file))
        return 0
    return _show(session)


def _show(session: Session) -> int:
    settings = load_settings(_root(session.folder), session.environment, session.directories)
    values = {key: settings.value(key) for key in setting_keys()}
    shown = {
        key: without_credentials(value) if isinstance(value, str) and "://" in value else value for key, value in values.items()
    }
    origins = {key: settings.origins.get(key, "default") for key in values}
    if session.options.json:
        session.console.json({key: {"value": shown[key], "origin": origins[key]} for key in values})
        return 0
    for key, value in shown.items():
        session.console.line(Painted(f"{key:<24}", "bold"), f"{_toml(value):<30}", Painted(f"  {origins[key]}", "dim"))
    return 0


def _toml(value: str | int | float | dict[str, str]) -> str:
    """Return a value as the configuration file would have it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml(text)}" for name, text in value.items()) + "}"
    if isinstance(value, str):
        quote = "'" if '"' in value and "'" not in value else '"'
        return f"{quote}{value}{quote}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _root(folder: Path) -> Path | None:
    """Return the repository root that a folder belongs to, whose `.ramet.toml` counts; None where there can be none."""
    from ramet.git.repository import locate

    try:
        return locate(folder).root
    except UsageError:
        return None
