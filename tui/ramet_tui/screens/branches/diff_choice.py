"""Which files and hunks of a comparison were chosen for merging. Pure, no widgets."""

from __future__ import annotations

from ramet.branch_models import FileDiff, HunkChoice, MergeRequest


class DiffChoice:
    """Whole files, and hunks of others."""

    def __init__(self) -> None:
        self._files: dict[str, FileDiff] = {}
        self._hunks: dict[str, set[int]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing was chosen."""
        return not self._files and not self._hunks

    @property
    def counts(self) -> tuple[int, int]:
        """How many whole files and how many hunks of others."""
        return len(self._files), sum(map(len, self._hunks.values()))

    def has_file(self, file: FileDiff) -> bool:
        """Whether all of a file is chosen."""
        return file.path in self._files

    def has_hunk(self, file: FileDiff, hunk: int) -> bool:
        """Whether a hunk is, by its index."""
        return self.has_file(file) or hunk + 1 in self._hunks.get(file.path, ())

    def has_some(self, file: FileDiff) -> bool:
        """Whether a part of a file is chosen."""
        return file.path in self._hunks

    def toggle_file(self, file: FileDiff) -> None:
        """Choose all of a file, or nothing of it."""
        self._hunks.pop(file.path, None)
        if self._files.pop(file.path, None) is None:
            self._files[file.path] = file

    def toggle_hunk(self, file: FileDiff, hunk: int) -> None:
        """Choose one hunk, or not; a file that is new, gone or renamed is chosen as a whole only."""
        if file.state != "modified" or not file.hunks:
            self.toggle_file(file)
            return
        if self._files.pop(file.path, None) is not None:
            self._hunks[file.path] = {each.number for each in file.hunks}
        chosen = self._hunks.setdefault(file.path, set())
        chosen ^= {file.hunks[hunk].number}
        if len(chosen) == len(file.hunks):
            self._files[file.path] = file
        if not chosen or file.path in self._files:
            del self._hunks[file.path]

    def clear(self) -> None:
        """Choose nothing."""
        self._files.clear()
        self._hunks.clear()

    def request(self, branch: str) -> MergeRequest:
        """Return what merges it; nothing chosen merges all."""
        hunks = tuple(HunkChoice(path, tuple(sorted(numbers))) for path, numbers in sorted(self._hunks.items()))
        return MergeRequest(branch, tuple(sorted(self._files)), hunks)
