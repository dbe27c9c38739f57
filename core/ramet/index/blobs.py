"""Turns one file's content into the record that the index database keeps of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import chain

import numpy as np

from ramet.embed.table import TableEmbedder
from ramet.index.chunker import ParsedFile, parse_by_lines, parse_file
from ramet.index.languages import TEXT, language_of
from ramet.index.parse_messages import ParsedBlob, ParseJob
from ramet.models import Chunk, SkipReason, Symbol
from ramet.store.index_database import packed_blob
from ramet.store.records import BlobId, BlobRecord, ChunkRecord, Postings, SymbolRecord
from ramet.tokens import bare_name, term_hashes

PARSER_VERSION = 2
"""Grows whenever chunking, symbols or terms change, so that blobs cut up by older code are cut up again."""
_NAME_WEIGHT = 2
"""BM25F weight of the qualified name; it belongs to the content, so that it is counted once and for all."""
_LARGEST_COUNT = 255
"""Occurrences of a term that are told apart; BM25 saturates long before."""
_NO_POSTINGS = Postings(np.zeros(0, np.uint32), np.zeros(0, np.uint32), np.zeros(0, np.uint8))


def blob_id(path: str, oid: str) -> BlobId:
    """Return what identifies the parse of a file: its content and the language that its name chooses."""
    language = language_of(path, b"")
    if language in (TEXT, "c"):
        # Here the content has a say as well, and how much depends on the extension.
        name = path.rsplit("/", 1)[-1]
        language = f"{language}:{name.rpartition('.')[2].lower() if '.' in name else ''}"
    return BlobId(oid, language)


def parse_packed(job: ParseJob, *, with_vectors: bool) -> ParsedBlob:
    """Return a file cut up and, if wanted, the vectors of the default embedder for its chunks."""
    return _packed(job, parse_file(job.path, job.data), with_vectors)


def cut_by_lines(job: ParseJob, note: str, *, with_vectors: bool) -> ParsedBlob:
    """Return a file cut up without its grammar; the note says why."""
    return _packed(job, parse_by_lines(job.path, job.data, note), with_vectors)


def _packed(job: ParseJob, parsed: ParsedFile, with_vectors: bool) -> ParsedBlob:
    hashes = [term_hashes(chunk.text) for chunk in parsed.chunks]
    blob = packed_blob(_record(BlobId(job.oid, job.flavour), parsed, hashes))
    if not with_vectors or not hashes:
        return ParsedBlob(job.number, blob, [], b"")
    vectors = _table().embed_terms(hashes).astype(np.float16)
    return ParsedBlob(job.number, blob, [chunk.key for chunk in parsed.chunks], vectors.tobytes())


@cache
def _table() -> TableEmbedder:
    return TableEmbedder()


def _record(blob: BlobId, parsed: ParsedFile, hashes: Sequence[Sequence[int]]) -> BlobRecord:
    return BlobRecord(
        id=blob,
        parser=PARSER_VERSION,
        language=parsed.language,
        lines=parsed.lines,
        note=parsed.note,
        skip_reason="",
        skip_detail="",
        chunks=tuple(ChunkRecord(c.key, c.start_line, c.end_line, c.symbol, c.kind) for c in parsed.chunks),
        symbols=_symbol_records(parsed.symbols, parsed.chunks),
        postings=_postings(parsed.chunks, hashes),
    )


def skipped_blob(blob: BlobId, reason: SkipReason, detail: str) -> BlobRecord:
    """Return the record of content that is not indexed, so that it is not read again to find that out."""
    return BlobRecord(blob, PARSER_VERSION, "", 0, "", reason, detail, (), (), _NO_POSTINGS)


def _symbol_records(symbols: Sequence[Symbol], chunks: Sequence[Chunk]) -> tuple[SymbolRecord, ...]:
    starts = [chunk.start_line for chunk in chunks]

    def chunk_of(line: int) -> int:
        position = bisect_right(starts, line) - 1
        return position if position >= 0 and chunks[position].end_line >= line else -1

    return tuple(
        SymbolRecord(s.name, s.qualified_name, s.kind, s.start_line, s.end_line, s.signature, chunk_of(s.start_line))
        for s in symbols
    )


def _postings(chunks: Sequence[Chunk], of_texts: Sequence[Sequence[int]]) -> Postings:
    """Return the terms of the chunks' texts and of their qualified names, which count double."""
    hashes = [
        [*of_text, *term_hashes(bare_name(chunk.symbol)) * _NAME_WEIGHT] for chunk, of_text in zip(chunks, of_texts, strict=True)
    ]
    sizes = np.fromiter(map(len, hashes), dtype=np.int64, count=len(hashes))
    flat = np.fromiter(chain.from_iterable(hashes), dtype=np.uint64, count=int(sizes.sum()))
    rows = np.repeat(np.arange(len(hashes), dtype=np.uint64), sizes)
    pairs, counts = np.unique((rows << np.uint64(32)) | flat, return_counts=True)
    return Postings(
        lengths=np.bincount((pairs >> np.uint64(32)).astype(np.int64), minlength=len(hashes)).astype(np.uint32),
        hashes=(pairs & np.uint64(0xFFFFFFFF)).astype(np.uint32),
        counts=np.minimum(counts, _LARGEST_COUNT).astype(np.uint8),
    )
