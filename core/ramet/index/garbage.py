"""Removes what no view needs: views of folders that are gone, blobs nobody shows, vectors of no blob.

Views of commits stay: those used last are kept, and the indexer forgets the others.
"""

from __future__ import annotations

import os
from pathlib import Path

from ramet.errors import StoreError, UsageError
from ramet.paths import path_from_text
from ramet.store.repository_stores import RepositoryStores


def collect_garbage(stores: RepositoryStores, embedder: str) -> str:
    """Remove what is not needed and say how much it was. Raises UsageError while an index run is at work.

    Vectors on a shared server are left alone: other people's blobs need them. Vectors of other embedders stay as well, so that
    switching back costs nothing.
    """
    lock = stores.run_lock()
    if not lock.try_acquire():
        raise UsageError("An index run is at work on this repository.", "Try again when it is done.")
    try:
        views = _forget_lost_views(stores)
        stores.commits.forget_views(view.name for view in stores.database.views())
        blobs = stores.database.delete_unused_blobs()
        vectors = 0 if stores.is_shared or not embedder or not stores.has_vector_files() else _forget_vectors(stores, embedder)
        if blobs:
            stores.database.compact()
    finally:
        lock.release()
    removed = f"{_counted(views, 'view')}, {_counted(blobs, 'parsed file')} and {_counted(vectors, 'vector')}"
    return f"Removed {removed} that nothing needs any more."


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _forget_lost_views(stores: RepositoryStores) -> int:
    lost = [
        view for view in stores.database.views() if view.folder and not Path(os.fsdecode(path_from_text(view.folder))).is_dir()
    ]
    for view in lost:
        stores.database.delete_view(view.name)
    return len(lost)


def _forget_vectors(stores: RepositoryStores, embedder: str) -> int:
    try:
        store = stores.vectors(embedder)
        needed = stores.database.all_keys()
        unneeded = sorted(store.keys() - needed)
        store.remove(unneeded)
        matrix = stores.matrix(embedder)
        matrix.remove(sorted(matrix.keys() - needed))
    except StoreError:
        # A store that cannot be read is replaced by the next sync.
        stores.forget_vectors(embedder)
        return 0
    return len(unneeded)
