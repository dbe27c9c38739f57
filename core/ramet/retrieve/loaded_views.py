"""Keeps a few views in memory and builds the next one from the nearest of them, since loading a large view takes seconds."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from ramet.retrieve.view_index import ViewIndex
from ramet.store.records import ViewFile
from ramet.store.repository_stores import RepositoryStores

_MOST_VIEWS = 4
_MOST_DOCUMENTS = 400_000
"""Documents of all kept views but the newest; what a view shares with the one that it was built from is counted again."""


class LoadedViews:
    """The owner of views in memory, the last one used at the end. Safe to use from several threads."""

    def __init__(self, stores: RepositoryStores) -> None:
        self._stores = stores
        self._loading = threading.Lock()
        self._views: dict[int, ViewIndex] = {}
        self._database = stores.database

    def current(self, name: str) -> ViewIndex | None:
        """Return a view as last committed, loading what has changed; None when there is none of that name."""
        with self._loading:
            database = self._stores.database
            if database is not self._database:
                # A database that was built anew counts its rows from the beginning.
                self._database = database
                self._views.clear()
            row = database.view(name)
            if row is None:
                return None
            loaded = self._views.pop(row.number, None)
            if loaded is None or loaded.view.revision != row.revision:
                state = database.view_state(name)
                if state is None:
                    return None
                base = loaded if loaded is not None else self._nearest(state[1])
                loaded = base.updated(database, *state) if base is not None else ViewIndex.load(database, *state)
            self._views[loaded.view.number] = loaded
            self._forget_old()
            return loaded

    def _nearest(self, listed: Sequence[ViewFile]) -> ViewIndex | None:
        """Return the view that shares most files."""
        blobs = {file.path: file.blob for file in listed}

        def shared(view: ViewIndex) -> int:
            return sum(blobs.get(path) == file.blob for path, file in view.files.items())

        return max(self._views.values(), key=shared, default=None)

    def _forget_old(self) -> None:
        """Forget the views used longest ago, as far as there are too many or they are too large; never the last one used."""
        documents = 0
        for place, (number, view) in enumerate(reversed(list(self._views.items()))):
            documents += view.lexical.count if place else 0
            if place >= _MOST_VIEWS or documents > _MOST_DOCUMENTS:
                del self._views[number]
