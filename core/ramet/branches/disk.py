"""Single steps on files of the user's tree: each either happens or does not, follows no link, and replaces nothing unseen."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from ramet.branches.names import is_safe_path
from ramet.errors import BranchConflict
from ramet.index.merkle import EXECUTABLE_MODE, FILE_MODE, SYMLINK_MODE
from ramet.inert import inert_line
from ramet.paths import path_from_text, path_to_text

NOTHING = ""
"""What stands at a path where nothing does."""
FOLDER = "folder"
OTHER = "other"
_OPEN_FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_SUFFIX = b"~"
_UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)
_NO_REPLACE, _EXCHANGE = (1, 2) if sys.platform == "linux" else (4, 2)
"""Flags of renameat2 on Linux, of renameatx_np on macOS."""


class Occupied(Exception):
    """Something stands where a file should go, or not what should be there."""


def fingerprint(mode: int, content: bytes) -> str:
    """Return what `look` says of a file with this mode of git and these bytes."""
    return f"{mode:o}:{hashlib.sha256(content).hexdigest()}"


def look(root: Path, path: str) -> tuple[str, bytes]:
    """Return what stands at a path, as a fingerprint, and its bytes; of a link where it leads."""
    try:
        with _parent(root, path) as (folder, name):
            mode = os.lstat(name, dir_fd=folder).st_mode
            if stat.S_ISDIR(mode):
                return FOLDER, b""
            if stat.S_ISLNK(mode):
                target = os.readlink(name, dir_fd=folder)
                return fingerprint(SYMLINK_MODE, target), target
            if not stat.S_ISREG(mode):
                return OTHER, b""
            handle = os.open(name, _READ, dir_fd=folder)
            with os.fdopen(handle, "rb") as stream:
                content = stream.read()
                mode = os.fstat(stream.fileno()).st_mode
            return fingerprint(EXECUTABLE_MODE if mode & stat.S_IXUSR else FILE_MODE, content), content
    except (FileNotFoundError, NotADirectoryError):
        return NOTHING, b""
    except PermissionError:
        return OTHER, b""
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            return OTHER, b""
        raise


def write_new(root: Path, path: str, mode: int, content: bytes, like: str) -> None:
    """Write a file that is not there yet, down to the disk, with the permissions of the file `like` where that exists."""
    with _parent(root, path) as (folder, name):
        if mode == SYMLINK_MODE:
            os.symlink(content, name, dir_fd=folder)
            return
        permissions = _permissions(root, like, is_executable=mode == EXECUTABLE_MODE)
        handle = os.open(name, _WRITE, permissions if permissions is not None else 0o666, dir_fd=folder)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            if permissions is not None:
                os.fchmod(stream.fileno(), permissions)
            elif mode == EXECUTABLE_MODE:
                given = os.fstat(stream.fileno()).st_mode
                os.fchmod(stream.fileno(), stat.S_IMODE(given | (given & 0o444) >> 2))
            os.fsync(stream.fileno())


def exchange(root: Path, one: str, other: str) -> None:
    """Let two files change places in one step."""
    with _parent(root, one) as (one_folder, one_name), _parent(root, other) as (other_folder, other_name):
        if _rename(one_folder, one_name, other_folder, other_name, _EXCHANGE):
            return
        # Without the system's help: the file that goes keeps a name all the time, so that its bytes are never without one.
        spare = one_name + _SUFFIX
        os.link(other_name, spare, src_dir_fd=other_folder, dst_dir_fd=one_folder, follow_symlinks=False)
        os.rename(one_name, other_name, src_dir_fd=one_folder, dst_dir_fd=other_folder)
        os.rename(spare, one_name, src_dir_fd=one_folder, dst_dir_fd=one_folder)


def settle(root: Path, spare: str) -> None:
    """Complete an exchange that stopped in the middle, where it takes several steps; `spare` was its first file."""
    with suppress(FileNotFoundError, NotADirectoryError), _parent(root, spare) as (folder, name):
        if _exists(name + _SUFFIX, folder):
            if _exists(name, folder):
                os.unlink(name + _SUFFIX, dir_fd=folder)
            else:
                os.rename(name + _SUFFIX, name, src_dir_fd=folder, dst_dir_fd=folder)


def is_same_file(root: Path, one: str, other: str) -> bool:
    """Whether two paths are names of one file."""
    try:
        with _parent(root, one) as (one_folder, one_name), _parent(root, other) as (other_folder, other_name):
            return os.path.samestat(os.lstat(one_name, dir_fd=one_folder), os.lstat(other_name, dir_fd=other_folder))
    except OSError:
        return False


def move(root: Path, source: str, target: str) -> None:
    """Give a file another name where nothing stands. Raises Occupied."""
    with _parent(root, source) as (from_folder, from_name), _parent(root, target) as (to_folder, to_name):
        try:
            if _rename(from_folder, from_name, to_folder, to_name, _NO_REPLACE):
                return
            os.link(from_name, to_name, src_dir_fd=from_folder, dst_dir_fd=to_folder, follow_symlinks=False)
            os.unlink(from_name, dir_fd=from_folder)
        except FileExistsError as error:
            raise Occupied(target) from error
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EISDIR):
                raise Occupied(target) from error
            raise


def remove(root: Path, path: str) -> None:
    """Remove a file; harmless where there is none."""
    with suppress(FileNotFoundError, NotADirectoryError), _parent(root, path) as (folder, name):
        os.unlink(name, dir_fd=folder)


def make_folders(root: Path, path: str) -> None:
    """Make the folders above a path. Raises Occupied where a file or a link stands in the way."""
    *names, _ = _parts(path)
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=handle)
            try:
                below = os.open(name, _OPEN_FOLDER, dir_fd=handle)
            except OSError as error:
                raise Occupied(path) from error
            os.close(handle)
            handle = below
    finally:
        os.close(handle)


def remove_empty_folder(root: Path, path: str) -> bool:
    """Remove a folder if nothing is in it; return whether it is gone."""
    try:
        with _parent(root, path) as (folder, name):
            os.rmdir(name, dir_fd=folder)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return True


def remove_empty_folders(root: Path, path: str) -> bool:
    """Remove a folder and those in it if there are no files; return whether it is gone."""
    try:
        with _parent(root, path) as (folder, name):
            handle = os.open(name, _OPEN_FOLDER, dir_fd=folder)
            try:
                names = os.listdir(handle)  # noqa: PTH208  # of a descriptor
            finally:
                os.close(handle)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    inner = [f"{path}/{path_to_text(os.fsencode(each))}" for each in names]
    return all(look(root, each)[0] == FOLDER and remove_empty_folders(root, each) for each in inner) and remove_empty_folder(
        root, path
    )


@contextmanager
def _parent(root: Path, path: str) -> Generator[tuple[int, bytes], None, None]:
    """Open the folder above a path without following links and give it with the last name."""
    *folders, name = _parts(path)
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            below = os.open(folder, _OPEN_FOLDER, dir_fd=handle)
            os.close(handle)
            handle = below
        yield handle, name
    finally:
        os.close(handle)


def _exists(name: bytes, folder: int) -> bool:
    try:
        os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True


def _parts(path: str) -> list[bytes]:
    raw = path_from_text(path)
    if not is_safe_path(raw):
        raise BranchConflict(f"{inert_line(path[:200])!r} is not a path that can be written.", "It would lead out of the folder.")
    return raw.split(b"/")


def _permissions(root: Path, path: str, *, is_executable: bool) -> int | None:
    """Return the permissions of a regular file, made executable or not; None where there is none."""
    try:
        with _parent(root, path) as (folder, name):
            mode = os.lstat(name, dir_fd=folder).st_mode
    except OSError:
        return None
    if not stat.S_ISREG(mode):
        return None
    plain = stat.S_IMODE(mode) & ~0o111
    return plain | (plain & 0o444) >> 2 if is_executable else plain


def _rename(from_folder: int, from_name: bytes, to_folder: int, to_name: bytes, flag: int) -> bool:
    """Rename in the way that the flag says; False where the system or the file system cannot."""
    function = _system_rename()
    if function is None:
        return False
    if function(from_folder, from_name, to_folder, to_name, flag) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), os.fsdecode(to_name))


@cache
def _system_rename() -> ctypes._NamedFuncPointer | None:
    """Return the function of the C library that renames with flags; None where there is none."""
    library = ctypes.CDLL(None, use_errno=True)
    function = getattr(library, "renameat2" if sys.platform == "linux" else "renameatx_np", None)
    if function is not None:
        function.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
        function.restype = ctypes.c_int
    return function
