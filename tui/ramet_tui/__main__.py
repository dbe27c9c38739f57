"""The `ramet` command: hands the arguments to the command line and gives it the app to start."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ramet.cli.main import AppOptions


def run_app(options: AppOptions) -> int:
    """Run the app until the user leaves it and return the exit code."""
    from ramet_tui.start import make_app

    app = make_app(options)
    app.run()
    return app.return_code or 0


def main() -> None:
    """Run the command line; without a subcommand it starts the app."""
    from ramet.cli.main import main as run_command_line

    sys.exit(run_command_line(sys.argv[1:], run_app))


if __name__ == "__main__":
    main()
