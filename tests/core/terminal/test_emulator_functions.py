"""Each control function on a screen of 10 columns and 4 rows: what is shown, and where the cursor is."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramet.terminal.emulator import ScreenEmulator
from tests.core.terminal.test_emulator_against_tmux import shown_by
from tests.core.terminal.tmux_screen import IS_INSTALLED, Tmux

Case = tuple[str | bytes, str, tuple[int, int]]
"""What is printed, the rows with | between them and without blank ones at the end, and row and column of the cursor."""

AS_IN_TMUX: dict[str, Case] = {
    "wrap pending then text": ("abcdefghijk", "abcdefghij|k", (1, 1)),
    "wrap pending then CR": ("abcdefghij\rX", "Xbcdefghij", (0, 1)),
    "wrap pending then EL": ("abcdefghij\x1b[KX", "abcdefghij|X", (1, 1)),
    "wrap pending then ED": ("abcdefghij\x1b[JX", "abcdefghij|X", (1, 1)),
    "wrap pending then CUF": ("abcdefghij\x1b[CX", "abcdefghiX", (0, 9)),
    "wrap pending then CUU": ("\r\nabcdefghij\x1b[AX", "         X|abcdefghij", (0, 9)),
    "wrap pending then TAB": ("abcdefghij\tX", "abcdefghij|X", (1, 1)),
    "wrap pending then SGR": ("abcdefghij\x1b[31mX", "abcdefghij|X", (1, 1)),
    "no autowrap": ("\x1b[?7labcdefghijklm", "abcdefghim", (0, 9)),
    "no autowrap wide": ("\x1b[?7labcdefghi\u65e5x", "abcdefghix", (0, 9)),
    "wide at the edge": ("abcdefghi\u65e5x", "abcdefghi|\u65e5x", (1, 3)),
    "overwrite left half": ("\u65e5\u672c\x1b[1GX", "X \u672c", (0, 1)),
    "wide over half": ("a\u65e5\u672c\x1b[3G\u8a9e", "a \u8a9e", (0, 4)),
    "combining": ("e\u0301x", "e\u0301x", (0, 2)),
    "combining at the edge": ("abcdefghie\u0301x", "abcdefghie\u0301|x", (1, 1)),
    "combining at column 0": ("\u0301x", "x", (0, 1)),
    "zwj": ("a\U0001f469\u200d\U0001f680b", "a\U0001f469\u200d\U0001f680b", (0, 4)),
    "flag": ("\U0001f1e9\U0001f1eax", "\U0001f1e9\U0001f1eax", (0, 3)),
    "tabs": ("a\tb", "a       b", (0, 9)),
    "tab clear": ("\x1b[3ga\tb", "a        b", (0, 9)),
    "tab set": ("\x1b[3g\x1b[5G\x1bH\ra\tb", "a   b", (0, 5)),
    "il in region": ("1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[2H\x1b[L", "1||2|4", (1, 0)),
    "su": ("1\r\n2\r\n3\r\n4\x1b[S", "2|3|4", (3, 1)),
    "sd": ("1\r\n2\r\n3\r\n4\x1b[2T", "||1|2", (3, 1)),
    "su region": ("1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[S", "1|3||4", (0, 0)),
    "lf at region bottom": ("1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3H\nX", "1|3|X|4", (2, 1)),
    "lf below region": ("1\r\n2\r\n3\r\n4\x1b[1;2r\x1b[4;2H\nX", "1|2|3|4X", (3, 2)),
    "ri at top": ("1\r\n2\r\n3\r\n4\x1b[H\x1bMX", "X|1|2|3", (0, 1)),
    "ri above region": ("1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[H\x1bMX", "X|2|3|4", (0, 1)),
    "origin": ("\x1b[2;3r\x1b[?6h\x1b[HA\x1b[9;9HB", "|A|        B", (2, 9)),
    "origin restores": ("\x1b[2;3r\x1b[?6h\x1b7\x1b[?6l\x1b8\x1b[HA", "|A", (1, 1)),
    "cuu stops at margin": ("\x1b[2;3r\x1b[3H\x1b[9AX", "|X", (1, 1)),
    "cud stops at margin": ("\x1b[2;3r\x1b[2H\x1b[9BX", "||X", (2, 1)),
    "cnl cpl": ("\x1b[3;3Ha\x1b[Eb\x1b[2Fc", "|c|  a|b", (1, 1)),
    "cha vpa hpa": ("\x1b[5Ga\x1b[3db\x1b[2`c", "    a|| c   b", (2, 2)),
    "insert mode": ("abc\x1b[2G\x1b[4hXY", "aXYbc", (0, 3)),
    "insert mode edge": ("abcdefghij\x1b[2G\x1b[4hXY", "aXYbcdefgh", (0, 3)),
    "ich": ("abcdefghij\x1b[3G\x1b[2@", "ab  cdefgh", (0, 2)),
    "dch": ("abcdefghij\x1b[3G\x1b[2P", "abefghij", (0, 2)),
    "ech": ("abcdefghij\x1b[3G\x1b[2X", "ab  efghij", (0, 2)),
    "ech bce": ("abcdefghij\x1b[3G\x1b[44m\x1b[2X", "ab  efghij", (0, 2)),
    "dch bce": ("abcdefghij\x1b[3G\x1b[44m\x1b[2P\x1b[mZ", "abZfghij", (0, 3)),
    "el1": ("abcdefghij\x1b[3G\x1b[1K", "   defghij", (0, 2)),
    "ed1": ("1\r\n2\r\n345\x1b[3;2H\x1b[1J", "||  5", (2, 1)),
    "ed0": ("1\r\n2\r\n345\x1b[2;2H\x1b[J", "1|2", (1, 1)),
    "rep": ("ab\x1b[3b", "abbbb", (0, 5)),
    "nel ind": ("ab\x1bEc\x1bDd", "ab|c| d", (2, 2)),
    "drawing": ("\x1b(0lqk\x1b(Bx", "\u250c\u2500\u2510x", (0, 4)),
    "so si": ("\x1b)0a\x0eqx\x0fb", "a\u2500\u2502b", (0, 4)),
    "sc rc style": ("\x1b[31m\x1b7\x1b[m\x1b8X", "X", (0, 1)),
    "scosc": ("ab\x1b[s\x1b[3;3H\x1b[uX", "abX", (0, 3)),
    "decaln": ("\x1b#8", "EEEEEEEEEE|EEEEEEEEEE|EEEEEEEEEE|EEEEEEEEEE", (0, 0)),
    "alt 1049": ("main\x1b[?1049halt\x1b[?1049lX", "mainX", (0, 5)),
    "alt 47": ("main\x1b[?47halt\x1b[?47lX", "main   X", (0, 8)),
    "alt 1047": ("main\x1b[?1047halt\x1b[?1047l\x1b[?47hX", "       X", (0, 8)),
    "ris": ("ab\x1b[31m\x1b[2;3r\x1bcX", "X", (0, 1)),
    "can": ("\x1b[3\x18mX", "mX", (0, 2)),
    "sub": ("\x1b[3\x1amX", "mX", (0, 2)),
    "esc in csi": ("\x1b[3\x1b[31mX", "X", (0, 1)),
    "c0 in csi": ("ab\x1b[\x08CX", "abX", (0, 3)),
    "bs in csi": ("ab\x1b[1\rCX", "aX", (0, 2)),
    "nul del": ("a\x00\x7fb", "ab", (0, 2)),
    "private sgr": ("\x1b[>4;2mX\x1b[?4mY", "XY", (0, 2)),
    "unknown": ("\x1b[5zX\x1b[?5zY\x1b[<5zZ", "XYZ", (0, 3)),
    "osc bel": ("\x1b]0;t\x07X", "X", (0, 1)),
    "osc st": ("\x1b]8;;http://a\x1b\\X", "X", (0, 1)),
    "osc esc": ("\x1b]0;t\x1b[31mX", "X", (0, 1)),
    "dcs": ("\x1bP1$qm\x1b\\X", "X", (0, 1)),
    "apc": ("\x1b_Gx\x1b\\X", "X", (0, 1)),
    "pm sos": ("\x1b^x\x1b\\\x1bXy\x1b\\Z", "Z", (0, 1)),
    "sgr colon": ("\x1b[4:3mX\x1b[4:0mY\x1b[38:2::1:2:3mZ\x1b[38:2:4:5:6mA\x1b[38:5:7mB", "XYZAB", (0, 5)),
    "sgr 21": ("\x1b[21mX\x1b[24mY", "XY", (0, 2)),
    "sgr us": ("\x1b[4;58;5;3mX\x1b[59mY\x1b[58;2;1;2;3mZ", "XYZ", (0, 3)),
    "sgr over": ("\x1b[53mX\x1b[55mY\x1b[9mZ", "XYZ", (0, 3)),
    "sgr dim bold off": ("\x1b[1;2mX\x1b[22mY\x1b[5;7;8mZ\x1b[25;27;28mA", "XYZA", (0, 4)),
    "bce scroll": ("\x1b[44m1\r\n2\r\n3\r\n4\r\n5", "2|3|4|5", (3, 1)),
    "bce il": ("1\r\n2\x1b[42m\x1b[H\x1b[L", "|1|2", (0, 0)),
    "region bad": ("\x1b[3;2rX", "X", (0, 1)),
    "cup 0": ("ab\x1b[0;0HX", "Xb", (0, 1)),
    "cup huge": ("\x1b[99;99HX", "|||         X", (3, 9)),
    "dsr": ("\x1b[6nX", "X", (0, 1)),
    "vt ff": ("a\x0bb\x0cc", "a| b|  c", (2, 3)),
    "ed3": ("1\r\n2\r\n3\r\n4\r\n5\x1b[3J", "2|3|4|5", (3, 1)),
    "dectcem": ("\x1b[?25lX", "X", (0, 1)),
    "c1": ("a\x9b31mb", "a31mb", (0, 5)),
    "nbsp": ("a\xa0b\xadc", "a\xa0b\xadc", (0, 5)),
    "sd2": ("\x1b[2;2H\x1b[1;1;1;1;1Tx", "| x", (1, 2)),
    "tab over text": ("abcdefgh\rx\ty", "xbcdefghy", (0, 9)),
}

NOT_AS_IN_TMUX: dict[str, Case] = {
    "wrap pending then BS": ("abcdefghij\x08X", "abcdefghXj", (0, 9)),
    "wrap pending then LF": ("abcdefghij\nX", "abcdefghij|         X", (1, 9)),
    "wrap pending then CUB": ("abcdefghij\x1b[DX", "abcdefghXj", (0, 9)),
    "wrap pending saved": ("abcdefghij\x1b7\x1b[H\x1b8X", "abcdefghij|X", (1, 1)),
    "overwrite right half": ("\u65e5\u672c\x1b[2GX", " X\u672c", (0, 2)),
    "ich splits": ("\u65e5\u672cx\x1b[2G\x1b[@", "   \u672cx", (0, 1)),
    "dch splits": ("\u65e5\u672cx\x1b[2G\x1b[P", " \u672cx", (0, 1)),
    "ech splits": ("\u65e5\u672cx\x1b[2G\x1b[X", "  \u672cx", (0, 1)),
    "el splits": ("\u65e5\u672cx\x1b[2G\x1b[K", "", (0, 1)),
    "el1 splits": ("\u65e5\u672cx\x1b[1G\x1b[1K", "  \u672cx", (0, 0)),
    "vs16": ("a\u2764\ufe0fb", "a\u2764\ufe0fb", (0, 4)),
    "vs16 edge": ("abcdefghi\u2764\ufe0fb", "abcdefghi\u2764|b", (1, 1)),
    "skin": ("\U0001f44d\U0001f3fdx", "\U0001f44d\U0001f3fdx", (0, 3)),
    "cht cbt": ("\x1b[2Ia\x1b[Zb", "        ba", (0, 9)),
    "il": ("1\r\n2\r\n3\r\n4\x1b[2;3H\x1b[L", "1||2|3", (1, 0)),
    "dl": ("1\r\n2\r\n3\r\n4\x1b[2;3H\x1b[M", "1|3|4", (1, 0)),
    "dl outside region": ("1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[4H\x1b[M", "1|2|3|4", (3, 0)),
    "hvp hpr vpr": ("\x1b[2;2fa\x1b[2ab\x1b[ec", "| a  b|     c", (2, 6)),
    "rep wrap": ("ab\x1b[12b", "abbbbbbbbb|bbbb", (1, 4)),
    "rep wide": ("\u65e5\x1b[2b", "\u65e5\u65e5\u65e5", (0, 6)),
    "lnm": ("\x1b[20hab\ncd", "ab|cd", (1, 2)),
    "1048": ("ab\x1b[?1048h\x1b[3;3H\x1b[?1048lX", "abX", (0, 3)),
    "decstr": ("ab\x1b[4h\x1b[31m\x1b[!p\x1b[1GX", "Xb", (0, 1)),
    "sgr bad": ("\x1b[38;5mX\x1b[38;5;300mY\x1b[1;99;4mZ", "XYZ", (0, 3)),
    "decsel": ("abc\x1b[2G\x1b[?K", "a", (0, 1)),
    "csi s edge": ("abcdefghij\x1b[s\x1b[uX", "abcdefghij|X", (1, 1)),
    "bad utf8": (b"a\xff\xe6\x97b\xc0\xafc", "a\ufffd\ufffdb\ufffd\ufffdc", (0, 7)),
    "ich pending": ("abcdefghij\x1b[@X", "abcdefghiX", (0, 9)),
    "dch pending": ("abcdefghij\x1b[PX", "abcdefghiX", (0, 9)),
    "ech pending": ("abcdefghij\x1b[XY", "abcdefghiY", (0, 9)),
    "il pending": ("abcdefghij\x1b[LY", "Y|abcdefghij", (0, 1)),
}
"""tmux keeps the cursor right of the screen where xterm keeps it in the last column, does not blank both halves of a character
that is cut, counts skin tones and emoji by other tables than Rich, and leaves out some functions; docs/terminal.md says which."""


@pytest.mark.parametrize("name", [*AS_IN_TMUX, *NOT_AS_IN_TMUX])
def test_a_function_shows_what_its_manual_says(name: str) -> None:
    printed, rows, cursor = (AS_IN_TMUX | NOT_AS_IN_TMUX)[name]
    emulator = ScreenEmulator(10, 4)
    emulator.feed(_bytes(printed))
    top = emulator.screen_top
    shown = ["".join(run.text for run in emulator.runs(row)).rstrip() for row in range(top, top + 4)]

    assert "|".join(shown).rstrip("|") == rows
    assert (emulator.cursor.row - top, emulator.cursor.column) == cursor


@pytest.mark.skipif(not IS_INSTALLED, reason="needs tmux, which gives the expected screens")
def test_functions_do_what_they_do_in_tmux(tmp_path: Path) -> None:
    tmux = Tmux(tmp_path, 10, 4)
    try:
        for name, (printed, _, _) in AS_IN_TMUX.items():
            emulator = ScreenEmulator(10, 4)
            emulator.feed(_bytes(printed))
            expected = tmux.shown_after(b"\x1b[?1049l\x1bc" + _bytes(printed))

            assert shown_by(emulator, expected) == expected, name
    finally:
        tmux.close()


def _bytes(printed: str | bytes) -> bytes:
    return printed if isinstance(printed, bytes) else printed.encode()
