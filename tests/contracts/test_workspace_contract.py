"""What every front end may rely on, whichever `Workspace` it holds: in this process, or in a real engine across the socket."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from ramet.branch_models import BranchCost, BranchRun, CheckMark, FileEdit, ForkRequest, MergeRequest
from ramet.engine.client import RemoteWorkspace, open_workspace
from ramet.engine.lifecycle import stop_engine
from ramet.engine.protocol import WORKSPACE_METHODS, Stream
from ramet.errors import ConfigError, ModelNotConfigured, RametError, UsageError
from ramet.events import (
    Answered,
    AskEvent,
    IndexEvent,
    IndexFinished,
    IndexProgress,
    ModelChosen,
    Retrieved,
    Scanned,
    StatusChanged,
    TextDelta,
)
from ramet.models import AskRequest, Attachment, CommandRecording, FileChange
from ramet.paths import UserDirectories, user_directories
from ramet.workspace.protocol import Workspace

DEADLINE = 60.0
"""Seconds; only bounds a failure."""

Git = Callable[..., str]


@pytest.fixture(params=["in-process", "engine"])
async def workspace(request: pytest.FixtureRequest, shop: Path, directories: UserDirectories) -> AsyncGenerator[Workspace, None]:
    """A workspace on the shop that has never been indexed."""
    is_local = request.param == "in-process"
    async with asyncio.timeout(DEADLINE):
        opened = await open_workspace(shop / "web", in_process=is_local, environment=os.environ)
        try:
            yield opened
        finally:
            await opened.close()
            if not is_local:
                await stop_engine(directories)


def resolved(path: Path) -> Path:
    """Return a path without links: the temporary folder of macOS is one."""
    return path.resolve()


def made(folder: Path) -> Path:
    """Create a folder whose name some file systems refuse."""
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    return folder


async def everything(stream: AsyncGenerator[IndexEvent, None]) -> list[IndexEvent]:
    """Read a stream to its end."""
    return [event async for event in stream]


async def answer(workspace: Workspace, request: AskRequest) -> list[AskEvent]:
    """Ask and return all events."""
    return [event async for event in workspace.ask(request)]


async def until(watch: AsyncGenerator[StatusChanged, None], holds: Callable[[StatusChanged], bool]) -> StatusChanged:
    """Return the first snapshot for which something holds."""
    async for snapshot in watch:
        if holds(snapshot):
            return snapshot
    raise AssertionError("a watch is endless")


async def test_indexing_searching_and_looking_up(workspace: Workspace, shop: Path) -> None:
    """One walk through everything that an index is for: starting an engine per question would take a minute."""
    before = await workspace.status()
    estimate = await workspace.estimate()
    events = await everything(workspace.sync())
    again = await everything(workspace.sync())
    rebuilt = await everything(workspace.sync(rebuild=True))
    after = await workspace.status()
    found = await workspace.search("sum of all prices in cents", limit=3)
    nothing = await workspace.search("   ")
    outline = await workspace.symbols(path="shop/cart.py")
    by_name = await workspace.symbols("tot_pr", limit=1)
    uses = await workspace.references("total_price")
    files = await workspace.files()
    garbage = await workspace.collect_garbage()

    assert workspace.root == resolved(shop)
    assert (before.root, before.name, before.index.state, before.index.lexical_ready) == (
        str(resolved(shop)),
        "shop",
        "missing",
        False,
    )
    assert before.head is not None
    assert before.head.branch == "main"
    assert (estimate.files, estimate.changed_files, estimate.cost) == (7, 7, 0.0)
    assert isinstance(events[0], Scanned)
    assert any(isinstance(event, IndexProgress) for event in events)
    finished, repeated, anew = events[-1], again[-1], rebuilt[-1]
    assert isinstance(finished, IndexFinished)
    assert isinstance(repeated, IndexFinished)
    assert isinstance(anew, IndexFinished)
    assert (finished.stats.files, finished.stats.added, finished.stats.failed) == (7, 7, 0)
    assert (repeated.stats.added, repeated.stats.embedded) == (0, 0)
    assert anew.stats.chunks == finished.stats.chunks
    assert after.index.state == "ready"
    assert (after.index.lexical_ready, after.index.dense_ready) == (True, True)
    assert (after.index.files, after.index.vectors) == (7, finished.stats.chunks)
    assert after.index.tree == finished.stats.tree
    assert after.revision > before.revision
    assert (found.hits[0].path, found.hits[0].symbol) == ("shop/cart.py", "Cart.total_price")
    assert found.hits[0].text in (shop / "shop/cart.py").read_text()
    assert found.hits[0].reasons
    assert len(found.hits) <= 3
    assert found.notes == ()
    assert nothing.hits == ()
    assert [symbol.name for symbol in outline][:4] == ["Cart", "__init__", "add_item", "total_price"]
    assert [symbol.qualified_name for symbol in by_name] == ["Cart.total_price"]
    assert {(use.path, use.symbol) for use in uses} == {("shop/cart.py", "checkout"), ("tests/test_cart.py", "test_total")}
    assert files == (
        ".gitignore",
        "README.md",
        "shop/__init__.py",
        "shop/cart.py",
        "shop/payment.py",
        "tests/test_cart.py",
        "web/app.ts",
    )
    assert garbage.endswith(".")


async def test_a_search_builds_a_missing_index_and_follows_changes(workspace: Workspace, shop: Path, git: Git) -> None:
    first = await workspace.search("format price")
    (shop / "shop/voucher.py").write_text("def redeem_voucher(code: str) -> int:\n    return len(code)\n")
    (shop / "README.md").write_text("# Nothing\n")
    (shop / "web/app.ts").unlink()
    second = await workspace.search("redeem voucher")
    third = await workspace.search("formatPrice")
    changes = await workspace.changes()
    files = await workspace.files()
    git(shop, "checkout", "-qb", "vouchers")
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "Vouchers")
    committed = await workspace.status()

    assert first.hits[0].symbol == "formatPrice"
    assert first.index.state == "ready"
    assert second.hits[0].symbol == "redeem_voucher"
    assert all(hit.path != "web/app.ts" for hit in third.hits)
    assert set(changes) == {
        FileChange("README.md", "modified"),
        FileChange("shop/voucher.py", "untracked"),
        FileChange("web/app.ts", "deleted"),
    }
    assert "shop/voucher.py" in files
    assert "web/app.ts" not in files
    assert committed.head is not None
    assert committed.head.branch == "vouchers"
    assert committed.changed_files == 0


async def test_asking_without_a_model_cites_what_is_on_the_disk(workspace: Workspace, shop: Path) -> None:
    events = await answer(
        workspace, AskRequest("How is the card charged?", attachments=(Attachment("log", "PaymentRefused: 12"),))
    )
    context = await workspace.context(AskRequest("How is the card charged?"))
    answered, chosen = events[-1], next(event for event in events if isinstance(event, ModelChosen))
    assert isinstance(answered, Answered)
    kinds = [type(event) for event in events]
    follow_up = (await answer(workspace, AskRequest("And who calls it?", conversation=answered.conversation)))[-1]
    assert isinstance(follow_up, Answered)
    kept = await workspace.conversation(answered.conversation)
    listed = await workspace.conversations()
    payment = shop / "shop/payment.py"
    payment.write_text("# a line more\n" + payment.read_text())
    moved = await workspace.check_citations(answered.citations)
    payment.write_text("gone = True\n")
    changed = await workspace.check_citations(answered.citations)
    await workspace.delete_conversation(answered.conversation)
    left = await workspace.conversations()

    assert kinds.index(IndexFinished) < kinds.index(ModelChosen) < kinds.index(Retrieved) < kinds.index(TextDelta)
    assert chosen.model is None
    assert context.model is None
    assert "shop/payment.py" in [source.path for source in context.sources]
    assert answered.problem is None
    cited = [citation for citation in answered.citations if citation.path == "shop/payment.py"]
    assert cited
    assert all(citation.state == "valid" for citation in answered.citations)
    assert {citation.state for citation in moved if citation.path == "shop/payment.py"} == {"moved"}
    assert {citation.state for citation in changed if citation.path == "shop/payment.py"} == {"changed"}
    assert follow_up.conversation == answered.conversation
    assert [turn.question for turn in kept.turns] == ["How is the card charged?", "And who calls it?"]
    assert kept.turns[0].attachments == (Attachment("log", "PaymentRefused: 12"),)
    assert [(info.id, info.turns) for info in listed] == [(answered.conversation, 2)]
    assert left == ()


async def test_commands_are_cleaned_redacted_kept_found_and_forgotten(
    workspace: Workspace, shop: Path, directories: UserDirectories
) -> None:
    """A recording of the greatest length crosses the socket; half a line at the gap could be half a secret and is left out."""
    key = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
    finished = (await everything(workspace.sync()))[-1]
    assert isinstance(finished, IndexFinished)
    failed = await workspace.record_command(
        CommandRecording(
            terminal="1",
            command=f"make TOKEN={key}",
            folder=str(shop),
            exit_code=2,
            started=1_700_000_000.5,
            duration=0.25,
            head=b"begin\r\n\x1b[31mexport GITHUB_TOKEN=" + key.encode() + b"\x1b[0m\r\n" + b"h\r\n" * 80_000 + key[:20].encode(),
            tail=key[20:].encode() + b"\r\n" + b"t\r\n" * 250_000 + b"make: *** [all] Error 2\r\n",
            omitted=5_000_000,
            omitted_lines=70_000,
        )
    )
    fine = await workspace.record_command(CommandRecording("1", "ls -l", str(shop), 0, 1_700_000_001.0, 0.01, b"app.ts\r\n"))
    listed = await workspace.commands(10)
    only_failed = await workspace.commands(failed=True)
    last = await workspace.last_error()
    again = await workspace.command(failed.id)
    found = await workspace.search_commands("error all", 5)
    stored = b"".join(file.read_bytes() for file in directories.data.rglob("commands.db*"))
    some = await workspace.forget_commands((fine.id, 77))
    with pytest.raises(UsageError, match="no command"):
        await workspace.command(fine.id)
    rest = await workspace.forget_commands()

    assert again == failed == last
    assert (failed.id, failed.terminal, failed.folder, failed.exit_code) == (1, "1", str(shop), 2)
    assert (failed.started, failed.duration, failed.tree) == (1_700_000_000.5, 0.25, finished.stats.tree)
    assert failed.command.startswith("make TOKEN=<secret:")
    assert failed.output.startswith("begin\nexport GITHUB_TOKEN=<secret:")
    assert failed.output.endswith("t\nmake: *** [all] Error 2\n")
    assert "left out" in failed.output
    assert failed.lines >= 400_000
    assert [(run.id, run.output) for run in listed] == [(2, ""), (1, "")]
    assert [run.id for run in only_failed] == [1]
    assert [(run.id, run.output) for run in found] == [(1, "make: *** [all] Error 2")]
    assert b"Error 2" in stored
    for piece in (key, key[:20], key[20:]):
        assert piece.encode() not in stored
    assert (some, rest, await workspace.commands()) == (1, 1, ())


async def test_the_last_error_goes_with_a_question_and_its_function_is_a_source(workspace: Workspace, shop: Path) -> None:
    line = next(
        number
        for number, text in enumerate((shop / "shop/payment.py").read_text().split("\n"), 1)
        if "raise PaymentRefused" in text
    )
    traceback = (
        f'Traceback (most recent call last):\n  File "{shop}/shop/payment.py", line {line}, in charge\n'
        "    raise PaymentRefused(cents)\nPaymentRefused: 12\n"
    )
    recording = CommandRecording("1", "python run.py", str(shop), 1, 1_700_000_000.0, 0.1, traceback.encode())
    before = await workspace.mentioned("Why @last-error?")
    await workspace.record_command(recording)

    mentioned = await workspace.mentioned("Why @last-error, and what is @t9?")
    events = await answer(workspace, AskRequest("Why @last-error?", attachments=mentioned.attachments))
    nothing = await workspace.mentioned("What is a cart?")
    elsewhere = await workspace.mentioned("Why @last-error?", "try"), await workspace.mentioned("Why @last-error?", "")

    assert before.attachments == nothing.attachments == ()
    assert before.notes
    assert [len(found.attachments) for found in elsewhere] == [0, 1]
    (attachment,) = mentioned.attachments
    assert attachment.places[0] == f"shop/payment.py:{line}"
    assert len(mentioned.notes) == 1
    retrieved = next(event for event in events if isinstance(event, Retrieved))
    first = retrieved.sources[0]
    assert (first.path, first.start_line <= line <= first.end_line) == ("shop/payment.py", True)


async def test_a_commit_is_indexed_searched_and_asked_about(workspace: Workspace, shop: Path, git: Git) -> None:
    git(shop, "tag", "before")
    (shop / "shop/payment.py").unlink()
    git(shop, "commit", "-qam", "Free of charge")
    commit = git(shop, "rev-parse", "before").strip()
    revision = await workspace.revision("before")
    estimate = await workspace.estimate(at="before")
    indexed = (await everything(workspace.sync(at="before")))[-1]
    again = await workspace.estimate(at="before")
    found = await workspace.search("charge the card", 3, "HEAD~1")
    outline = await workspace.symbols(path="shop/payment.py", at="before")
    uses = await workspace.references("RETRY_LIMIT", at="before")
    events = await answer(workspace, AskRequest("How is the card charged?", use_model=False, at="before"))
    now = await workspace.search("charge the card")
    retrieved = next(event for event in events if isinstance(event, Retrieved))
    answered = events[-1]
    assert isinstance(answered, Answered)
    kept = await workspace.conversation(answered.conversation)
    on_the_disk = await workspace.check_citations(answered.citations)

    assert (revision.name, revision.commit) == ("before", commit)
    assert isinstance(indexed, IndexFinished)
    assert indexed.stats.tree == revision.tree == found.index.tree
    assert (indexed.stats.files, estimate.changed_files, again.changed_files) == (7, 7, 0)
    assert (found.hits[0].path, found.commit, found.notes) == ("shop/payment.py", commit, ())
    assert (found.index.state, found.index.files, found.index.vectors) == ("ready", 7, indexed.stats.chunks)
    assert "Payment.charge" in {symbol.qualified_name for symbol in outline}
    assert [use.path for use in uses] == ["shop/payment.py"]
    assert retrieved.commit == kept.turns[0].commit == commit
    assert "shop/payment.py" in {citation.path for citation in answered.citations}
    assert {citation.state for citation in answered.citations} == {"valid"}
    assert {citation.state for citation in on_the_disk if citation.path == "shop/payment.py"} == {"changed"}
    assert now.commit == ""
    assert "shop/payment.py" not in {hit.path for hit in now.hits}
    assert git(shop, "status", "--porcelain") == ""
    for name in ("nowhere", "HEAD:README.md", "-x"):
        with pytest.raises(UsageError, match=r"revision|names a file"):
            await workspace.search("anything", at=name)


async def test_a_branch_is_forked_edited_compared_merged_and_dropped(workspace: Workspace, shop: Path, git: Git) -> None:
    (shop / "shop/untracked.py").write_text("UNTRACKED = 1\n")
    made = await workspace.branch_new(ForkRequest(("try",)))
    await workspace.branch_write("try", (FileEdit("shop/cart.py", b"CART = 1\n"), FileEdit("web/app.ts", None)), "Simplify")
    with pytest.raises(UsageError, match="not a path"):
        await workspace.branch_write("try", (FileEdit("../out", b"x"),))
    read = await workspace.branch_read("try", "shop/cart.py"), await workspace.branch_read("try", "shop/untracked.py")
    files = await workspace.branch_files("try")
    diff = await workspace.branch_diff("try", "now", ("web",))
    (shop / "shop/cart.py").write_text("MINE = 1\n")
    open_ = await workspace.branch_merge(MergeRequest("try"))
    merged = await workspace.branch_merge(MergeRequest("try", rest="theirs"))
    on_the_disk = (shop / "shop/cart.py").read_text(), (shop / "web/app.ts").exists()
    undone = await workspace.branch_undo()
    place = await workspace.branch_place("try", os.getpid())
    (Path(place.path) / "first.txt").write_text("first\n")
    captured = await workspace.branch_capture("try", place.slot, "echo")
    counted = (await workspace.status()).branches
    (Path(place.path) / "made.txt").write_text("made\n")
    finished = await workspace.branch_finished("try", place.slot, BranchRun("make", 0, 1.0, 0.5, "made\n"), owner=os.getpid())
    place = await workspace.branch_place("try", os.getpid())
    output = f"{place.path}/shop/cart.py:1: error\n1 failed, 2 passed in 0.10s\n"
    mark = CheckMark("tests", "failed")
    checked = await workspace.branch_finished("try", place.slot, BranchRun("pytest", 1, 2.0, 0.5, output, check=mark))
    checks = await workspace.branch_checks()
    asked = await answer(workspace, AskRequest("Who pays?", use_model=False, at=checked.branches[0].commit, branch="try"))
    assert isinstance(asked[-1], Answered)
    about = (await workspace.conversation(asked[-1].conversation)).turns[-1].branch
    kept = await workspace.branch_keep("try", "kept", "Simplify")
    shown = await workspace.branch("try")
    dropped = await workspace.branch_drop("try")
    listed = await workspace.branches(), await workspace.branches(dropped=True)
    back = await workspace.branch_undo("try")
    gone = await workspace.branch_forget("try")
    left = await workspace.branches(dropped=True)

    assert [branch.name for branch in made.branches] == ["try"]
    assert read == (b"CART = 1\n", b"UNTRACKED = 1\n")
    assert "shop/untracked.py" in files
    assert [(file.path, file.state) for file in diff.files] == [("web/app.ts", "deleted")]
    assert ([conflict.path for conflict in open_.conflicts], open_.is_written) == (["shop/cart.py"], False)
    assert (merged.is_written, on_the_disk) == (True, ("CART = 1\n", False))
    assert (captured.branches[0].stat.files, counted) == (3, 1)
    assert (undone.kind, (shop / "shop/cart.py").read_text()) == ("merge", "MINE = 1\n")
    assert (finished.branches[0].runs[-1].changed, shown.runs[-2].output) == (1, "made\n")
    assert [run.check.summary for run in shown.checks if run.check is not None] == ["1 failed, 2 passed"]
    assert (shown.is_stale(shown.checks[0]), (await workspace.command(shown.checks[0].number)).command) == (False, "pytest")
    assert (checks.configured, checks.config_file) == ((), str(user_directories(os.environ).config_file))
    assert (about, shown.cost) == (shown.id, BranchCost())
    assert (kept.name, git(shop, "show", "kept:made.txt")) == ("kept", "made\n")
    assert (dropped.state, listed[0].branches, [branch.name for branch in listed[1].branches]) == ("dropped", (), ["try"])
    assert listed[1].usage.objects > 0
    assert back.kind == "drop"
    assert (gone.name, left.branches) == ("try", ())
    with pytest.raises(UsageError, match="no branch"):
        await workspace.branch("nowhere")


async def test_watching_pushes_snapshots_of_files_git_and_index(workspace: Workspace, shop: Path, git: Git) -> None:
    async with aclosing(workspace.watch()) as watch:
        first = await anext(watch)
        await everything(workspace.sync())
        indexed = await until(watch, lambda snapshot: snapshot.status.index.state == "ready")
        (shop / "shop/voucher.py").write_text("def redeem_voucher() -> None: ...\n")
        changed = await until(watch, lambda snapshot: snapshot.status.index.files == 8)
        git(shop, "checkout", "-qb", "other")
        switched = await until(watch, lambda s: s.status.head is not None and s.status.head.branch == "other")
        found = await workspace.search("redeem voucher")

    assert first.status.index.state == "missing"
    assert indexed.status.index.dense_ready
    assert changed.status.changed_files == 1
    assert first.status.revision < indexed.status.revision < changed.status.revision < switched.status.revision
    assert found.hits[0].symbol == "redeem_voucher"


async def test_closing_a_stream_cancels_and_the_workspace_goes_on(workspace: Workspace, shop: Path) -> None:
    for number in range(300):
        (shop / f"shop/many_{number}.py").write_text(
            f"def function_{number}(value: int) -> int:\n    return value + {number}\n" * 20
        )
    async with aclosing(workspace.sync()) as events:
        await anext(events)
    stopped = await workspace.status()
    async with aclosing(workspace.ask(AskRequest("what is function_7?"))) as asking:
        await anext(asking)
    finished = (await everything(workspace.sync()))[-1]

    assert stopped.index.state == "missing"
    assert isinstance(finished, IndexFinished)
    assert finished.stats.files == 307


async def test_two_syncs_at_once_both_end(workspace: Workspace) -> None:
    first, second = await asyncio.gather(everything(workspace.sync()), everything(workspace.sync()))

    assert isinstance(first[-1], IndexFinished)
    assert isinstance(second[-1], IndexFinished)
    assert {first[-1].stats.added, second[-1].stats.added} == {7, 0}


async def test_errors_are_of_the_same_kind_and_words(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="conversation") as unknown:
        await workspace.conversation("nowhere")
    with pytest.raises(UsageError, match="empty"):
        await answer(workspace, AskRequest("  \n"))
    with pytest.raises(ModelNotConfigured, match="ANTHROPIC_API_KEY"):
        await answer(workspace, AskRequest("why?", model="anthropic/claude-sonnet-4-5"))

    assert unknown.value.exit_code == 2


async def test_the_doctor_says_what_is_there(workspace: Workspace) -> None:
    findings = await workspace.doctor()

    assert {"configuration", "model", "embedder", "index", "git", "storage"} <= {finding.area for finding in findings}
    assert not [finding for finding in findings if finding.level == "problem"]


@pytest.mark.parametrize("in_process", [True, False])
async def test_what_cannot_be_opened_says_why(
    in_process: bool, tmp_path: Path, shop: Path, directories: UserDirectories, isolated_environment: Path
) -> None:
    async def failure(folder: Path) -> RametError:
        with pytest.raises(RametError) as caught:
            await open_workspace(folder, in_process=in_process, environment=os.environ)
        return caught.value

    missing = await failure(tmp_path / "nowhere")
    (tmp_path / "file.py").write_text("x = 1\n")
    file = await failure(tmp_path / "file.py")
    home = await failure(isolated_environment)
    (shop / ".ramet.toml").write_text('model = "evil/model"\n')
    hostile = await failure(shop)
    await stop_engine(directories)

    assert [type(error) for error in (missing, file, home, hostile)] == [UsageError, UsageError, UsageError, ConfigError]


@pytest.mark.parametrize("in_process", [True, False])
async def test_a_folder_whose_name_is_not_utf8_can_be_opened(
    in_process: bool, tmp_path: Path, directories: UserDirectories
) -> None:
    folder = made(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")))
    (folder / "a.py").write_text("def brew_coffee(): ...\n")
    workspace = await open_workspace(folder, in_process=in_process, environment=os.environ)
    found = await workspace.search("brew coffee")
    root = workspace.root
    await workspace.close()
    await stop_engine(directories)

    assert root == resolved(folder)
    assert found.hits[0].path == "a.py"


def test_every_method_of_the_protocol_crosses_the_socket() -> None:
    methods = {
        name: member for name, member in vars(Workspace).items() if inspect.isfunction(member) and not name.startswith("_")
    }
    methods.pop("close")

    assert set(WORKSPACE_METHODS) == set(methods)
    for name, member in methods.items():
        parameters = [parameter for parameter in inspect.signature(member).parameters if parameter != "self"]
        assert list(WORKSPACE_METHODS[name].params.__struct_fields__) == parameters
        assert isinstance(WORKSPACE_METHODS[name], Stream) == (not inspect.iscoroutinefunction(member))


def as_workspace(workspace: RemoteWorkspace) -> Workspace:
    """Prove to the type checker that the engine's client has the whole interface."""
    return workspace
