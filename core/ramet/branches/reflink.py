"""Copies files and folders by sharing their blocks, where the file system can: Linux's FICLONE, macOS's clonefile.

Nothing is ever copied byte by byte here, and no link is followed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import sys
import time
from pathlib import Path

from msgspec import Struct

from ramet.inert import inert_line

_FICLONE = 0x40049409
"""Of linux/fs.h."""
_CLONE_NOFOLLOW, _CLONE_NOOWNERCOPY = 1, 2
"""Of macOS's sys/clonefile.h."""
_IMPOSSIBLE = {
    errno.EOPNOTSUPP: "the file system cannot share blocks between files",
    errno.ENOTSUP: "the file system cannot share blocks between files",
    errno.ENOTTY: "the file system cannot share blocks between files",
    errno.ENOSYS: "the system cannot share blocks between files",
    errno.EINVAL: "the file system does not share blocks of such files",
    errno.EXDEV: "the branches are on another file system",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota of the disk is used up",
}
_MOST_PROBED = 2_000
"""Entries that are looked at for a file to try with."""


class NotCloned(Exception):
    """A copy that cannot be made in this way; its text says why."""


def clone_file(source: str | bytes, target: str | bytes, *, mode: int = 0o600) -> None:
    """Make a new file that shares the blocks of another one. Raises NotCloned, or FileNotFoundError without a source."""
    try:
        if sys.platform == "darwin":
            _clonefile(os.fsencode(source), os.fsencode(target))
        else:
            _ficlone(source, target, mode)
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = _IMPOSSIBLE.get(error.errno or 0) or f"{inert_line(os.fsdecode(source))}: {error.strerror or error}"
        raise NotCloned(reason) from error


class CopyLimits(Struct, frozen=True):
    """How much one copy may be; each file costs about as much as copying a small one byte by byte."""

    entries: int
    """Files, links and folders."""
    seconds: float


def clone_tree(source: Path, target: Path, moved: tuple[Path, Path], limits: CopyLimits) -> None:
    """Make a new folder that holds what another one holds, with modes and times; sockets and the like stay out.

    Links stay links; one to a full path below the first of the `moved` folders leads below the second one. Raises NotCloned where
    it is impossible, takes more entries or takes longer; what was made by then stays for the caller.
    """
    old_root, new_root = os.fsencode(moved[0]), os.fsencode(moved[1])
    top = os.fsencode(source), os.fsencode(target)
    give_up = time.monotonic() + limits.seconds
    waiting, made, count = [top], [top], 0
    try:
        os.mkdir(target, 0o700)
        while waiting:
            old, new = waiting.pop()
            with os.scandir(old) as entries:
                for entry in entries:
                    count += 1
                    if count > limits.entries:
                        raise NotCloned(f"it has more than {limits.entries:,} entries")
                    if time.monotonic() > give_up:
                        raise NotCloned(f"a copy takes longer than {limits.seconds:.0f} s")
                    place = os.path.join(new, entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        os.mkdir(place, 0o700)
                        waiting.append((entry.path, place))
                        made.append((entry.path, place))
                    elif entry.is_symlink():
                        _copy_link(entry.path, place, old_root, new_root)
                    elif entry.is_file(follow_symlinks=False):
                        _copy_file(entry, place)
        for old, new in reversed(made):  # a folder's time changes with what is put into it
            _copy_attributes(os.lstat(old), new)
    except OSError as error:
        raise NotCloned(_IMPOSSIBLE.get(error.errno or 0) or f"it could not be read: {error.strerror or error}") from error


def why_not_cloned(source: Path, home: Path) -> str:
    """Try with a file below a folder whether its copies in another folder can share blocks; return why not, empty if they can."""
    file = _some_file(source)
    if file is None:
        return ""
    target = home / f"probe-{os.getpid()}-{time.monotonic_ns()}"
    try:
        clone_file(str(file), str(target))
    except (NotCloned, FileNotFoundError) as error:
        return str(error)
    finally:
        target.unlink(missing_ok=True)
    return ""


def _copy_file(entry: os.DirEntry[bytes], place: bytes) -> None:
    try:
        status = entry.stat(follow_symlinks=False)
        clone_file(entry.path, place)
    except FileNotFoundError:  # somebody installs there just now
        return
    _copy_attributes(status, place)


def _copy_attributes(status: os.stat_result, place: bytes) -> None:
    # Whoever runs commands in the branch owns the copy: bits that lend an identity have no place in it.
    os.chmod(place, stat.S_IMODE(status.st_mode) & 0o1777)
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))


def _copy_link(old: bytes, new: bytes, old_root: bytes, new_root: bytes) -> None:
    aim = os.readlink(old)
    if aim.startswith(old_root + b"/"):
        aim = new_root + aim[len(old_root) :]
    os.symlink(aim, new)


def _ficlone(source: str | bytes, target: str | bytes, mode: int) -> None:
    reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            fcntl.ioctl(writing, _FICLONE, reading)
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _clonefile(source: bytes, target: bytes) -> None:
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if library.clonefile(source, target, _CLONE_NOFOLLOW | _CLONE_NOOWNERCOPY) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), os.fsdecode(source))


def _some_file(folder: Path) -> Path | None:
    """Return a file that can be read and holds something, if there is one near the top of a folder."""
    seen = 0
    for place, _, names in os.walk(folder):
        for name in names:
            file = Path(place, name)
            seen += 1
            if seen > _MOST_PROBED:
                return None
            if file.is_file() and not file.is_symlink() and file.stat().st_size and os.access(file, os.R_OK):
                return file
    return None
