"""The engine's process: `python -m ramet.engine --ready-fd N`, started by `ramet.engine.lifecycle`.

It forks away from the front end before anything else is imported, so that nobody has to wait for its end.
"""

from __future__ import annotations

import os
import sys


def _ready_descriptor(arguments: list[str]) -> int:
    if len(arguments) != 2 or arguments[0] != "--ready-fd" or not arguments[1].isdigit():
        sys.exit("The engine is started by Ramet itself; see `ramet engine --help`.")
    return int(arguments[1])


def main() -> None:
    """Run the engine until it leaves."""
    ready = _ready_descriptor(sys.argv[1:])
    if os.fork():
        os._exit(0)
    # Only who leads a session may say what share of the processors it gets.
    os.setsid()
    from ramet.engine.process import run_engine

    run_engine(ready)


if __name__ == "__main__":
    main()
