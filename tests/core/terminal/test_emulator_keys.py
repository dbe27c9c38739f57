"""What keys, mouse, paste and focus send."""

from __future__ import annotations

import pytest

from ramet.terminal.emulator import ScreenEmulator
from ramet.terminal.keys import LEFT, NO_BUTTON, WHEEL_DOWN, WHEEL_UP, focus_bytes, key_bytes, mouse_bytes, paste_bytes
from ramet.terminal.protocol import Modes


@pytest.mark.parametrize(
    ("key", "character", "sent"),
    [
        ("a", "a", b"a"),
        ("A", "A", b"A"),
        ("é", "é", "é".encode()),
        ("plus", "+", b"+"),
        ("left_square_bracket", "[", b"["),
        ("full_stop", ".", b"."),
        ("greater_than_sign", ">", b">"),
        ("space", " ", b" "),
        ("enter", "\r", b"\r"),
        ("tab", "\t", b"\t"),
        ("shift+tab", None, b"\x1b[Z"),
        ("escape", None, b"\x1b"),
        ("backspace", None, b"\x7f"),
        ("ctrl+backspace", None, b"\b"),
        ("alt+backspace", None, b"\x1b\x7f"),
        ("alt+enter", None, b"\x1b\r"),
        ("ctrl+a", None, b"\x01"),
        ("ctrl+j", None, b"\n"),
        ("ctrl+at", None, b"\0"),
        ("ctrl+@", None, b"\0"),
        ("ctrl+space", None, b"\0"),
        ("ctrl+backslash", None, b"\x1c"),
        ("ctrl+right_square_bracket", None, b"\x1d"),
        ("ctrl+circumflex_accent", None, b"\x1e"),
        ("ctrl+underscore", None, b"\x1f"),
        ("ctrl+slash", None, b"\x1f"),
        ("ctrl+2", None, b"\0"),
        ("ctrl+9", None, b"9"),
        ("alt+x", "x", b"\x1bx"),
        ("alt+ctrl+x", None, b"\x1b\x18"),
        ("up", None, b"\x1b[A"),
        ("ctrl+left", None, b"\x1b[1;5D"),
        ("alt+shift+right", None, b"\x1b[1;4C"),
        ("home", None, b"\x1b[H"),
        ("shift+end", None, b"\x1b[1;2F"),
        ("delete", None, b"\x1b[3~"),
        ("ctrl+pagedown", None, b"\x1b[6;5~"),
        ("f1", None, b"\x1bOP"),
        ("shift+f2", None, b"\x1b[1;2Q"),
        ("f5", None, b"\x1b[15~"),
        ("ctrl+f12", None, b"\x1b[24;5~"),
        ("f13", None, b"\x1b[1;2P"),
        ("f24", None, b"\x1b[24;2~"),
        ("<unknown>", None, b""),
        ("f99", None, b""),
    ],
)
def test_a_key_sends_what_xterm_sends(key: str, character: str | None, sent: bytes) -> None:
    assert key_bytes(key, character, Modes()) == sent


def test_application_cursor_keys_differ_unless_a_modifier_is_held() -> None:
    modes = Modes(application_cursor=True)

    assert key_bytes("up", None, modes) == b"\x1bOA"
    assert key_bytes("end", None, modes) == b"\x1bOF"
    assert key_bytes("ctrl+up", None, modes) == b"\x1b[1;5A"


def test_a_program_hears_of_the_mouse_what_it_asked_for() -> None:
    def reports(mouse: str) -> list[bytes]:
        emulator = ScreenEmulator(80, 24)
        emulator.feed(f"\x1b[?{mouse};1006h".encode())
        events = [("press", LEFT), ("move", LEFT), ("release", LEFT), ("move", NO_BUTTON), ("press", WHEEL_UP)]
        return [mouse_bytes(action, button, 4, 9, emulator.modes) for action, button in events]  # type: ignore[arg-type]

    press, drag, release, move, wheel = (
        b"\x1b[<0;5;10M",
        b"\x1b[<32;5;10M",
        b"\x1b[<0;5;10m",
        b"\x1b[<35;5;10M",
        b"\x1b[<64;5;10M",
    )

    assert reports("9") == [press, b"", b"", b"", b""]
    assert reports("1000") == [press, b"", release, b"", wheel]
    assert reports("1002") == [press, drag, release, b"", wheel]
    assert reports("1003") == [press, drag, release, move, wheel]
    assert mouse_bytes("press", LEFT, 0, 0, Modes(mouse="click", mouse_sgr=True), ctrl=True) == b"\x1b[<16;1;1M"


def test_the_old_mouse_reports_are_bytes_and_end_where_bytes_end() -> None:
    modes = Modes(mouse="click")

    assert mouse_bytes("press", LEFT, 4, 9, modes) == b"\x1b[M %*"
    assert mouse_bytes("release", LEFT, 4, 9, modes) == b"\x1b[M#%*"
    assert mouse_bytes("press", LEFT, 222, 0, modes) == b"\x1b[M \xff!"
    assert mouse_bytes("press", LEFT, 223, 0, modes) == b""


def test_the_wheel_sends_arrow_keys_to_a_full_screen_program_that_does_not_know_the_mouse() -> None:
    emulator = ScreenEmulator(80, 24)

    assert mouse_bytes("press", WHEEL_DOWN, 0, 0, emulator.modes) == b""

    emulator.feed(b"\x1b[?1049h\x1b[?1h")

    assert mouse_bytes("press", WHEEL_DOWN, 0, 0, emulator.modes) == b"\x1bOB" * 3

    emulator.feed(b"\x1b[?1007l")

    assert mouse_bytes("press", WHEEL_DOWN, 0, 0, emulator.modes) == b""


def test_pasted_text_cannot_end_the_paste_or_hold_control_characters() -> None:
    text = "one\ntwo\r\nthree\t\x1b[201~rm -rf\x1b[20\x1b[201~1~\x03\x9b201~"

    assert paste_bytes(text, Modes(bracketed_paste=True)) == b"\x1b[200~one\rtwo\rthree\trm -rf[201~201~\x1b[201~"
    assert paste_bytes("a\nb", Modes()) == b"a\rb"


def test_the_focus_is_told_only_to_programs_that_asked() -> None:
    assert focus_bytes(True, Modes()) == b""
    assert focus_bytes(True, Modes(focus_events=True)) == b"\x1b[I"
    assert focus_bytes(False, Modes(focus_events=True)) == b"\x1b[O"
