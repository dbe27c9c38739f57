"""Says what a sync would do and cost, without storing anything: new files are parsed, many of them by a sample."""

from __future__ import annotations

import time
from collections.abc import Sequence

from msgspec import Struct

from ramet.embed.protocol import Embedder
from ramet.errors import EmbedError, StoreError
from ramet.index.blobs import PARSER_VERSION
from ramet.index.chunker import parse_file
from ramet.index.file_reader import FileReader
from ramet.index.merkle import MerkleTree, TreeFile
from ramet.index.parsing import pool_id
from ramet.index.reading import Unreadable
from ramet.index.scan import Scan
from ramet.models import IndexEstimate, SkippedFile
from ramet.store.records import ViewRow
from ramet.store.repository_stores import RepositoryStores

_MOST_PARSED = 300
"""New files that are parsed; of more, this many evenly spread ones stand for all."""
_CHARACTERS_PER_TOKEN = 3.5
"""Of source code, for the tokenizers of common embedding models."""
_REMOTE_SECONDS = 1.0
"""One request to an embedder that charges for it."""
_TIMED_CHUNKS = 64
"""Chunks embedded to learn the speed of a local embedder."""


class _Parsed(Struct):
    """What the parsed files gave; owned by one `estimate`."""

    keys: list[str]
    texts: list[str]
    seconds: float = 0.0


def estimate(scan: Scan, view: ViewRow | None, reader: FileReader, stores: RepositoryStores, embedder: Embedder) -> IndexEstimate:
    """Return what a sync of this scan would do."""
    changed = _changed_files(scan, view, stores)
    ids = {path: pool_id(path, file) for path, file in changed}
    known = stores.database.known_blobs(ids.values(), PARSER_VERSION)
    unseen = [path for path, _ in changed if ids[path] not in known]
    drawn = unseen[:: max(1, -(-len(unseen) // _MOST_PARSED))]
    skipped = list(scan.skipped)
    parsed = _parse(drawn, reader, skipped)
    share = len(unseen) / len(drawn) if drawn else 1.0
    stored = [chunk.key for _, chunks in stores.database.chunk_records(set(known.values())) for chunk in chunks]
    keys = list(dict.fromkeys([*stored, *parsed.keys]))
    missing = _missing(keys, stores, embedder)
    characters = sum(len(text) for key, text in dict(zip(parsed.keys, parsed.texts, strict=True)).items() if key in missing)
    tokens = int(characters * share / _CHARACTERS_PER_TOKEN)
    to_embed = int(len(missing) * share)
    return IndexEstimate(
        files=len(scan.tree.files),
        changed_files=len(changed),
        chunks=int(len(stored) + len(parsed.keys) * share),
        cached_chunks=int(len(stored) + len(parsed.keys) * share) - to_embed,
        tokens=tokens,
        cost=embedder.estimate_cost(tokens),
        seconds=parsed.seconds * share + _embedding_seconds(embedder, parsed.texts, to_embed),
        skipped=tuple(sorted(skipped, key=lambda file: file.path)),
        embedder=embedder.identity,
    )


def _changed_files(scan: Scan, view: ViewRow | None, stores: RepositoryStores) -> list[tuple[str, TreeFile]]:
    if view is not None and view.tree == scan.tree.root:
        return []
    listed = stores.database.view_files(view) if view is not None else ()
    shown = MerkleTree({file.path: TreeFile(file.mode, file.oid) for file in listed}, scan.tree.object_format)
    changes = scan.tree.changes_since(shown)
    return [(path, scan.tree.files[path]) for path in sorted([*changes.added, *changes.modified])]


def _parse(paths: Sequence[str], reader: FileReader, skipped: list[SkippedFile]) -> _Parsed:
    parsed = _Parsed([], [])
    started = time.monotonic()
    reader.expect(paths)
    for path in paths:
        try:
            data = reader.indexable(path)
        except Unreadable as error:
            skipped.append(SkippedFile(path, error.reason, error.detail))
            continue
        for chunk in parse_file(path, data).chunks:
            parsed.keys.append(chunk.key)
            parsed.texts.append(chunk.text)
    parsed.seconds = time.monotonic() - started
    return parsed


def _missing(keys: Sequence[str], stores: RepositoryStores, embedder: Embedder) -> set[str]:
    """Return the keys without a vector; all of them when there is no store yet, which must not be created here."""
    if not stores.has_vector_files():
        return set(keys)
    try:
        return set(stores.vectors(embedder.identity).missing(keys))
    except StoreError:
        return set(keys)


def _embedding_seconds(embedder: Embedder, texts: Sequence[str], count: int) -> float:
    if not count:
        return 0.0
    if embedder.estimate_cost(1_000) != 0:
        return -(-count // embedder.batch_size) * _REMOTE_SECONDS
    timed = list(texts[:_TIMED_CHUNKS])
    started = time.monotonic()
    try:
        embedder.embed_documents(timed)
    except EmbedError:
        return 0.0
    return (time.monotonic() - started) / max(len(timed), 1) * count
