"""Says what a sync would do and cost, without storing anything: files are read and parsed, many of them by a sample."""

from __future__ import annotations

import time
from collections.abc import Sequence

from msgspec import Struct

from ramet.embed.protocol import Embedder, HostedEmbedder, PreparedEmbedder, name_of
from ramet.errors import EmbedError, StoreError
from ramet.index.blobs import PARSER_VERSION
from ramet.index.budget import refusal, tokens_of
from ramet.index.chunker import join_lines, parse_file
from ramet.index.file_reader import FileReader
from ramet.index.merkle import MerkleTree, TreeFile
from ramet.index.parsing import pool_id
from ramet.index.reading import Unreadable
from ramet.index.scan import Scan
from ramet.models import Budget, IndexEstimate, SkippedFile
from ramet.store.records import BlobId, ChunkRecord, ViewRow
from ramet.store.repository_stores import RepositoryStores

_MOST_READ = 300
"""Files that are parsed, and files whose known chunks are read; of more, this many evenly spread ones stand for all."""
_REMOTE_SECONDS = 1.0
"""One request to an embedder that is asked over the network."""
_TIMED_CHUNKS = 64
"""Chunks embedded to learn the speed of a local embedder."""


class _Parsed(Struct):
    """What the parsed files gave; owned by one `estimate`."""

    texts: dict[str, str]
    """By chunk key."""
    count: int = 0
    """Chunks, repeated ones included."""
    seconds: float = 0.0


class _Known(Struct, frozen=True):
    """A file that was parsed before."""

    path: str
    chunks: tuple[ChunkRecord, ...]


def estimate(
    scan: Scan,
    view: ViewRow | None,
    reader: FileReader,
    stores: RepositoryStores,
    embedder: Embedder,
    budget: Budget | None = None,
) -> IndexEstimate:
    """Return what a sync of this scan would do; without a `budget` no cost is too high."""
    changed = _changed_paths(scan, view, stores)
    ids = {path: pool_id(path, file) for path, file in scan.tree.files.items()}
    blobs = stores.database.known_blobs(set(ids.values()), PARSER_VERSION)
    known = _known_files(ids, blobs, stores)
    unseen = [path for path in changed if ids[path] not in blobs]
    skipped = list(scan.skipped)
    drawn = _spread(unseen)
    parsed = _parse(drawn, reader, skipped)
    share = len(unseen) / len(drawn) if drawn else 1.0
    stored = {chunk.key for file in known for chunk in file.chunks}
    missing = _missing([*stored, *parsed.texts], stores, embedder)
    new = [key for key in parsed.texts if key in missing and key not in stored]
    to_embed = len(missing & stored) + int(len(new) * share)
    changed_set = set(changed)
    looked_at = sum(len(file.chunks) for file in known if file.path in changed_set) + int(parsed.count * share)
    chunks = max(looked_at, to_embed)
    tokens = int(sum(tokens_of(parsed.texts[key]) for key in new) * share) + _known_tokens(known, missing, reader)
    return IndexEstimate(
        files=len(scan.tree.files),
        changed_files=len(changed),
        chunks=chunks,
        cached_chunks=chunks - to_embed,
        tokens=tokens,
        cost=embedder.estimate_cost(tokens),
        seconds=parsed.seconds * share + _embedding_seconds(embedder, list(parsed.texts.values()), to_embed),
        skipped=tuple(sorted(skipped, key=lambda file: file.path)),
        embedder=name_of(embedder),
        refusal=refusal(embedder, tokens, budget) if budget is not None else "",
    )


def _spread(items: Sequence[str]) -> Sequence[str]:
    return items[:: max(1, -(-len(items) // _MOST_READ))]


def _changed_paths(scan: Scan, view: ViewRow | None, stores: RepositoryStores) -> list[str]:
    if view is not None and view.tree == scan.tree.root:
        return []
    listed = stores.database.view_files(view) if view is not None else ()
    shown = MerkleTree({file.path: TreeFile(file.mode, file.oid) for file in listed}, scan.tree.object_format)
    changes = scan.tree.changes_since(shown)
    return sorted([*changes.added, *changes.modified])


def _known_files(ids: dict[str, BlobId], blobs: dict[BlobId, int], stores: RepositoryStores) -> list[_Known]:
    chunks = dict(stores.database.chunk_records(set(blobs.values())))
    numbers = ((path, blobs.get(blob)) for path, blob in sorted(ids.items()))
    return [_Known(path, chunks[number]) for path, number in numbers if number in chunks]


def _parse(paths: Sequence[str], reader: FileReader, skipped: list[SkippedFile]) -> _Parsed:
    parsed = _Parsed({})
    started = time.monotonic()
    reader.expect(paths)
    for path in paths:
        try:
            data = reader.indexable(path)
        except Unreadable as error:
            skipped.append(SkippedFile(path, error.reason, error.detail))
            continue
        chunks = parse_file(path, data).chunks
        parsed.texts.update((chunk.key, chunk.text) for chunk in chunks)
        parsed.count += len(chunks)
    parsed.seconds = time.monotonic() - started
    return parsed


def _known_tokens(known: Sequence[_Known], missing: set[str], reader: FileReader) -> int:
    """Return the tokens of chunks that were cut before and have no vector; their text is with their file alone."""
    counted: set[str] = set()
    without: dict[str, list[ChunkRecord]] = {}
    for file in known:
        wanted = [chunk for chunk in file.chunks if chunk.key in missing and chunk.key not in counted]
        if wanted:
            without[file.path] = wanted
            counted.update(chunk.key for chunk in wanted)
    tokens = read = 0
    paths = _spread(list(without))
    reader.expect(paths)
    for path in paths:
        try:
            lines = reader.lines(path)
        except Unreadable:
            continue
        read += len(without[path])
        tokens += sum(tokens_of(join_lines(lines, chunk.start_line, chunk.end_line)) for chunk in without[path])
    return int(tokens * len(counted) / read) if read else 0


def _missing(keys: Sequence[str], stores: RepositoryStores, embedder: Embedder) -> set[str]:
    """Return the keys without a vector; all of them when there is no store yet, which must not be created here."""
    if isinstance(embedder, PreparedEmbedder) and not embedder.identity:
        embedder.warm()
    if not embedder.identity or not stores.has_vector_files():
        return set(keys)
    try:
        return set(stores.vectors(embedder.identity).missing(keys))
    except StoreError:
        return set(keys)


def _embedding_seconds(embedder: Embedder, texts: Sequence[str], count: int) -> float:
    if not count:
        return 0.0
    if isinstance(embedder, HostedEmbedder):
        return -(-count // (embedder.batch_size * embedder.parallel)) * _REMOTE_SECONDS
    timed = list(texts[:_TIMED_CHUNKS])
    started = time.monotonic()
    try:
        embedder.embed_documents(timed)
    except EmbedError:
        return 0.0
    return (time.monotonic() - started) / max(len(timed), 1) * count
