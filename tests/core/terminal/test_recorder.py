"""However a stream is cut, the recorder finds the same commands in it, and nothing of its marks reaches the screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ramet.models import CommandRecording
from ramet.terminal.kept import HeadAndTail
from ramet.terminal.recorder import (
    HEAD_BYTES,
    TAIL_BYTES,
    CommandFinished,
    CommandOutput,
    CommandStarted,
    PromptStarted,
    Recorder,
    TerminalEvent,
)

NONCE = "0123456789abcdef0123456789abcdef"


def mark(kind: str, *fields: str, nonce: str = NONCE) -> bytes:
    return f"\x1b]7717;{';'.join((nonce, kind, *fields))}\x1b\\".encode()


class Ticking:
    """A clock that goes on by one second per look."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def recorder(nonce: str = NONCE) -> Recorder:
    return Recorder("1", nonce, shell="zsh", folder="/start", clock=Ticking(), stopwatch=Ticking())


def split(stream: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    places = sorted({min(cut, len(stream)) for cut in cuts})
    for start, end in zip([0, *places], [*places, len(stream)], strict=True):
        yield stream[start:end]


def recorded(stream: bytes, cuts: Iterable[int] = (), nonce: str = NONCE) -> tuple[bytes, list[TerminalEvent]]:
    """Return what reached the screen and what was told."""
    watching = recorder(nonce)
    screen = b""
    events: list[TerminalEvent] = []
    parts = [part for piece in split(stream, cuts) for part in watching.feed(piece)]
    for part in (*parts, *watching.finish()):
        if isinstance(part, bytes):
            screen += part
        else:
            events.append(part)
    return screen, events


def recordings(events: list[TerminalEvent]) -> list[CommandRecording]:
    return [event.recording for event in events if isinstance(event, CommandFinished) and event.recording is not None]


SESSION = b"".join(
    (
        mark("P", "/work"),
        b"\x1b]133;A\x1b\\",
        b"$ \x1b]133;B\x07echo\r\n",
        mark("C", "/srv/caf%E9%3Bx", "echo 'a%0Ab'%3B 100%25 gr%C3%BCn"),
        b"out\x1b[31m put\x1b[0m\r\n",
        mark("D", "0", nonce="f" * 32),
        b"\x1b]7717;unfinished\nmore\x1b]7717;\x1b[0m\x1b]7717;broken\x1b]0;title\x07",
        b"\x1b[?25;1049hfull screen\x1b[?1049lend\x1b",
        mark("E"),
        b"%      \r \r",
        mark("D", "3"),
        b"prompt",
        mark("W", "/work"),
        b"withheld",
        mark("D", "0"),
        mark("C", "/work", "exec sh"),
        b"$ last\x1b]7717;",
    )
)


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, len(SESSION)), max_size=30))
def test_cuts_change_nothing(cuts: list[int]) -> None:
    whole = recorded(SESSION)
    pieces = recorded(SESSION, cuts)

    assert pieces == whole


def test_a_stream_may_come_byte_by_byte() -> None:
    assert recorded(SESSION, range(len(SESSION))) == recorded(SESSION)


def test_a_session_is_told_event_by_event() -> None:
    screen, events = recorded(SESSION)
    first, last = recordings(events)

    assert [type(event) for event in events] == [
        PromptStarted,
        CommandStarted,
        CommandFinished,
        CommandStarted,
        CommandFinished,
        CommandStarted,
        CommandFinished,
    ]
    assert events[1] == CommandStarted(1, "echo 'a\nb'; 100% grün", "/srv/caf\uefe9;x")
    assert (first.command, first.folder, first.exit_code) == ("echo 'a\nb'; 100% grün", "/srv/caf\uefe9;x", 3)
    assert (first.started, first.duration, first.terminal, first.shell) == (101.0, 1.0, "1", "zsh")
    assert first.head == b"out\x1b[31m put\x1b[0m\r\n\nmore\x1b[0m\x1b]0;title\x07end\x1b"
    assert first.is_full_screen
    assert events[4] == CommandFinished(2, 0, 1.0, None)
    assert (last.command, last.exit_code, last.head) == ("exec sh", None, b"$ last")
    assert b"7717" not in screen
    assert b"full screen" in screen
    assert screen.startswith(b"\x1b]133;A\x1b\\$ \x1b]133;B\x07echo\r\n")


