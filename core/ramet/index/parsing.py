"""Cuts up what the pool of blobs lacks, once per content, and stores it in small steps so that nothing is done twice."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy as np

from ramet.events import IndexProgress
from ramet.index.blobs import PARSER_VERSION, blob_id, skipped_blob
from ramet.index.file_reader import FileReader
from ramet.index.merkle import SUBMODULE_MODE, SYMLINK_MODE, TreeFile
from ramet.index.parse_messages import ParsedBlob, ParseJob
from ramet.index.parse_pool import ParserPool, Suspect
from ramet.index.parse_spares import SpareParsers
from ramet.index.reading import Unreadable
from ramet.models import SkippedFile, SkipReason
from ramet.store.index_database import IndexDatabase
from ramet.store.records import BlobId, BlobRecord, PackedBlob, ViewFile
from ramet.store.vector_matrix import VectorMatrix

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

    def __init__(
        self,
        database: IndexDatabase,
        reader: FileReader,
        scanned: float,
        matrix: VectorMatrix | None = None,
        spares: SpareParsers | None = None,
    ) -> None:
        """Take where things go; with a `matrix` the chunks get vectors of the default embedder as well."""
        self._database = database
        self._reader = reader
        self._scanned = scanned
        self._matrix = matrix
        suspect = Suspect(database.path.with_name("parsing"))
        self._pool = ParserPool(suspect, with_vectors=matrix is not None, spares=spares)
        self._jobs: dict[int, tuple[str, int]] = {}
        """Path and mode of what is being parsed, by the number of its job."""
        self._taken = 0
        self._reported = ""
        self._waiting: list[tuple[str, int, BlobRecord | PackedBlob]] = []
        self._sharing: dict[BlobId, list[tuple[str, TreeFile]]] = {}
        """The files of each blob that the pool lacks; it is read from the first."""
        self._committed = time.monotonic()
        self._keys: list[str] = []
        self._vectors: list[bytes] = []
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
            with closing(self._pool.parse(self._readable(unseen))) as parsed:
                for result in parsed:
                    if result is not None:
                        self._take(result)
                    if time.monotonic() - reported > _REPORT_SECONDS:
                        reported = time.monotonic()
                        yield self._progress(self._taken, len(unseen))
                    if len(self._waiting) >= _COMMIT_FILES or time.monotonic() - self._committed > _COMMIT_SECONDS:
                        self._commit()
        finally:
            self._commit()
        self._reported = ""
        yield self._progress(len(unseen), len(unseen))

    def _progress(self, parsed: int, unseen: int) -> IndexProgress:
        return IndexProgress("parsing", self.reused + parsed, self.reused + unseen, self.reused, len(self.unread), self._reported)

    def _readable(self, unseen: Sequence[tuple[str, TreeFile, BlobId]]) -> Iterator[ParseJob]:
        """Yield what is to be parsed, read from the tree; what needs no parsing is dealt with at once."""
        for number, (path, file, blob) in enumerate(unseen):
            job = self._read(number, path, file, blob)
            if job is None:
                self._taken += 1
            else:
                self._jobs[number] = path, file.mode
                yield job

    def _take(self, parsed: ParsedBlob) -> None:
        path, mode = self._jobs.pop(parsed.number)
        self._taken += 1
        self._reported = path
        self._waiting.append((path, mode, parsed.blob))
        self._keys += parsed.keys
        self._vectors.append(parsed.vectors)

    def _read(self, number: int, path: str, file: TreeFile, blob: BlobId) -> ParseJob | None:
        if file.mode in _NOT_FILES:
            self._waiting.append((path, file.mode, skipped_blob(blob, *_NOT_FILES[file.mode])))
            return None
        try:
            data = self._reader.indexable(path)
        except Unreadable as error:
            if error.reason in _LASTING_SKIPS:
                self._waiting.append((path, file.mode, skipped_blob(blob, error.reason, error.detail)))
            else:
                self.unread.append(SkippedFile(path, error.reason, error.detail))
            return None
        if self._matrix is None:
            self._reader.remember(path, data)
        return ParseJob(number, self._actual_oid(path, file.oid, data), blob.flavour, path, data)

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
        self._store_vectors()
        waiting, self._waiting = self._waiting, []
        self._committed = time.monotonic()
        if waiting:
            numbers = self._database.add_blobs([record for _, _, record in waiting])
            for (path, mode, record), number in zip(waiting, numbers, strict=True):
                self.files.append(ViewFile(path, mode, record.id.oid, number))
                copies = self._sharing.get(record.id, ())[1:]
                self.files += [ViewFile(copy, file.mode, file.oid, number) for copy, file in copies]

    def _store_vectors(self) -> None:
        keys, vectors = self._keys, b"".join(self._vectors)
        self._keys, self._vectors = [], []
        if self._matrix is not None and keys:
            self._matrix.add(keys, np.frombuffer(vectors, np.float16).reshape(len(keys), -1))


def pool_id(path: str, file: TreeFile) -> BlobId:
    """Return what identifies the parse of a tree's entry."""
    if file.mode in _NOT_FILES:
        # The target of a link has the same id as a file with that text.
        return BlobId(file.oid, _NOT_FILES[file.mode][0])
    return blob_id(path, file.oid)
