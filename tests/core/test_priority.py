"""What share of the processors the work in the background gets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_GROUP = Path("/proc/self/autogroup")

if not _GROUP.exists():
    pytest.skip("the processors are not shared out by session here", allow_module_level=True)

_PROGRAM = """
import asyncio, os, sys
from pathlib import Path
from ramet.priority import SessionPriority, set_session

def present():
    return Path("/proc/self/autogroup").read_text().split()[-1]

async def reached(value):
    while present() != value:
        await asyncio.sleep(0)

async def main():
    priority = SessionPriority()
    async with asyncio.timeout(60):
        with priority.lowered(), priority.lowered():
            await reached("5")
        await reached("0")
    print("back")

if sys.argv[1] == "leader":
    asyncio.run(main())
else:
    print(set_session(10), present())
"""


def _said(role: str, *, leads: bool) -> str:
    command = [sys.executable, "-c", _PROGRAM, role]
    return subprocess.run(command, start_new_session=leads, capture_output=True, check=True, text=True).stdout.strip()


def test_a_session_is_lowered_while_anybody_works_in_the_background() -> None:
    said = _said("leader", leads=True)

    assert said == "back"


def test_a_session_that_belongs_to_somebody_else_is_left_alone() -> None:
    if os.getsid(0) == 0:
        pytest.skip("the tests lead no session")
    before = _GROUP.read_text(encoding="ascii").split()[-1]
    said = _said("guest", leads=False)

    assert said == f"True {before}"
