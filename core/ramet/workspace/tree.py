"""The working tree of a workspace, shared by index runs and by questions about files, with the memory of the last look."""

from __future__ import annotations

import threading
from pathlib import Path

from ramet.config import IndexLimits
from ramet.git.repository import Location
from ramet.index.merkle import SUBMODULE_MODE, MerkleTree
from ramet.index.scan import Scan, WorkingTree


class SharedTree(WorkingTree):
    """A working tree for several threads: scans take turns, and the newest one is kept."""

    def __init__(self, location: Location, limits: IndexLimits, private: Path) -> None:
        super().__init__(location, limits, private)
        self._turn = threading.Lock()
        self.last: Scan | None = None

    def scan(self) -> Scan:
        """See `WorkingTree`."""
        with self._turn:
            self.last = super().scan()
            return self.last


class RunTree(WorkingTree):
    """A shared tree as an index run sees it: remembers the very scan that the run took in."""

    def __init__(self, shared: SharedTree, location: Location, limits: IndexLimits, private: Path) -> None:
        super().__init__(location, limits, private)
        self._shared = shared
        self.taken: MerkleTree | None = None

    def scan(self) -> Scan:
        """See `WorkingTree`."""
        scan = self._shared.scan()
        self.taken = scan.tree
        return scan


def listed_files(scan: Scan) -> tuple[str, ...]:
    """Return the files that a person would list: also those too large to index, but not what other repositories hold."""
    found = {path for path, file in scan.tree.files.items() if file.mode != SUBMODULE_MODE}
    found.update(file.path for file in scan.skipped if file.reason not in ("submodule", "nested-repository", "gone"))
    return tuple(sorted(found))
