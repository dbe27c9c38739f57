"""How much of a busy machine the work in the background gets: less than what somebody waits for."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_GROUP = Path("/proc/self/autogroup")
"""The nice value of the session, on systems that share out the processors to sessions before they do to processes."""
_RETRY_SECONDS = 0.2
"""Linux lets all users together change ten of these values a second."""
_LOWERED = 5
"""Nice value of the session while it works in the background: a third of the share of a session that somebody looks at."""


def lower_thread(niceness: int) -> None:
    """Give the calling thread a lower priority for as long as it lives; without effect where only processes have one."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)


def lower_process(niceness: int) -> None:
    """Give this process a lower priority among those of its session."""
    with suppress(OSError):
        os.nice(niceness)


def set_session(niceness: int) -> bool:
    """Give the session that this process leads a priority among sessions; False when it must be tried again.

    Where Linux groups processes by session, their own nice values count only within it. A session of somebody else is left alone.
    """
    try:
        if os.getsid(0) == os.getpid():
            _GROUP.write_text(f"{niceness}\n", encoding="ascii")
    except BlockingIOError:
        return False
    except OSError:
        return True  # there is no such thing here
    return True


class SessionPriority:
    """Lowers the priority of the session that this process leads while there is work in the background; for one event loop."""

    def __init__(self) -> None:
        self._users = 0
        self._present = 0
        self._setting: asyncio.Task[None] | None = None

    @contextmanager
    def lowered(self) -> Iterator[None]:
        """Work in the background while the block runs."""
        self._users += 1
        self._set()
        try:
            yield
        finally:
            self._users -= 1
            self._set()

    def _set(self) -> None:
        if self._setting is None or self._setting.done():
            self._setting = asyncio.create_task(self._reach())

    async def _reach(self) -> None:
        while self._present != (wanted := _LOWERED if self._users else 0):
            if set_session(wanted):
                self._present = wanted
            else:
                await asyncio.sleep(_RETRY_SECONDS)
