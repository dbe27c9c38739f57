"""Runs git so that neither the repository nor the environment can make it run another program.

GitPython starts the processes; nothing else of it is used. Nothing here knows what the commands mean.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ramet.errors import GitError
from ramet.git.settings import Settings, SettingsCache, parse_settings

if TYPE_CHECKING:
    from git.cmd import Git as PythonGit

TIMEOUT = 120.0
"""Seconds after which a git command is killed: far above any real `git status`, short enough for a pipe that blocks forever."""

_SAFE_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    # Stronger than protocol.allow=never, which a repository's protocol.<name>.allow would override.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
}

_KEPT_FOR_SETTINGS = {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"}
"""What of the user's own environment says where the user's own configuration is."""

_NO_DRIVERS = ("--no-ext-diff", "--no-textconv")
_SUBCOMMAND_FLAGS = {
    **dict.fromkeys(("diff", "diff-tree", "diff-index", "diff-files", "log", "show"), _NO_DRIVERS),
    **dict.fromkeys(("grep", "blame"), ("--no-textconv",)),
}


class Git:
    """Runs git in one folder; `git_dir` and `work_tree` replace git's own search for the repository.

    `alternates` are folders of objects of other repositories, which are read as if they were this one's and never written.
    """

    def __init__(
        self, root: Path, git_dir: Path | None = None, work_tree: Path | None = None, alternates: Sequence[Path] = ()
    ) -> None:
        self.root = root
        self._places = {
            name: str(place) for name, place in (("GIT_DIR", git_dir), ("GIT_WORK_TREE", work_tree)) if place is not None
        }
        if alternates:
            self._places["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = os.pathsep.join(_quoted(str(folder)) for folder in alternates)
        self._settings = SettingsCache()

    def run(
        self,
        *arguments: str | bytes,
        input: bytes | None = None,
        ok_codes: Collection[int] = (0,),
        timeout: float = TIMEOUT,
        environment: Mapping[str, str] | None = None,
        warnings: list[str] | None = None,
    ) -> bytes:
        """Return what a git command prints. Raises GitError when its exit code is not among `ok_codes`.

        Args:
            environment: Further variables for git, `GIT_INDEX_FILE` for example.
            warnings: Is extended by the lines that git complained in although it went on.
        """
        settings = self._settings.current(os.environ) or self._settings.keep(self._read_settings())
        variables = {**_SAFE_ENVIRONMENT, **settings.environment(), **self._places, **(environment or {})}
        words = [os.fsdecode(argument) for argument in arguments]
        flags = _SUBCOMMAND_FLAGS.get(words[0], ())
        output, complaint = self._execute([words[0], *flags, *words[1:]], variables, input, ok_codes, timeout)
        if warnings is not None:
            warnings.extend(os.fsdecode(complaint).splitlines())
        return output

    def _read_settings(self) -> Settings:
        """Ask git for all configuration, the user's and the repository's; listing it runs nothing."""
        own = {name: os.environ[name] for name in _KEPT_FOR_SETTINGS if name in os.environ}
        safe = {name: value for name, value in _SAFE_ENVIRONMENT.items() if name not in _KEPT_FOR_SETTINGS}
        listing, _ = self._execute(
            ["config", "--list", "-z", "--show-scope", "--show-origin"],
            {**safe, **own, **self._places},
            input=None,
            ok_codes=(0,),
            timeout=TIMEOUT,
        )
        return parse_settings(listing, self.root, os.environ)

    def _execute(
        self, words: list[str], variables: Mapping[str, str], input: bytes | None, ok_codes: Collection[int], timeout: float
    ) -> tuple[bytes, bytes]:
        """Return what git prints on its two outputs."""
        python_git, binary = _python_git()
        from git.exc import GitCommandNotFound

        variables = {**variables, "PATH": os.pathsep.join(_absolute_path_entries(os.environ.get("PATH", os.defpath)))}
        inherited = [name for name in os.environ if name.startswith("GIT_") and name not in variables]
        # GitPython can add variables but not remove them; env(1) replaces itself by git, so this costs next to nothing.
        scrub = ["/usr/bin/env", *(f"-u{name}" for name in inherited)] if inherited else []
        try:
            process = python_git.execute(
                [*scrub, binary, "-C", str(self.root), "--no-pager", *words],
                istream=subprocess.DEVNULL if input is None else subprocess.PIPE,
                as_process=True,
                env=variables,
                process_group=0,
            )
        except (GitCommandNotFound, OSError) as error:
            what = f"git could not be started: {error}."
            raise GitError(what, "Check that git is installed and can be run.") from error
        running: subprocess.Popen[bytes] | None = process.proc
        assert running is not None
        try:
            output, complaint = running.communicate(input, timeout)
        except subprocess.TimeoutExpired as error:
            what = f"git {words[0]} took longer than {timeout:g} seconds in {self.root}."
            raise GitError(
                what, "Is the folder on a slow disk, or a file in it a pipe? Run the command by hand to see."
            ) from error
        finally:
            _end(running)
        if running.returncode not in ok_codes:
            raise failure(words[0], self.root, running.returncode, complaint.decode("utf-8", "replace").strip())
        return output, complaint


def git_version() -> str:
    """Return the version of the git that is used, as it names itself. Raises GitError when there is none."""
    return Git(Path("/")).run("version").decode("utf-8", "replace").removeprefix("git version ").strip()


def failure(command: str, root: Path, code: int, complaint: str) -> GitError:
    """Return the error that says what git's complaint means and what to do about it."""
    if "dubious ownership" in complaint:
        return GitError(
            f"git refuses the repository at {root} because it belongs to another user.",
            f"If you trust it, run: git config --global --add safe.directory {root}",
        )
    if "not a git repository" in complaint:
        return GitError(f"{root} is not a git repository.", "Open a folder inside one, or a folder outside of any.")
    if "No space left on device" in complaint:
        return GitError(f"git {command} failed in {root}: a disk is full.", "Free some space and try again.")
    if "promisor remote" in complaint:
        return partial_clone(root)
    if re.search(r"index file|bad signature|index uses|unknown index entry", complaint):
        return GitError(
            f"git cannot read the index of {root}: {_first_line(complaint)}.",
            "Move .git/index away and run `git reset` to build it anew; your files stay as they are.",
        )
    said = _first_line(complaint) or f"exit code {code}"
    return GitError(f"git {command} failed in {root}: {said}.", "Run `git fsck` there if the repository may be damaged.")


