"""`ramet doctor`."""

from __future__ import annotations

import asyncio
import sys

from ramet.cli.console import Console, Painted
from ramet.cli.engine import engine_sentence
from ramet.cli.session import Session
from ramet.errors import RametError
from ramet.models import Finding
from ramet.workspace.doctor import configuration_findings, terminal_findings

_STYLES = {"ok": "green", "note": "yellow", "problem": "red"}
_SIGNS = {"ok": "✓", "note": "!", "problem": "✗"}
_WORDS = {"ok": "ok", "note": "note", "problem": "PROBLEM"}


def run(session: Session) -> int:
    """Run the command and return the exit code: 1 when there is a problem."""
    findings = asyncio.run(_findings(session))
    if session.options.json:
        session.console.json(findings)
    else:
        _print(session.console, findings)
    return 1 if any(finding.level == "problem" for finding in findings) else 0


async def _findings(session: Session) -> list[Finding]:
    found: list[Finding] = []
    folder = session.folder
    try:
        async with session.workspace() as workspace:
            found += await workspace.doctor()
    except RametError as error:
        # What can be seen without a workspace often says why there is none.
        configured = configuration_findings(None, session.environment, session.directories)
        found += [*configured, Finding("repository", "problem", error.what, error.advice or f"The folder is {folder}.")]
    found += await _engine_findings(session)
    encoding = session.console.out.encoding or sys.getdefaultencoding()
    found += terminal_findings(session.environment, encoding, session.console.is_terminal)
    return found


async def _engine_findings(session: Session) -> list[Finding]:
    from ramet.engine.lifecycle import engine_status

    try:
        status = await engine_status(session.directories)
    except RametError as error:
        return [Finding("engine", "problem", error.what, error.advice)]
    if status is None:
        return [Finding("engine", "ok", "No engine is running; the next command starts one.")]
    return [Finding("engine", "ok", engine_sentence(status))]


def _print(console: Console, findings: list[Finding]) -> None:
    marks = _SIGNS if (console.out.encoding or "").lower().startswith("utf") else _WORDS
    area = ""
    for finding in findings:
        if finding.area != area:
            console.line(Painted(finding.area, "bold"))
            area = finding.area
        console.line("  ", Painted(marks[finding.level], _STYLES[finding.level]), f" {finding.sentence}")
        if finding.advice:
            console.line(Painted(f"      {finding.advice}", "dim"))
    problems = sum(finding.level == "problem" for finding in findings)
    console.line()
    console.line(f"{problems} problem{'' if problems == 1 else 's'}." if problems else "Everything needed is in order.")
