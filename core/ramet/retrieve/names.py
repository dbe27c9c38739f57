"""How near a question is to the path and the name of a chunk, which its vector must not know: vectors survive renaming."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import numpy as np

from ramet.embed.table import TableEmbedder
from ramet.retrieve.view_index import ViewIndex

_SHARE = 0.4
"""Of the name in the similarity of a chunk."""
_NAME_REPEATS = 2
"""The qualified name counts as often against the path."""


class NameSimilarity:
    """Compares questions with names by the table of the default embedder, whatever embeds the chunks."""

    def __init__(self) -> None:
        self._embedder = TableEmbedder()

    def mixed(self, view: ViewIndex, question: str, similarities: Mapping[int, float]) -> dict[int, float]:
        """Return the similarities of documents with that of their names mixed in."""
        documents = list(similarities)
        names = self._embedder.embed_documents([_name(view, document) for document in documents])
        of_names = names @ self._embedder.embed_query(question)
        of_texts = np.fromiter(similarities.values(), np.float32, len(documents))
        return dict(zip(documents, ((1 - _SHARE) * of_texts + _SHARE * of_names).tolist(), strict=True))

    def mixed_floor(self, floor: float) -> float:
        """Return what an arbitrary chunk has after mixing: its name says nothing about the question."""
        return (1 - _SHARE) * floor


def _name(view: ViewIndex, document: int) -> str:
    return " ".join(chain([view.file_of(document).path], [view.chunk_of(document).symbol] * _NAME_REPEATS))
