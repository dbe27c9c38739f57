"""Cuts up what the pool of blobs lacks, once per content, and stores it in small steps so that nothing is done twice."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence

from ramet.events import IndexProgress
from ramet.index.blobs import PARSER_VERSION, blob_id, parse_blob, skipped_blob
from ramet.index.file_reader import FileReader
from ramet.index.merkle import SUBMODULE_MODE, SYMLINK_MODE, TreeFile
from ramet.index.reading import Unreadable
from ramet.models import SkippedFile, SkipReason
from ramet.store.index_database import IndexDatabase
from ramet.store.records import BlobId, BlobRecord, ViewFile

_REPORT_SECONDS = 0.05
_COMMIT_FILES = 256
_COMMIT_SECONDS = 1.0
"""Parsed files are stored this often: a killed run repeats no more than that."""
_LASTING_SKIPS = ("binary", "minified", "huge")
"""Reasons that lie in the content, so that they hold for as long as the content does."""
_NOT_FILES: dict[int, tuple[SkipReason, str]] = {
    SYMLINK_MODE: ("symlink", "a symbolic link, which is not followed"),
    SUBMODULE_MODE: ("submodule", "another repository; open it as a workspace of its own"),
}
_CLOCK_SECONDS = 2.0
"""How far the times of a file system may be behind the clock."""


class PoolParser:
    """Cuts up the blobs that the pool lacks; everything it has read is stored, also when it is interrupted."""

    def __init__(self, database: IndexDatabase, reader: FileReader, scanned: float) -> None:
        self._database = database
        self._reader = reader
        self._scanned = scanned
        self._waiting: list[tuple[str, int, BlobRecord]] = []
        self._sharing: dict[BlobId, list[tuple[str, TreeFile]]] = {}
        """The files of each blob that the pool lacks; it is read from the first."""
        self._committed = time.monotonic()
        self.files: list[ViewFile] = []
        """The files that can be shown now."""
        self.unread: list[SkippedFile] = []
        self.reused = 0

    def parse(self, wanted: Sequence[tuple[str, TreeFile]], *, again: bool) -> Iterator[IndexProgress]:
        """Make every wanted file showable or say in `unread` why it is not."""
        ids = {path: pool_id(path, file) for path, file in wanted}
        known = {} if again else self._database.known_blobs(ids.values(), PARSER_VERSION)
        for path, file in wanted:
            if ids[path] not in known:
                self._sharing.setdefault(ids[path], []).append((path, file))
        unseen = [(*sharers[0], blob) for blob, sharers in self._sharing.items()]
        self.files = [ViewFile(path, file.mode, file.oid, known[ids[path]]) for path, file in wanted if ids[path] in known]
        self.reused = len(self.files)
        self._reader.expect([path for path, _, _ in unseen])
        reported = 0.0
        try:
            for position, (path, file, blob) in enumerate(unseen):
                if time.monotonic() - reported > _REPORT_SECONDS:
                    reported = time.monotonic()
                    yield self._progress(position, len(unseen), path)
                self._read(path, file, blob)
                if len(self._waiting) >= _COMMIT_FILES or time.monotonic() - self._committed > _COMMIT_SECONDS:
                    self._commit()
        finally:
            self._commit()
        yield self._progress(len(unseen), len(unseen), "")

    def _progress(self, parsed: int, unseen: int, path: str) -> IndexProgress:
        return IndexProgress("parsing", self.reused + parsed, self.reused + unseen, self.reused, len(self.unread), path)

    def _read(self, path: str, file: TreeFile, blob: BlobId) -> None:
        if file.mode in _NOT_FILES:
            self._waiting.append((path, file.mode, skipped_blob(blob, *_NOT_FILES[file.mode])))
            return
        try:
            data = self._reader.indexable(path)
        except Unreadable as error:
            if error.reason in _LASTING_SKIPS:
                self._waiting.append((path, file.mode, skipped_blob(blob, error.reason, error.detail)))
            else:
                self.unread.append(SkippedFile(path, error.reason, error.detail))
            return
        self._reader.remember(path, data)
        actual = self._actual_oid(path, file.oid, data)
        self._waiting.append((path, file.mode, parse_blob(BlobId(actual, blob.flavour), path, data)))

    def _actual_oid(self, path: str, oid: str, data: bytes) -> str:
        """Return the id of what was read: that of the scan, unless the file was written in between.

        Where git converts line ends or filters content, the id never is that of the bytes on the disk, so that a difference
        counts only when the file is young.
        """
        digest = hashlib.sha1 if len(oid) == hashlib.sha1().digest_size * 2 else hashlib.sha256  # noqa: S324  # git's own
        actual = digest(b"blob %d\0" % len(data) + data).hexdigest()
        if actual == oid:
            return oid
        return actual if self._reader.may_have_changed(path, self._scanned - _CLOCK_SECONDS) else oid

    def _commit(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._committed = time.monotonic()
        if waiting:
            numbers = self._database.add_blobs([record for _, _, record in waiting])
            for (path, mode, record), number in zip(waiting, numbers, strict=True):
                self.files.append(ViewFile(path, mode, record.id.oid, number))
                copies = self._sharing.get(record.id, ())[1:]
                self.files += [ViewFile(copy, file.mode, file.oid, number) for copy, file in copies]


def pool_id(path: str, file: TreeFile) -> BlobId:
    """Return what identifies the parse of a tree's entry."""
    if file.mode in _NOT_FILES:
        # The target of a link has the same id as a file with that text.
        return BlobId(file.oid, _NOT_FILES[file.mode][0])
    return blob_id(path, file.oid)
