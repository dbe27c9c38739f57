"""What a view says about its vectors: for each vector space that is complete, the space and the very collection."""

from __future__ import annotations

from ramet.store.protocol import VectorStore


def mark_of(identity: str, store: VectorStore) -> str:
    """Return what stands in a view whose vectors are complete in this collection."""
    return f"{identity}@{store.generation}"


def is_marked(marks: str, identity: str) -> bool:
    """Whether the vectors of a space are said to be complete."""
    return bool(identity) and any(mark.startswith(f"{identity}@") for mark in marks.split())


def with_mark(marks: str, identity: str, store: VectorStore) -> str:
    """Return the marks with that of one space set; those of other spaces stay, so that switching back costs nothing."""
    others = [mark for mark in marks.split() if not mark.startswith(f"{identity}@")]
    return " ".join([*others, mark_of(identity, store)])
