"""A process that parses: `python -m ramet.index.parse_worker`, started by `ramet.index.parse_pool`.

Grammars are native code, which may crash or hang on odd input: then this process ends and its engine goes on.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import msgspec

from ramet.index.blobs import parse_packed
from ramet.index.parse_messages import ParseBatch
from ramet.priority import lower_process, set_session
from ramet.store.vector_messages import read_message, write_message

_FILE_SECONDS = 10
"""CPU time for one file, after which the system ends the process: parsing has a limit of its own, queries have none."""
_NICENESS = 10
"""Below whatever the user is doing: on a busy machine parsing gets the time that nobody else wants."""


def main() -> None:
    """Answer batches until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lower_process(_NICENESS)
    is_lowered = False
    batches, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not end up among the replies.
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    decoder = msgspec.msgpack.Decoder(ParseBatch)
    with suppress(OSError):  # nobody is there to answer to
        while (batch := read_message(batches, decoder)) is not None:
            is_lowered = is_lowered or set_session(_NICENESS)
            for job in batch.jobs:
                signal.setitimer(signal.ITIMER_PROF, _FILE_SECONDS)
                write_message(replies, parse_packed(job, with_vectors=batch.with_vectors))
            signal.setitimer(signal.ITIMER_PROF, 0)
    os._exit(0)


if __name__ == "__main__":
    main()
