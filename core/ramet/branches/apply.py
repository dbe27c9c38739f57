"""Carries out the steps of a merge on the user's files, or takes them back, from whatever point they stopped at.

A file is replaced by exchanging it with the new one, and what came out is compared once more: whoever wrote to it meanwhile finds
the own version back in place. No content is removed that is not stored.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ramet.branches import disk
from ramet.branches.disk import NOTHING, Occupied
from ramet.branches.journal import Step
from ramet.errors import RametError
from ramet.store.lock import store_error

_MOST_SWAPS = 10
"""How often a file is put back that was written to at the very moment; nobody writes that often."""
Keeper = Callable[[bytes], str]
"""Stores bytes and gives their id."""


class Moved(RametError):
    """A file is not what it was when the merge was planned."""

    exit_code = 3

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} was changed while the merge was at work.", "Merge again.")
        self.path = path


class FileSteps:
    """Applies steps to one folder, which may also have been begun by a process that is gone."""

    def __init__(self, root: Path, keep: Keeper) -> None:
        self._root = root
        self._keep = keep

    def apply(self, steps: Sequence[Step], contents: Mapping[str, bytes]) -> None:
        """Take all steps; `contents` are the new bytes by path.

        Raises Moved at the first file that is not as planned, or StoreError; then `take_back` is due.
        """
        for step in steps:
            try:
                self._apply(step, contents.get(step.path, b""))
            except (Occupied, FileNotFoundError, NotADirectoryError) as error:
                raise Moved(step.path) from error
            except OSError as error:
                if error.errno == errno.ELOOP:  # a folder of its path is a link now
                    raise Moved(step.path) from error
                raise store_error(error, f"write {step.path}") from error

    def take_back(self, steps: Sequence[Step], folders: Iterable[str]) -> list[str]:
        """Make everything as it was before, as far as nobody has changed it since; return the paths left to somebody else."""
        written = [step for step in reversed(steps) if step.new != NOTHING]
        left = [step.path for step in written if not self._take_back(step)]
        # What was removed may come back where a folder was made.
        for folder in reversed(list(folders)):
            disk.remove_empty_folder(self._root, folder)
        return left + [step.path for step in reversed(steps) if step.new == NOTHING and not self._take_back(step)]

    def finish(self, steps: Sequence[Step]) -> list[str]:
        """Remove what the steps replaced; return the paths whose old version was written to until now and came back."""
        returned = [step.path for step in steps if not self._finish(step)]
        for step in steps:
            if step.new == NOTHING:
                self._remove_empty_above(step.path)
        return returned

    # -- one step

    def _apply(self, step: Step, content: bytes) -> None:
        here = disk.look(self._root, step.path)[0]
        if here != step.old and not (step.old == NOTHING and here == disk.FOLDER):
            raise Occupied(step.path)
        if step.new == NOTHING:
            disk.move(self._root, step.path, step.spare)
            if disk.look(self._root, step.spare)[0] != step.old:
                disk.move(self._root, step.spare, step.path)
                raise Occupied(step.path)
            return
        if step.old == NOTHING:
            self._clear_for(step)
            disk.make_folders(self._root, step.path)
        disk.write_new(self._root, step.spare, step.mode, content, like=step.path)
        if step.old == NOTHING:
            disk.move(self._root, step.spare, step.path)
            return
        if disk.look(self._root, step.path)[0] != step.old:
            raise Occupied(step.path)
        if not self._swap(step, step.new, step.old):
            raise Occupied(step.path)

    def _swap(self, step: Step, put: str, expected: str) -> bool:
        """Exchange a file with the one under its spare name; False when what came out is not what was expected.

        Then the newest version is in place: whatever came out instead is put back, and so on.
        """
        for attempt in range(_MOST_SWAPS):
            disk.exchange(self._root, step.spare, step.path)
            out = disk.look(self._root, step.spare)[0]
            if out == expected:
                return not attempt
            put, expected = out, put
        return False

    def _clear_for(self, step: Step) -> None:
        """Remove an empty folder that stands where a file goes: its files are gone already."""
        if disk.look(self._root, step.path)[0] == disk.FOLDER and not disk.remove_empty_folders(self._root, step.path):
            raise Occupied(step.path)

    def _take_back(self, step: Step) -> bool:
        """Undo one step, wherever it stopped; False when somebody has changed the file since."""
        disk.settle(self._root, step.spare)
        here, spare = disk.look(self._root, step.path)[0], disk.look(self._root, step.spare)[0]
        if step.old == NOTHING:
            return self._take_back_new(step, here, spare)
        if step.new == NOTHING:
            return self._take_back_removed(step, here, spare)
        if spare == NOTHING:
            return True  # not begun
        if here == step.old or spare == step.new:
            self._drop(step.spare, known=spare in (step.old, step.new) or here == step.old)
            return True  # the new content was only laid ready, perhaps not all of it
        if here == step.new:
            # Under the spare name is the old version, or what somebody made of it through a file that was open.
            is_back = self._swap(step, spare, here)
            self._drop(step.spare, known=True)
            return is_back
        self._drop(step.spare, known=spare == step.old)
        return False

    def _take_back_new(self, step: Step, here: str, spare: str) -> bool:
        if spare != NOTHING:
            is_placed = disk.is_same_file(self._root, step.spare, step.path)
            self._drop(step.spare, known=True)
            if not is_placed:
                return True
        if here == step.new:
            disk.move(self._root, step.path, step.spare)
            if disk.look(self._root, step.spare)[0] != step.new:
                disk.move(self._root, step.spare, step.path)
                return False
            self._drop(step.spare, known=True)
            return True
        return here == NOTHING

    def _take_back_removed(self, step: Step, here: str, spare: str) -> bool:
        if spare == NOTHING:
            return here == step.old
        if here in (NOTHING, disk.FOLDER):
            try:
                self._clear_for(step)
                disk.make_folders(self._root, step.path)
                disk.move(self._root, step.spare, step.path)
            except Occupied:
                self._drop(step.spare, known=spare == step.old)
                return False
            return True
        self._drop(step.spare, known=spare == step.old)
        return here == step.old

    def _finish(self, step: Step) -> bool:
        """Remove the old version; False when it was written to after it was replaced, and is back."""
        disk.settle(self._root, step.spare)
        spare = disk.look(self._root, step.spare)[0]
        if spare in (NOTHING, step.old):
            self._drop(step.spare, known=True)
            return True
        if step.old == NOTHING:
            return True
        here = disk.look(self._root, step.path)[0]
        if here == step.new and here != NOTHING:
            self._swap(step, spare, here)
            self._drop(step.spare, known=True)
        elif here == NOTHING:
            disk.make_folders(self._root, step.path)
            disk.move(self._root, step.spare, step.path)
        else:
            self._drop(step.spare, known=False)
        return False

    def _drop(self, path: str, *, known: bool) -> None:
        """Remove a file; its content is stored first unless it is known to be."""
        if not known:
            self._keep(disk.look(self._root, path)[1])
        disk.remove(self._root, path)

    def _remove_empty_above(self, path: str) -> None:
        parts = path.split("/")[:-1]
        while parts and disk.remove_empty_folder(self._root, "/".join(parts)):
            parts.pop()