def test_a_shell_without_our_marks_is_followed_by_those_that_it_has() -> None:
    """Anybody may print these, so that they count only where no mark with the nonce ever came."""
    foreign = (
        b"\x1b]7;file://host/home/caf%C3%A9\x07\x1b]133;A\x07$ \x1b]133;B\x07"
        b"\x1b]633;E;make \\x3b \\\\x;nonce\x07\x1b]133;C\x07out\r\n\x1b]133;D;2;aid=1\x07"
        b"\x1b]1337;CurrentDir=/other\x07\x1b]133;A\x07\x1b]133;C\x07\x1b]133;D\x07"
        b"\x1b]633;P;Cwd=/third\x07\x1b]633;C\x07unknown\x1b]633;D;0\x07"
    )
    _, events = recorded(foreign, nonce="")
    first, second = recordings(events)
    _, trusted = recorded(mark("P", "/work") + foreign)

    assert (first.command, first.folder, first.exit_code, first.head) == ("make ; \\x", "/home/café", 2, b"out\r\n")
    assert (second.command, second.folder, second.exit_code, second.head) == ("", "/third", 0, b"unknown")
    assert [event.folder for event in events if isinstance(event, PromptStarted)] == ["/home/café", "/other"]
    assert trusted == [PromptStarted("/work")]


def test_a_mark_with_an_empty_nonce_is_no_mark_where_none_was_given() -> None:
    screen, events = recorded(mark("C", "/", "evil", nonce="") + b"x" + mark("D", "0", nonce=""), nonce="")

    assert (screen, events) == (b"x", [])


@pytest.mark.parametrize(
    "beginning", [b"\x1b]7717;wrong", b"\x1b]7717;" + NONCE.encode() + b";C;/;", b"\x1b]133;", b"\x1b]1337;File="]
)
def test_a_sequence_that_never_ends_does_not_fill_the_memory(beginning: bytes) -> None:
    watching = recorder()
    list(watching.feed(mark("C", "/work", "cat") + beginning))
    for _ in range(30):
        list(watching.feed(b"a" * 100_000))
    screen = b"".join(part for part in watching.feed(b"\x07\nseen") if isinstance(part, bytes))

    assert screen.endswith(b"seen")
    assert len(screen) < 1_000
    assert len(watching._scanner._held) < 1_000_000


def test_the_beginning_and_the_end_of_a_long_output_are_kept() -> None:
    watching = recorder()
    list(watching.feed(mark("C", "/work", "seq")))
    for number in range(300):
        list(watching.feed(b"%05d\n" % number * 1_000))
    [finished] = [event for event in watching.feed(mark("D", "0")) if isinstance(event, CommandFinished)]
    recording = finished.recording

    assert recording is not None
    assert (len(recording.head), len(recording.tail)) == (HEAD_BYTES, TAIL_BYTES)
    assert recording.omitted == 300 * 6_000 - HEAD_BYTES - TAIL_BYTES
    assert recording.head.count(b"\n") + recording.tail.count(b"\n") + recording.omitted_lines == 300_000
    assert recording.tail.endswith(b"00299\n")


def test_a_command_on_a_terminal_of_its_own_is_kept_without_its_screens() -> None:
    output = CommandOutput()
    shown = b"".join(map(output.feed, (b"a\x1b[?10", b"49hscreen\x1b[?1049lb", mark("D", "0"), b"c")))

    assert shown == b"a\x1b[?1049hscreen\x1b[?1049lbc"
    assert output.output.kept().head == b"abc"
    assert output.is_full_screen


@given(pieces=st.lists(st.binary(max_size=40), max_size=12), head=st.integers(1, 30), tail=st.integers(1, 30))
def test_short_streams_are_kept_whole_and_long_ones_at_both_ends(pieces: list[bytes], head: int, tail: int) -> None:
    whole = b"".join(pieces)
    stream = HeadAndTail(head, tail)
    for piece in pieces:
        stream.add(piece)
    kept = stream.kept()

    if len(whole) <= head + tail:
        assert kept == (whole, b"", 0, 0)
    else:
        assert (kept.head, kept.tail) == (whole[:head], whole[-tail:])
        assert kept.omitted == len(whole) - head - tail
        assert kept.omitted_lines == whole[head:-tail].count(b"\n")
    assert stream.total == len(whole)
