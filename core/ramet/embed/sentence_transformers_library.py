"""sentence-transformers: transformer models on torch; the only module that imports either."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramet.embed.local import LoadedModel


class SentenceTransformersLibrary:
    """Loads sentence-transformers models; code that comes with a model is never run."""

    extra = "sentence-transformers"
    module = "sentence_transformers"
    batch_size = 16
    files: tuple[str, ...] = tuple(
        f"{folder}{name}"
        for folder in ("", "[0-9]_*/")
        for name in ("*.safetensors", "pytorch_model*.bin", "*.json", "*.txt", "*.model")
    )

    def load(self, folder: Path, dimensions: int) -> LoadedModel:
        """Load a model from its folder."""
        from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found,unused-ignore]  # an extra

        model = SentenceTransformer(str(folder), trust_remote_code=False, local_files_only=True, truncate_dim=dimensions or None)
        return _Transformer(model)


class _Transformer:
    """A transformer in memory."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401  # its types are there only with the extra
        self._model = model
        self.dimensions = len(self.query("ramet"))
        """Length of every vector; asked of the model, because its name for that changes between versions."""

    def documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row per text, with the model's own prompt for documents."""
        return np.asarray(self._model.encode_document(list(texts), show_progress_bar=False, convert_to_numpy=True), np.float32)

    def query(self, text: str) -> NDArray[np.float32]:
        """Return the row of a question, with the model's own prompt for questions."""
        return np.asarray(self._model.encode_query(text, show_progress_bar=False, convert_to_numpy=True), np.float32)
