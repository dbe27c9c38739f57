"""The process that `ramet.chat.grep` starts: searches files for a regular expression and prints matches as JSON lines.

A process of its own, because a regular expression can take forever and Python cannot interrupt one.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from ramet.chat.files import reader_of
from ramet.index.file_reader import text_lines

_LONGEST_LINE = 2_000
"""Characters of a line that are searched; longer lines are data."""


def main() -> None:
    """Read one request from standard input and answer it."""
    request = json.load(sys.stdin)
    pattern = re.compile(request["pattern"])
    reader = reader_of(Path(request["root"]), request["max_bytes"], request["commit"])
    reader.expect(request["files"])
    left = request["limit"]
    for path in request["files"]:
        for number, line in enumerate(text_lines(reader, path) or (), 1):
            if not pattern.search(line[:_LONGEST_LINE]):
                continue
            sys.stdout.write(json.dumps([path, number]) + "\n")
            sys.stdout.flush()
            left -= 1
            if left <= 0:
                return
    sys.stdout.write('"done"\n')


if __name__ == "__main__":
    main()
