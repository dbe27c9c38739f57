"""What a merge is about to do to the working tree, written down before the first step, so that any end of it can be repaired."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct

from ramet.branches.records import BranchRecord, MergeRecord, read_record, sync_folder, write_record
from ramet.store.lock import store_error

Phase = Literal["begun", "done"]


class Step(Struct, frozen=True):
    """One file. `old` and `new` are fingerprints, see `ramet.branches.disk`; empty where there is no file."""

    path: str
    spare: str
    """The other name that the step uses: first of the new content, in the end of the old one."""
    old: str
    new: str
    mode: int = 0


class Journal(Struct, frozen=True):
    """One merge, or one undo of a merge."""

    id: str
    phase: Phase
    steps: tuple[Step, ...]
    folders: tuple[str, ...]
    """Folders that are made for new files, the outer ones first."""
    branch: BranchRecord | None
    """The branch as it is afterwards."""
    merge: MergeRecord | None = None
    """What is remembered of the merge; None for an undo."""
    undone: str = ""
    """Id of the merge that is taken back."""


class JournalFile:
    """The one journal of a working tree; there is one only while a merge is at work, or after it was killed."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "journal.json"

    def read(self) -> Journal | None:
        """Return the journal; None where no merge was interrupted."""
        return read_record(self._file, Journal)

    def write(self, journal: Journal) -> None:
        """Make sure that the journal is on the disk."""
        write_record(self._file, journal)
        sync_folder(self._file.parent)

    def remove(self) -> None:
        """Forget the journal: everything is as it should be."""
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            raise store_error(error, f"remove {self._file}") from error