def partial_clone(root: Path) -> GitError:
    """Return the error for an object that a partial clone would have to fetch."""
    return GitError(
        f"{root} is a partial clone and does not have all objects that this needs; Ramet never uses the network.",
        f"Fetch them once: git -C {root} fetch --refetch --no-filter",
    )


def _first_line(complaint: str) -> str:
    lines = [line for line in complaint.splitlines() if line.startswith(("fatal:", "error:"))] or complaint.splitlines()
    return lines[-1].removeprefix("fatal: ").removeprefix("error: ").rstrip(".") if lines else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a git process and its children, and close the pipes."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with suppress(BrokenPipeError):
                stream.close()


def _quoted(folder: str) -> str:
    """Return a folder as it stands in a list of them; git takes one in quotes whatever its name holds."""
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _absolute_path_entries(path: str) -> list[str]:
    """Return the folders of a PATH without those that depend on the current folder."""
    return [entry for entry in path.split(os.pathsep) if Path(entry).is_absolute()]


_import_lock = threading.Lock()


@cache
def _find_git(path: str) -> str:
    """Return the git binary. Raises GitError when PATH has none."""
    found = shutil.which("git", path=os.pathsep.join(_absolute_path_entries(path)))
    if found is None:
        raise GitError("git is not installed, or not in PATH.", "Install it from https://git-scm.com and try again.")
    return found


def _python_git() -> tuple[PythonGit, str]:
    """Return GitPython's command object and the git binary."""
    binary = _find_git(os.environ.get("PATH", os.defpath))
    with _import_lock:
        if "git.cmd" not in sys.modules:
            _import_gitpython(binary)
    from git.cmd import Git as PythonGit

    # Every command names its folder with -C, so that a folder which vanished is an error and never the current folder.
    return PythonGit("/"), binary


def _import_gitpython(binary: str) -> None:
    """Import GitPython, which runs git at import: let it run the binary that was found, not one of the current folder."""
    asked = {"GIT_PYTHON_GIT_EXECUTABLE": binary, "GIT_PYTHON_REFRESH": "quiet"}
    before = {name: os.environ.get(name) for name in asked}
    os.environ.update(asked)
    try:
        import git.cmd  # noqa: F401  # for its effect
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
