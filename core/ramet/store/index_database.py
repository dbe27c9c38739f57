"""The SQLite database of one repository: blobs parsed once, and views (working trees, branches) over them.

It may be used from any thread. One connection writes and one reads, so that a search never waits for a running sync and
sees the last committed state.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ramet.errors import StoreDamaged, StoreError, StoreFull
from ramet.store.lock import store_error
from ramet.store.records import (
    BlobId,
    BlobRecord,
    ChunkRecord,
    OddFile,
    PackedBlob,
    Postings,
    SymbolRecord,
    ViewFile,
    ViewRow,
    ViewSummary,
)

_FORMAT = 2
"""Version of the tables; another one is built anew, since all of it can be derived again."""
_BUSY_SECONDS = 30.0
"""How long one statement waits for another process that looks into the file."""
_BATCH = 500
"""Blobs read by one statement, so that neither the memory nor the time without other readers grows with the repository."""

_TABLES = """
CREATE TABLE blob (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    oid TEXT NOT NULL,
    flavour TEXT NOT NULL,
    parser INTEGER NOT NULL,
    language TEXT NOT NULL,
    lines INTEGER NOT NULL,
    note TEXT NOT NULL,
    skip_reason TEXT NOT NULL,
    skip_detail TEXT NOT NULL,
    chunk_count INTEGER NOT NULL,
    chunks BLOB NOT NULL,
    symbols BLOB NOT NULL,
    lengths BLOB NOT NULL,
    hashes BLOB NOT NULL,
    counts BLOB NOT NULL
);
CREATE INDEX blob_by_oid ON blob (oid, flavour, parser);
CREATE TABLE view (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    folder TEXT NOT NULL,
    tree TEXT NOT NULL,
    revision INTEGER NOT NULL,
    embedded TEXT NOT NULL DEFAULT '',
    used INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE view_file (
    view INTEGER NOT NULL REFERENCES view (number),
    path TEXT NOT NULL,
    mode INTEGER NOT NULL,
    oid TEXT NOT NULL,
    blob INTEGER NOT NULL REFERENCES blob (number),
    PRIMARY KEY (view, path)
) WITHOUT ROWID;
CREATE INDEX view_file_by_blob ON view_file (blob);
"""

Row = tuple[Any, ...]
"""A row of SQLite, whose values have no static types."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_INSERT_BLOB = "INSERT INTO blob VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_DELETE_UNUSED = "DELETE FROM blob WHERE NOT EXISTS (SELECT 1 FROM view_file WHERE view_file.blob = blob.number)"
_DELETE_SUPERSEDED = (
    "DELETE FROM blob WHERE NOT EXISTS (SELECT 1 FROM view_file WHERE view_file.blob = blob.number)"
    " AND EXISTS (SELECT 1 FROM blob AS n WHERE n.oid = blob.oid AND n.flavour = blob.flavour AND n.number > blob.number)"
)

_MOST_SUMMARIES = 8
"""Views whose summaries are remembered."""

_decode_chunks = msgspec.msgpack.Decoder(tuple[ChunkRecord, ...]).decode
_decode_symbols = msgspec.msgpack.Decoder(tuple[SymbolRecord, ...]).decode
_encode = msgspec.msgpack.Encoder().encode


def _translated(error: sqlite3.Error, path: Path) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StoreFull(f"The disk is full: the index {path} cannot grow.", "Free some space; what was stored so far is intact.")
    if code in _DAMAGED:
        return StoreDamaged(f"The index {path} is damaged: {error}.", "Run `ramet index`; it is moved aside and built anew.")
    return StoreError(f"The index {path} cannot be used: {error}.", "Check that the data directory is yours and writable.")


def packed_blob(blob: BlobRecord) -> PackedBlob:
    """Return a parsed blob as the database keeps it."""
    return PackedBlob(
        blob.id.oid,
        blob.id.flavour,
        blob.parser,
        blob.language,
        blob.lines,
        blob.note,
        blob.skip_reason,
        blob.skip_detail,
        len(blob.chunks),
        _encode(blob.chunks),
        _encode(blob.symbols),
        blob.postings.lengths.tobytes(),
        blob.postings.hashes.tobytes(),
        blob.postings.counts.tobytes(),
    )


class IndexDatabase:
    """The one owner of `index.db`. Raises StoreDamaged, StoreFull or StoreError, never an error of sqlite3."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise store_error(error, f"create {path.parent}") from error
        self._was_cut_off = path.with_name(path.name + "-wal").exists()
        self._write_lock = threading.RLock()
        self._read_lock = threading.RLock()
        self._summaries: dict[int, tuple[int, ViewSummary]] = {}
        """By the number of the view: its revision, and what was counted then, which reads a row for each of its files."""
        self._writer = self._connect()
        try:
            self._prepare()
            self._inode = path.stat().st_ino
            self._reader = self._connect()
        except BaseException:
            self._writer.close()
            raise

    @property
    def is_current(self) -> bool:
        """Whether the file is still the one that was opened; another workspace may have moved a damaged one aside."""
        try:
            return self.path.stat().st_ino == self._inode
        except OSError:
            return False

    def close(self) -> None:
        """Close both connections."""
        with self._write_lock, self._read_lock:
            self._reader.close()
            self._writer.close()

    # -- blobs

    def known_blobs(self, wanted: Iterable[BlobId], parser: int) -> dict[BlobId, int]:
        """Return the row numbers of those of `wanted` that this version of the parser has cut up already."""
        missing = set(wanted)
        oids = list({blob.oid for blob in missing})
        known: dict[BlobId, int] = {}
        for start in range(0, len(oids), _BATCH):
            batch = oids[start : start + _BATCH]
            statement = (
                "SELECT oid, flavour, number FROM blob"
                " WHERE oid IN (SELECT value FROM json_each(?)) AND parser = ? ORDER BY number"
            )
            for oid, flavour, number in self._rows(statement, (json.dumps(batch), parser)):
                blob = BlobId(oid, flavour)
                if blob in missing:
                    known[blob] = number
        return known

    def add_blobs(self, blobs: Sequence[BlobRecord | PackedBlob]) -> list[int]:
        """Store parsed blobs in one transaction and return their row numbers; earlier rows of the same blob stay."""
        rows = [blob if isinstance(blob, PackedBlob) else packed_blob(blob) for blob in blobs]
        with self._transaction() as connection:
            return [connection.execute(_INSERT_BLOB, msgspec.structs.astuple(row)).lastrowid or 0 for row in rows]

    def blobs(self, numbers: Iterable[int]) -> Iterator[tuple[int, BlobRecord]]:
        """Yield stored blobs, with their row numbers, in no particular order."""
        remaining = iter(numbers)
        while batch := list(islice(remaining, _BATCH)):
            statement = (
                "SELECT number, oid, flavour, parser, language, lines, note, skip_reason, skip_detail,"
                " chunks, symbols, lengths, hashes, counts FROM blob WHERE number IN (SELECT value FROM json_each(?))"
            )
            for row in self._rows(statement, (json.dumps(batch),)):
                yield row[0], self._blob(row)

    def packed_blobs(self, numbers: Iterable[int]) -> Iterator[tuple[int, PackedBlob]]:
        """Yield stored blobs as they are stored, with their row numbers, in no particular order."""
        remaining = iter(numbers)
        while batch := list(islice(remaining, _BATCH)):
            statement = (
                "SELECT number, oid, flavour, parser, language, lines, note, skip_reason, skip_detail, chunk_count,"
                " chunks, symbols, lengths, hashes, counts FROM blob WHERE number IN (SELECT value FROM json_each(?))"
            )
            for number, *row in self._rows(statement, (json.dumps(batch),)):
                yield number, PackedBlob(*row)

    def chunk_records(self, numbers: Iterable[int]) -> Iterator[tuple[int, tuple[ChunkRecord, ...]]]:
        """Yield the chunks of stored blobs that have any, with the blobs' row numbers."""
        remaining = iter(numbers)
        while batch := list(islice(remaining, _BATCH)):
            statement = "SELECT number, chunks FROM blob WHERE number IN (SELECT value FROM json_each(?)) AND chunk_count > 0"
            for number, packed in self._rows(statement, (json.dumps(batch),)):
                yield number, self._decoded_chunks(packed)

    def all_keys(self) -> set[str]:
        """Return the keys of all chunks of all blobs."""
        keys: set[str] = set()
        for (packed,) in self._rows("SELECT chunks FROM blob WHERE chunk_count > 0", ()):
            keys.update(chunk.key for chunk in self._decoded_chunks(packed))
        return keys

    def delete_unused_blobs(self) -> int:
        """Forget blobs that no view shows and return how many there were."""
        with self._transaction() as connection:
            return connection.execute(_DELETE_UNUSED).rowcount

    def delete_superseded_blobs(self) -> int:
        """Forget rows that no view shows any more because the same blob was parsed again."""
        with self._transaction() as connection:
            return connection.execute(_DELETE_SUPERSEDED).rowcount

    # -- views

    def view(self, name: str) -> ViewRow | None:
        """Return a view, None when there is none of that name."""
        rows = self._rows("SELECT number, name, folder, tree, revision, embedded FROM view WHERE name = ?", (name,))
        return ViewRow(*rows[0]) if rows else None

    def views(self) -> list[ViewRow]:
        """Return all views."""
        return [ViewRow(*row) for row in self._rows("SELECT number, name, folder, tree, revision, embedded FROM view", ())]

    def view_files(self, view: ViewRow) -> list[ViewFile]:
        """Return the files of a view, by path."""
        rows = self._rows("SELECT path, mode, oid, blob FROM view_file WHERE view = ? ORDER BY path", (view.number,))
        return [ViewFile(*row) for row in rows]

    def view_state(self, name: str) -> tuple[ViewRow, list[ViewFile]] | None:
        """Return a view and its files as of one moment, None when there is none of that name."""
        with self._read_lock, self._errors():
            self._reader.execute("BEGIN")
            try:
                view = self.view(name)
                return (view, self.view_files(view)) if view is not None else None
            finally:
                self._reader.execute("COMMIT")

    def view_summary(self, view: ViewRow) -> ViewSummary:
        """Return what can be said about a view without its files; counted once for each of its states."""
        counted = self._summaries.get(view.number)
        if counted is None or counted[0] != view.revision:
            counted = view.revision, self._summary(view)
            if len(self._summaries) >= _MOST_SUMMARIES:
                self._summaries.clear()
            self._summaries[view.number] = counted
        return counted[1]

    def _summary(self, view: ViewRow) -> ViewSummary:
        joined = "FROM view_file JOIN blob ON blob.number = view_file.blob WHERE view_file.view = ?"
        totals = f"SELECT coalesce(sum(skip_reason = ''), 0), coalesce(sum(chunk_count), 0), coalesce(min(parser), 0) {joined}"
        odd = f"SELECT path, skip_reason, skip_detail, note {joined} AND (skip_reason != '' OR note != '') ORDER BY path"
        files, chunks, parser = self._rows(totals, (view.number,))[0]
        return ViewSummary(files, chunks, parser, tuple(OddFile(*row) for row in self._rows(odd, (view.number,))))

    def update_view(self, name: str, folder: str, tree: str, changed: Sequence[ViewFile], removed: Sequence[str]) -> ViewRow:
        """Bring a view to a new tree in one transaction and return it; its vectors count as missing from then on."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO view (name, folder, tree, revision, used)"
                " VALUES (?, ?, ?, 1, (SELECT coalesce(max(used), 0) + 1 FROM view)) ON CONFLICT (name) DO UPDATE SET"
                " folder = excluded.folder, tree = excluded.tree, used = excluded.used, revision = revision + 1, embedded = ''",
                (name, folder, tree),
            )
            (number,) = connection.execute("SELECT number FROM view WHERE name = ?", (name,)).fetchone()
            connection.executemany("DELETE FROM view_file WHERE view = ? AND path = ?", ((number, path) for path in removed))
            connection.executemany(
                "INSERT OR REPLACE INTO view_file VALUES (?, ?, ?, ?, ?)",
                ((number, file.path, file.mode, file.oid, file.blob) for file in changed),
            )
        view = self.view(name)
        assert view is not None
        return view

    def mark_embedded(self, view: ViewRow, collection: str) -> None:
        """Record that a vector collection holds every chunk of the view, unless the view has changed since."""
        with self._transaction() as connection:
            statement = "UPDATE view SET embedded = ? WHERE number = ? AND revision = ?"
            connection.execute(statement, (collection, view.number, view.revision))

    def forget_embedded(self) -> None:
        """Record that the vectors of all views are gone, so that the next run computes them again."""
        with self._transaction() as connection:
            connection.execute("UPDATE view SET embedded = ''")

    def embedded_blobs(self, view: ViewRow, mark: str) -> set[int]:
        """Return the row numbers of those of the view's blobs that a view marked so shows, this one or another."""
        statement = (
            "SELECT DISTINCT f.blob FROM view_file AS f WHERE f.view = ? AND EXISTS (SELECT 1 FROM view_file AS g"
            " JOIN view ON view.number = g.view WHERE g.blob = f.blob AND instr(' ' || view.embedded || ' ', ?))"
        )
        return {number for (number,) in self._rows(statement, (view.number, f" {mark} "))}

    def note_use(self, name: str) -> None:
        """Record that a view was used just now: it is the last that `delete_old_views` forgets."""
        if not self._rows("SELECT 1 FROM view WHERE name = ? AND used < (SELECT max(used) FROM view)", (name,)):
            return  # the last one used already, as most are: nothing to write
        with self._transaction() as connection:
            connection.execute("UPDATE view SET used = (SELECT max(used) + 1 FROM view) WHERE name = ?", (name,))

    def delete_old_views(self, prefix: str, most: int, most_files: int) -> None:
        """Forget views whose names begin with a prefix: all but the `most` used last, fewer when they list too many files."""
        statement = (
            "SELECT name, (SELECT count(*) FROM view_file WHERE view_file.view = view.number) FROM view"
            " WHERE substr(name, 1, ?) = ? ORDER BY used DESC"
        )
        files = 0
        for place, (name, count) in enumerate(self._rows(statement, (len(prefix), prefix))):
            files += count
            if place and (place >= most or files > most_files):
                self.delete_view(name)

    def delete_view(self, name: str) -> None:
        """Forget a view; its blobs stay until `delete_unused_blobs`."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM view_file WHERE view = (SELECT number FROM view WHERE name = ?)", (name,))
            connection.execute("DELETE FROM view WHERE name = ?", (name,))

    def compact(self) -> None:
        """Give the space of deleted rows back to the disk."""
        with self._write_lock, self._errors():
            self._writer.execute("VACUUM")

    # -- inside

    def _connect(self) -> sqlite3.Connection:
        with self._errors():
            return sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)

    def _prepare(self) -> None:
        with self._errors():
            (format_version,) = self._writer.execute("PRAGMA user_version").fetchone()
            has_tables = self._writer.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
            if has_tables and format_version != _FORMAT:
                raise StoreDamaged(f"The index {self.path} has the format of another version.", "It is built anew.")
            # A file left by a killed process is read once in full; a clean one is trusted until a read fails.
            if self._was_cut_off and self._writer.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise StoreDamaged(f"The index {self.path} is damaged.", "It is moved aside and built anew.")
            self._writer.execute("PRAGMA journal_mode = WAL")
            self._writer.execute("PRAGMA synchronous = NORMAL")
            if not has_tables:
                self._writer.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {_FORMAT}; COMMIT;")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _translated(error, self.path) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._write_lock, self._errors():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # SQLite ends the transaction by itself on a full disk.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def postings(self, blob: PackedBlob) -> Postings:
        """Return the postings of a stored blob. Raises StoreDamaged when they do not belong together."""
        try:
            lengths, hashes = np.frombuffer(blob.lengths, np.uint32), np.frombuffer(blob.hashes, np.uint32)
        except ValueError as error:
            raise StoreDamaged(f"The index {self.path} is damaged: {error}.", "Run `ramet index`.") from error
        if len(lengths) != blob.chunk_count or not len(hashes) == len(blob.counts) == int(lengths.sum()):
            raise StoreDamaged(f"The index {self.path} is damaged: a blob's terms are incomplete.", "Run `ramet index`.")
        return Postings(lengths, hashes, np.frombuffer(blob.counts, np.uint8))

    def _rows(self, statement: str, parameters: Sequence[object]) -> list[Row]:
        with self._read_lock, self._errors():
            rows: list[Row] = self._reader.execute(statement, parameters).fetchall()
            return rows

    def _decoded_chunks(self, packed: bytes) -> tuple[ChunkRecord, ...]:
        try:
            return _decode_chunks(packed)
        except msgspec.MsgspecError as error:
            raise StoreDamaged(f"The index {self.path} is damaged: {error}.", "Run `ramet index`.") from error

    def _blob(self, row: Row) -> BlobRecord:
        number, oid, flavour, parser, language, lines, note, skip_reason, skip_detail, chunks, symbols, *packed = row
        lengths, hashes, counts = packed
        try:
            return BlobRecord(
                BlobId(oid, flavour),
                parser,
                language,
                lines,
                note,
                skip_reason,
                skip_detail,
                _decode_chunks(chunks),
                _decode_symbols(symbols),
                Postings(
                    np.frombuffer(lengths, dtype=np.uint32),
                    np.frombuffer(hashes, dtype=np.uint32),
                    np.frombuffer(counts, dtype=np.uint8),
                ),
            )
        except (msgspec.MsgspecError, ValueError) as error:
            raise StoreDamaged(f"Blob {number} of the index {self.path} is damaged: {error}.", "Run `ramet index`.") from error
