"""The engine's log: rotating, and free of code and keys.

Only Ramet's own loggers write to it; libraries may log requests, which hold code. What they print to standard error, and what
Python prints when it dies, lands in the same file.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from logging.handlers import RotatingFileHandler
from pathlib import Path

_FILE_BYTES = 1_000_000
_OLD_FILES = 4
"""With the current one, five files."""
_HIDDEN = "[hidden]"


class _Formatter(logging.Formatter):
    """Replaces known secrets in every line, wherever they came from."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")
        self.secrets: set[str] = set()

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self.secrets:
            text = text.replace(secret, _HIDDEN)
        return text


class _Handler(RotatingFileHandler):
    """Takes standard output and error of the process along when it begins a new file."""

    def redirect(self) -> None:
        if self.stream is not None:
            for descriptor in (1, 2):
                os.dup2(self.stream.fileno(), descriptor)

    def doRollover(self) -> None:  # noqa: N802  - the standard library's name
        super().doRollover()
        self.redirect()


class EngineLog:
    """Owns the handler of the `ramet` loggers while the engine runs."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._formatter = _Formatter()
        self._handler = _Handler(path, maxBytes=_FILE_BYTES, backupCount=_OLD_FILES, encoding="utf-8", errors="backslashreplace")
        self._handler.setFormatter(self._formatter)
        path.chmod(0o600)
        logger = logging.getLogger("ramet")
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.addHandler(self._handler)
        logging.getLogger().addHandler(logging.NullHandler())

    def take_standard_streams(self) -> None:
        """Send what the process prints to the log file."""
        self._handler.redirect()

    def hide(self, secrets: Iterable[str]) -> None:
        """Never write these texts."""
        self._formatter.secrets.update(secrets)

    def close(self) -> None:
        """Stop logging and leave the loggers as they were."""
        logger = logging.getLogger("ramet")
        logger.propagate = True
        logger.removeHandler(self._handler)
        self._handler.close()


def last_line(path: Path) -> str:
    """Return the last line of a log, empty when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            lines = file.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
