"""`ramet index` and `ramet gc`."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import aclosing

from ramet.cli.console import Console, Painted
from ramet.cli.progress import IndexProgressLine
from ramet.cli.session import Session
from ramet.events import IndexFinished
from ramet.models import FileNote, IndexEstimate, IndexStats, Revision, SkippedFile
from ramet.workspace.protocol import Workspace

_SHOWN_NAMES = 3
_REASONS = {
    "binary": "binary",
    "huge": "too large",
    "minified": "minified",
    "unreadable": "unreadable",
    "symlink": "symbolic links",
    "submodule": "submodules",
    "nested-repository": "nested repositories",
    "gone": "gone while reading",
    "special": "pipes, sockets or devices",
}


def run(session: Session) -> int:
    """Run the command and return the exit code."""
    return asyncio.run(_collect_garbage(session) if session.options.command == "gc" else _index(session))


async def _collect_garbage(session: Session) -> int:
    async with session.workspace() as workspace:
        session.console.line(await workspace.collect_garbage())
    return 0


async def _index(session: Session) -> int:
    options, console = session.options, session.console
    budget = {key: getattr(options, key) for key in ("embed_budget_usd", "embed_budget_tokens")}
    async with session.workspace({key: value for key, value in budget.items() if value is not None}) as workspace:
        if options.estimate:
            estimate = await workspace.estimate(options.at or "")
            if options.json:
                console.json(estimate)
            else:
                _print_estimate(console, estimate, is_verbose=options.verbose)
            return 0
        revision = await session.revision(workspace)
        stats = await _sync(workspace, session, revision)
    if options.json:
        console.json(stats)
    elif not options.quiet:
        _print_stats(console, stats, revision, is_verbose=options.verbose)
    for warning in stats.warnings:
        console.note(Painted("! ", "yellow"), warning)
    if stats.failed:
        console.error(
            f"{stats.failed:,} chunks have no vector: the embedder failed. They are found by words only.", "Run it again."
        )
    return 1 if stats.failed or stats.withheld else 0


async def _sync(workspace: Workspace, session: Session, revision: Revision | None) -> IndexStats:
    progress = IndexProgressLine(session.console, is_quiet=session.options.quiet)
    at = revision.commit if revision else ""
    try:
        async with aclosing(workspace.sync(rebuild=session.options.rebuild, at=at)) as events:
            async for event in events:
                if isinstance(event, IndexFinished):
                    return event.stats
                progress.show(event)
    finally:
        progress.clear()
    raise AssertionError("a sync ends in IndexFinished or an exception")


def _print_stats(console: Console, stats: IndexStats, revision: Revision | None, *, is_verbose: bool) -> None:
    size = f"{stats.chunks:,} chunks of {stats.files:,} files"
    if revision is not None:
        size += f" at {revision.name} ({revision.short})" if revision.name != revision.commit else f" at {revision.short}"
    if stats.added or stats.modified or stats.removed:
        changes = f"{stats.added:,} added, {stats.modified:,} changed, {stats.removed:,} removed"
        vectors = f"{stats.embedded:,} vectors computed, {stats.reused:,} reused{_share(stats.reused, stats.chunks)}"
        console.line(f"Indexed {size} in {stats.seconds:.1f} s: {changes}; {vectors}.")
    elif stats.embedded:
        console.line(f"No file changed: {size}; {stats.embedded:,} missing vectors computed in {stats.seconds:.1f} s.")
    else:
        console.line(f"Nothing changed: {size}, {stats.seconds:.1f} s.")
    _print_skipped(console, stats.skipped, is_verbose=is_verbose)
    _print_notes(console, stats.notes, is_verbose=is_verbose)


def _share(part: int, whole: int) -> str:
    """Return a share in percent, cut and not rounded: 100 means all."""
    return f" ({int(1_000 * part / whole) / 10:g} %)" if whole else ""


def _print_estimate(console: Console, estimate: IndexEstimate, *, is_verbose: bool) -> None:
    missing = estimate.chunks - estimate.cached_chunks
    if not estimate.changed_files and not missing:
        console.line(f"Nothing is to be done: all {estimate.files:,} files are as they were indexed.")
        return
    console.line(f"{estimate.changed_files:,} of {estimate.files:,} files are to be read: {estimate.chunks:,} chunks.")
    console.line(
        f"{estimate.cached_chunks:,} of them have vectors already, {missing:,} are to be computed by {estimate.embedder}."
    )
    cost = "at an unknown price" if estimate.cost is None else f"for about ${estimate.cost:.4f}" if estimate.cost else "for free"
    console.line(f"That is about {estimate.tokens:,} tokens {cost} and takes about {_duration(estimate.seconds)}.")
    if estimate.refusal:
        console.line(Painted("! ", "yellow"), estimate.refusal)
    _print_skipped(console, estimate.skipped, is_verbose=is_verbose)


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "a second"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _print_skipped(console: Console, skipped: tuple[SkippedFile, ...], *, is_verbose: bool) -> None:
    if not skipped:
        return
    by_reason: dict[str, list[SkippedFile]] = defaultdict(list)
    for file in skipped:
        by_reason[file.reason].append(file)
    groups = sorted(by_reason.items(), key=lambda group: -len(group[1]))
    if is_verbose:
        for reason, files in groups:
            console.line(f"Left out, {_REASONS.get(reason, reason)}:")
            for file in files:
                console.line(f"  {file.path}", Painted(f"  {file.detail}" if file.detail else "", "dim"))
        return
    sentences = [f"{len(files):,} {_REASONS.get(reason, reason)} ({_names([f.path for f in files])})" for reason, files in groups]
    console.line(Painted(f"Left out {len(skipped):,}: {'; '.join(sentences)}.", "dim"))


def _print_notes(console: Console, notes: tuple[FileNote, ...], *, is_verbose: bool) -> None:
    if not notes:
        return
    if is_verbose:
        console.line("Indexed by lines:")
        for note in notes:
            console.line(f"  {note.path}", Painted(f"  {note.note}", "dim"))
        return
    shown = "; ".join(f"{note.path}: {note.note}" for note in notes[:_SHOWN_NAMES])
    more = f"; {len(notes) - _SHOWN_NAMES:,} more" if len(notes) > _SHOWN_NAMES else ""
    console.line(Painted(f"Indexed by lines {len(notes):,}: {shown}{more}.", "dim"))


def _names(paths: list[str]) -> str:
    more = f", {len(paths) - _SHOWN_NAMES:,} more" if len(paths) > _SHOWN_NAMES else ""
    return ", ".join(paths[:_SHOWN_NAMES]) + more
