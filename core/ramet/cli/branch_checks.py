"""`ramet branch check`: runs checks in branches and says how each ended, as it ends."""

from __future__ import annotations

import asyncio
import shlex
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress

import msgspec

from ramet.branch_models import BranchRun, CheckCommand
from ramet.cli.branch_table import check_mark, check_text, counted, duration_text
from ramet.cli.console import Console, Painted
from ramet.cli.session import Session
from ramet.errors import UsageError
from ramet.workspace.checking import CheckBegan, CheckEnded, CheckEvent, Checking, CheckNoted, CheckPlan, chosen_checks
from ramet.workspace.protocol import Workspace

INTERRUPTED = 130
_REPAINT_SECONDS = 0.2
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def check(session: Session, workspace: Workspace) -> int:
    """Run the checks and return the exit code: 0 when all passed."""
    options = session.options
    commands = await _commands(session, workspace)
    plan = CheckPlan(await _branches(session, workspace), commands, options.jobs, options.stop_early)
    checking = Checking(workspace, plan, session.environment)
    report = _Report(session.console, plan, is_quiet=options.json)
    with _stopped_by_signals(checking):
        repainting = asyncio.create_task(report.repaint())
        try:
            async with aclosing(checking.run()) as events:
                async for event in events:
                    report.tell(event)
        finally:
            repainting.cancel()
            report.clear()
    report.finish()
    if checking.is_stopping:
        return INTERRUPTED
    return 0 if report.all_passed else 1


async def _commands(session: Session, workspace: Workspace) -> tuple[CheckCommand, ...]:
    """Return the command that was given, else the configured checks."""
    words: list[str] = session.options.words
    if not words:
        return chosen_checks(await workspace.branch_checks(), session.options.only)
    if session.options.only:
        raise UsageError("--only chooses among the configured checks.", "Leave it out, or leave the command out.")
    command = words[0] if len(words) == 1 else shlex.join(words)
    if not command.strip():
        raise UsageError("The command is empty.", "ramet branch check NAME -- COMMAND")
    return (CheckCommand(command, command),)


async def _branches(session: Session, workspace: Workspace) -> tuple[str, ...]:
    """Return the branches that are meant. Raises UsageError for one that there is not, before anything runs."""
    options = session.options
    live = [branch.name for branch in (await workspace.branches()).branches]
    if options.names and options.all:
        raise UsageError("Names were given, and --all as well.", "Leave one of them out.")
    for name in options.names:
        if name not in live:
            await workspace.branch(name)  # says what is wrong with it
    if not live:
        raise UsageError("There is no branch to check.", "Make one: ramet branch new NAME")
    if not options.names and not options.all and len(live) > 1:
        raise UsageError(f"There are {len(live)} branches.", "Name those to check, or take all: ramet branch check --all")
    return tuple(dict.fromkeys(options.names)) or tuple(live)


@contextmanager
def _stopped_by_signals(checking: Checking) -> Iterator[None]:
    """Let Ctrl-C and the like end what runs instead of this process; the second one ends it by force."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        loop.add_signal_handler(number, checking.stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            with suppress(TypeError):  # None: it was not set from Python
                signal.signal(number, handler)


class _Report:
    """Says on the console what happens; owned by one run."""

    def __init__(self, console: Console, plan: CheckPlan, *, is_quiet: bool) -> None:
        self._console = console
        self._plan = plan
        self._is_quiet = is_quiet
        self._ended: list[CheckEnded] = []
        self._notes: list[str] = []
        self._running: dict[str, tuple[CheckBegan, float]] = {}
        """By branch: the phase, and when its check began."""
        self._branch_width = max(len(name) for name in plan.branches)
        self._check_width = min(max(len(command.name) for command in plan.commands), 30)

    @property
    def all_passed(self) -> bool:
        """Whether every check of every branch ran and passed."""
        passed = [event for event in self._ended if event.run.check is not None and event.run.check.state == "passed"]
        return len(passed) == len(self._plan.branches) * len(self._plan.commands)

    def tell(self, event: CheckEvent) -> None:
        """Take what happened."""
        if isinstance(event, CheckBegan):
            known = self._running.get(event.branch)
            is_new = known is None or known[0].check != event.check
            self._running[event.branch] = event, time.monotonic() if is_new or known is None else known[1]
        elif isinstance(event, CheckEnded):
            self._running.pop(event.branch, None)
            self._ended.append(event)
            if not self._is_quiet:
                self.clear()
                self._print(event.branch, event.run)
                self._console.out.flush()
        else:
            self._note(event)
        self._show()

    def _note(self, event: CheckNoted) -> None:
        self._notes.append(event.sentence)
        if not self._is_quiet:
            self.clear()
            self._console.note(Painted(event.sentence, "dim"))

    def _print(self, branch: str, run: BranchRun) -> None:
        check = run.check
        assert check is not None
        mark, style = check_mark(check)
        self._console.line(
            Painted(f"{mark} ", style), Painted(f"{branch:<{self._branch_width}}", "bold"),
            f"  {check.name[:30]:<{self._check_width}}  {check_text(check)}", Painted(f"  {duration_text(run.duration)}", "dim"),
        )  # fmt: skip

    async def repaint(self) -> None:
        """Keep the seconds of what runs going, until cancelled."""
        while True:
            await asyncio.sleep(_REPAINT_SECONDS)
            self._show()

    def _show(self) -> None:
        if not self._console.repaints or self._is_quiet or not self._running:
            return
        now = time.monotonic()
        doing = [
            f"{name} {began.check[:30]}{'' if began.phase == 'running' else f' ({began.phase})'} {duration_text(now - since)}"
            for name, (began, since) in self._running.items()
        ]
        total = len(self._plan.branches) * len(self._plan.commands)
        self._console.overwrite(f"{len(self._ended)} of {total}: {', '.join(doing)}")

    def clear(self) -> None:
        """Take the line about what runs away."""
        if self._console.repaints and not self._is_quiet:
            self._console.overwrite("")

    def finish(self) -> None:
        """Say what all of it came to."""
        if self._is_quiet:
            self._console.json(self._as_json())
            return
        runs = [event.run for event in self._ended]
        states = [run.check.state for run in runs if run.check is not None]
        counts = [f"{states.count(state)} {state}" for state in dict.fromkeys(states)]
        left = len(self._plan.branches) * len(self._plan.commands) - len(runs)
        counts += [f"{left} not begun"] if left else []
        if len(runs) != 1 or left:
            self._console.note(Painted(", ".join(counts) + ".", "dim"))
        for name in self._plan.branches:
            self._tell_changes(name, [event.run for event in self._ended if event.branch == name])
        self._tell_where(runs)

    def _tell_changes(self, name: str, runs: Sequence[BranchRun]) -> None:
        changed = sum(run.changed for run in runs)
        if changed:
            by = ", ".join(run.check.name for run in runs if run.changed and run.check is not None)
            text = f"{counted(changed, 'file')} changed in {name} by {by}. To see: ramet branch diff {name}"
            self._console.note(Painted(text, "dim"))

    def _tell_where(self, runs: Sequence[BranchRun]) -> None:
        failed = [run for run in runs if run.number and run.check is not None and run.check.state != "passed"]
        if failed:
            which = ", or ".join(str(run.number) for run in failed[:5])
            self._console.note(Painted(f"To read what was printed: ramet terminal show {which}", "dim"))

    def _as_json(self) -> dict[str, object]:
        results = [{"branch": event.branch, **msgspec.to_builtins(event.run)} for event in self._ended]
        return {"results": results, "passed": self.all_passed, "notes": self._notes}
