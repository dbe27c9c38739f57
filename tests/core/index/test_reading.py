from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from ramet.config import IndexLimits
from ramet.index.reading import Unreadable, looks_binary, looks_minified, read_file
from ramet.paths import path_to_text

LIMIT = 1_000


def refusal(root: Path, path: str, limit: int = LIMIT) -> tuple[str, str]:
    """Return reason and detail of a file that must not be read."""
    with pytest.raises(Unreadable) as caught:
        read_file(root, path, limit)
    return caught.value.reason, caught.value.detail


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    return folder


@pytest.mark.parametrize("name", [b"a b", b"line\nbreak", b"caf\xe9", b"\xf0\x9f\x90\x8d.py", b"-x", b"a\tb"])
def test_any_name_is_read(root: Path, name: bytes) -> None:
    (root / os.fsdecode(b"folder " + name)).mkdir()
    (root / os.fsdecode(b"folder " + name) / os.fsdecode(name)).write_bytes(b"content")

    assert read_file(root, path_to_text(b"folder " + name + b"/" + name), LIMIT) == b"content"


def test_a_file_of_exactly_the_limit_is_read(root: Path) -> None:
    (root / "full").write_bytes(b"x" * LIMIT)
    (root / "empty").touch()

    assert len(read_file(root, "full", LIMIT)) == LIMIT
    assert read_file(root, "empty", LIMIT) == b""


def test_200_megabytes_are_refused_without_reading_them(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (root / "huge").open("wb") as file:
        file.truncate(200_000_000)

    def must_not_read(*_: object) -> bytes:
        raise AssertionError

    monkeypatch.setattr(os, "read", must_not_read)

    assert refusal(root, "huge") == ("huge", "200,000,000 bytes, the limit is 1,000")


def test_a_file_that_grows_while_it_is_read_is_cut_off(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "log").write_bytes(b"x")
    read = os.read

    def growing(handle: int, count: int) -> bytes:
        with (root / "log").open("ab") as file:
            file.write(b"y" * 600)
        return read(handle, count)

    monkeypatch.setattr(os, "read", growing)

    assert refusal(root, "log")[0] == "huge"


def test_links_are_never_followed(root: Path) -> None:
    (root / "out").symlink_to("../secret")
    (root / "loop").symlink_to("loop")
    (root / "folder").mkdir()
    (root / "folder" / "file").write_text("x")
    (root / "alias").symlink_to("folder")
    (root / "above").symlink_to("..")

    assert refusal(root, "out")[0] == "symlink"
    assert refusal(root, "loop")[0] == "symlink"
    assert refusal(root, "alias/file")[0] == "symlink"
    assert refusal(root, "above/secret")[0] == "symlink"


@pytest.mark.parametrize("path", ["../secret", "a/../../secret", "/etc/passwd", "", ".", "a//b", "./a", "a\0b"])
def test_paths_that_leave_the_root_are_refused(root: Path, path: str) -> None:
    assert refusal(root, path)[0] == "special"


def test_pipes_sockets_devices_and_folders_are_refused_without_waiting(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(root / "pipe")
    (root / "folder").mkdir()
    monkeypatch.chdir(root)  # the path of a socket is limited to about 100 bytes
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")

        assert refusal(root, "pipe") == ("special", "a named pipe")
        assert refusal(root, "socket")[0] == "special"
        assert refusal(root, "folder") == ("special", "a folder")
        assert refusal(Path("/dev"), "null") == ("special", "a character device")


def test_a_file_that_went_away_is_gone(root: Path) -> None:
    (root / "file").touch()

    assert refusal(root, "nothing")[0] == "gone"
    assert refusal(root, "no/folder")[0] == "gone"
    assert refusal(root, "file/below")[0] == "gone"
    assert refusal(root / "no root", "file")[0] == "gone"


def test_a_refusal_of_the_system_is_unreadable(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raised at the system call, because a test that runs as root may read everything."""
    (root / "file").touch()
    real_open = os.open

    def refusing(path: str | bytes, flags: int, *, dir_fd: int | None = None) -> int:
        if path == b"file":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real_open(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)

    assert refusal(root, "file") == ("unreadable", "Permission denied")


def test_no_descriptor_is_left_open(root: Path) -> None:
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "file").write_text("x")
    os.mkfifo(root / "a" / "pipe")
    probe = os.open(root, os.O_RDONLY)
    os.close(probe)
    for path in ("a/b/file", "a/pipe", "a/nothing", "a/b/file/below", "../secret"):
        try:
            read_file(root, path, LIMIT)
        except Unreadable:
            continue
    after = os.open(root, os.O_RDONLY)
    os.close(after)

    assert after == probe


def test_binary_and_minified_content_is_recognised() -> None:
    limits = IndexLimits(max_line_bytes=100)

    assert looks_binary(b"\x7fELF\0\0")
    assert not looks_binary("naïve\n".encode("latin-1"))
    assert looks_minified(b"var a=1;" * 50, limits)
    assert not looks_minified(b"a line of code\n" * 50, limits)
    assert not looks_minified(b"", limits)
