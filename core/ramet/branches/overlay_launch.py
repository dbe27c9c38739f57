"""Becomes a command in a mount namespace of its own, in which overlays lie over some folders. Run as a program:

    python -I -S overlay_launch.py HOME FOLDER LAYER [FOLDER LAYER ...] -- COMMAND [ARGUMENT ...]

Each FOLDER is seen with what LAYER/upper has on top of it, and written to there. Commands that run at the same time with the same
HOME share one namespace, since no two overlays may write to one layer. The namespace ends with its last process. Without a
command it only tries whether all this works. It must import nothing but the standard library, so that it starts in milliseconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import signal
import sys
import time
from typing import NoReturn

FAILED = 125
"""Exit code when the overlay, not the command, is what failed."""
_NOT_EXECUTABLE, _NOT_FOUND = 126, 127
_NEW_NAMESPACE, _NEW_USER = 0x00020000, 0x10000000
_RECURSIVE, _SLAVE = 1 << 14, 1 << 19
"""Flags of unshare and mount."""
_PATIENCE_SECONDS = 10.0
"""How long another command may take to make the overlays."""
_POLL_SECONDS = 0.01


class Failure(Exception):
    """What cannot be done, in words."""


def main(arguments: list[str]) -> int:
    """Make the overlays and become the command, or try whether it could be done."""
    end = arguments.index("--")
    home, *folders = arguments[:end]
    command = arguments[end + 1 :]
    overlays = list(zip(folders[::2], folders[1::2], strict=True))
    environment = _inherited_environment()
    here = os.getcwd()
    try:
        _enter(home, overlays)
        with contextlib.suppress(OSError):
            os.chdir(here)  # the place may be inside one of the folders
        if not command:
            _try_out(overlays)
    except (Failure, OSError) as failure:
        print(f"ramet: the overlay cannot be made: {_reason(failure)}.", file=sys.stderr)
        return FAILED
    if command:
        _become(command, environment)
    return 0


def _enter(home: str, overlays: list[tuple[str, str]]) -> None:
    """Join the namespace of the commands that run with this home, or make one."""
    with open(f"{home}/lock", "ab") as turn:
        _wait_for(turn.fileno())
        # Everything in the namespace keeps this open and shared, so that the last one is known to be gone.
        members = os.open(f"{home}/members", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(members, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(members, fcntl.LOCK_SH)
            _join(int(os.pread(members, 32, 0)))
        else:
            _unshare()
            for folder, layer in overlays:
                _mount_overlay(folder, layer)
            os.ftruncate(members, 0)
            os.pwrite(members, str(_namespace("self")).encode("ascii"), 0)
            fcntl.flock(members, fcntl.LOCK_SH)
        os.set_inheritable(members, True)


def _wait_for(turn: int) -> None:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > give_up:
                raise Failure("another command has been making it for too long") from None
            time.sleep(_POLL_SECONDS)
        else:
            return


def _namespace(process: str) -> int:
    return os.stat(f"/proc/{process}/ns/mnt").st_ino


def _join(namespace: int) -> None:
    """Move into a namespace that some process of the user's is in."""
    for process in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if process.isdigit() and _namespace(process) == namespace:
                mounts = os.open(f"/proc/{process}/ns/mnt", os.O_RDONLY)
                users = f"/proc/{process}/ns/user"
                if not os.path.samefile(users, "/proc/self/ns/user"):
                    _call("setns", os.open(users, os.O_RDONLY), _NEW_USER)
                _call("setns", mounts, _NEW_NAMESPACE)
                return
    raise Failure("a command that runs with it cannot be reached")


def _unshare() -> None:
    user, group = os.geteuid(), os.getegid()
    is_done = False
    if user == 0:
        with contextlib.suppress(OSError):
            _call("unshare", _NEW_NAMESPACE)
            is_done = True
    if not is_done:
        _call("unshare", _NEW_USER | _NEW_NAMESPACE)
        for name, content in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            _write(f"/proc/self/{name}", content)
    # What the system mounts from now on is seen here as well, and nothing of this is seen elsewhere.
    _call("mount", None, b"/", None, _RECURSIVE | _SLAVE, None)


def _write(path: str, content: str) -> None:
    handle = os.open(path, os.O_WRONLY)
    try:
        os.write(handle, content.encode("ascii"))
    finally:
        os.close(handle)


def _mount_overlay(folder: str, layer: str) -> None:
    # Paths go in as descriptors: no character of theirs can be taken for a separator of options.
    handles = [os.open(path, os.O_PATH | os.O_DIRECTORY) for path in (folder, f"{layer}/upper", f"{layer}/work")]
    lower, upper, work = (f"/proc/self/fd/{handle}" for handle in handles)
    options = f"lowerdir={lower},upperdir={upper},workdir={work},userxattr"
    _call("mount", b"overlay", lower.encode("ascii"), b"overlay", 0, options.encode("ascii"))
    for handle in handles:
        os.close(handle)


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library. Raises OSError, or Failure where there is none of that name."""
    library = ctypes.CDLL(None, use_errno=True)
    function = getattr(library, name, None)
    if function is None:
        raise Failure(f"this system has no {name}")
    converted = [ctypes.c_ulong(value) if isinstance(value, int) and name == "mount" else value for value in arguments]
    if function(*converted) == 0:
        return
    number = ctypes.get_errno()
    raise OSError(number, f"{name}: {os.strerror(number)}")


def _reason(failure: OSError | Failure) -> str:
    if not isinstance(failure, OSError):
        return str(failure)
    said = failure.strerror or str(failure)
    is_forbidden = failure.errno in (errno.EPERM, errno.EACCES, errno.ENOSPC, errno.ENOSYS)
    return f"the system, its AppArmor or its container forbids it ({said})" if is_forbidden else said


def _try_out(overlays: list[tuple[str, str]]) -> None:
    """Write through the overlays, and replace a folder, for which a layer must keep attributes."""
    for folder, layer in overlays:
        name = f"ramet-probe-{os.getpid()}"
        os.mkdir(f"{folder}/{name}")
        if not os.path.isdir(f"{layer}/upper/{name}"):
            raise Failure("what is written does not arrive in the layer")
        os.setxattr(f"{layer}/upper/{name}", "user.ramet", b"1")


def _inherited_environment() -> dict[bytes, bytes]:
    """Return the variables that this process was started with; Python adds to its own in some locales."""
    with open("/proc/self/environ", "rb") as stream:
        entries = [entry.partition(b"=") for entry in stream.read().split(b"\0") if entry]
    return {name: value for name, _, value in entries}


def _become(command: list[str], environment: dict[bytes, bytes]) -> NoReturn:
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and a command would inherit that
        signal.signal(number, signal.SIG_DFL)
    try:
        try:
            os.execvpe(command[0], command, environment)
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                raise
            os.execve("/bin/sh", ["/bin/sh", *command], environment)
    except FileNotFoundError:
        problem, code = ("no such file" if "/" in command[0] else "command not found"), _NOT_FOUND
    except OSError as error:
        problem, code = ("not executable" if isinstance(error, PermissionError) else str(error.strerror)), _NOT_EXECUTABLE
    print(f"ramet: {command[0]}: {problem}.", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback for a key that is pressed early
    sys.exit(main(sys.argv[1:]))
