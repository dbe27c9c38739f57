"""model2vec: static models, a vector per token; the only module that imports it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramet.embed.local import LoadedModel


class Model2vecLibrary:
    """Loads static models."""

    extra = "model2vec"
    module = "model2vec"
    batch_size = 256
    files: tuple[str, ...] = ("*.safetensors", "config.json", "tokenizer*.json", "modules.json", "0_StaticEmbedding/*")

    def load(self, folder: Path, dimensions: int) -> LoadedModel:
        """Load a model from its folder."""
        from model2vec import StaticModel  # type: ignore[import-not-found,unused-ignore]  # an extra

        return _Static(StaticModel.from_pretrained(folder, dimensionality=dimensions or None))


class _Static:
    """A static model in memory."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401  # its types are there only with the extra
        self._model = model

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return int(self._model.dim)

    def documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row per text."""
        # Its pool of processes would import the front end's main module anew.
        return np.asarray(self._model.encode(list(texts), max_length=None, use_multiprocessing=False), np.float32)

    def query(self, text: str) -> NDArray[np.float32]:
        """Return the row of a question."""
        row: NDArray[np.float32] = self.documents([text])[0]
        return row
