"""Embedding models that run in this process, from a folder of the user or from the Hugging Face hub's cache."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ramet.embed.model_files import cached_folder, downloaded_folder, fingerprint
from ramet.embed.names import EmbedderName
from ramet.errors import ConfigError, EmbedderUnavailable, EmbedError


class LoadedModel(Protocol):
    """A model in memory. Its methods raise whatever its library does."""

    @property
    def dimensions(self) -> int:
        """Length of every vector."""

    def documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row per text."""

    def query(self, text: str) -> NDArray[np.float32]:
        """Return the row of a question."""


class ModelLibrary(Protocol):
    """A library that runs models; each is an extra of the package."""

    extra: str
    """Of the package, and the prefix of the embedder's name."""
    module: str
    batch_size: int
    files: tuple[str, ...]
    """Patterns of the files that a model is made of; also what is fetched from the hub."""

    def load(self, folder: Path, dimensions: int) -> LoadedModel:
        """Load a model without touching the network; `dimensions` shortens its vectors, 0 leaves them. Takes seconds."""


class LocalModelEmbedder:
    """One model that a library runs here; loaded when it is first needed, safe to use from several threads."""

    def __init__(self, library: ModelLibrary, name: EmbedderName, dimensions: int = 0) -> None:
        """Take what is to be loaded. Raises ConfigError when the library or the model's folder is not there."""
        if find_spec(library.module) is None:
            raise ConfigError(
                f"The embedder {name.text} needs the extra {library.extra}, which is not installed.",
                f"Run `{sys.executable} -m pip install 'ramet[{library.extra}]'` "
                f"(or `uv pip install --python {sys.executable} 'ramet[{library.extra}]'`), then `ramet engine stop`.",
            )
        if name.folder is not None and not name.folder.is_dir():
            raise ConfigError(f"The embedder {name.text} names a folder that does not exist.", "Correct the path in `embedder`.")
        self._library = library
        self._name = name
        self._asked = dimensions
        self._loading = threading.Lock()
        self._model: LoadedModel | None = None
        self._identity = ""
        self._problem: EmbedderUnavailable | None = None

    @property
    def name(self) -> str:
        """What the user calls it."""
        return self._name.text

    @property
    def identity(self) -> str:
        """Library, name, length and a hash of the model's files; empty until it is loaded."""
        return self._identity

    @property
    def dimensions(self) -> int:
        """Length of every vector; 0 until it is loaded."""
        return self._model.dimensions if self._model is not None else 0

    @property
    def batch_size(self) -> int:
        """How many texts one call should get."""
        return self._library.batch_size

    @property
    def is_downloaded(self) -> bool:
        """Whether the model is on this machine."""
        return self._folder() is not None

    def warm(self) -> None:
        """Load a model that is on this machine; one that is not is left to `prepare`."""
        folder = self._folder()
        if folder is not None:
            try:
                self._load(folder)
            except EmbedError:
                return  # told by whatever needs it

    def prepare(self) -> None:
        """Load the model, fetching it first when the configuration names one of the hub. Raises EmbedError."""
        self._loaded()

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit row per text. Raises EmbedError."""
        model = self._loaded()
        try:
            return _units(model.documents(texts), len(texts), model.dimensions)
        except EmbedError:
            raise
        except Exception as error:  # torch, tokenizers and numpy raise what they like
            raise EmbedError(f"{self.name} failed: {type(error).__name__}: {str(error)[:200]}.") from error

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return the unit vector of a question. Raises EmbedError."""
        model = self._loaded()
        try:
            row: NDArray[np.float32] = _units(model.query(text)[None, :], 1, model.dimensions)[0]
        except EmbedError:
            raise
        except Exception as error:  # as above
            raise EmbedError(f"{self.name} failed: {type(error).__name__}: {str(error)[:200]}.") from error
        return row

    def estimate_cost(self, tokens: int) -> float | None:
        """Return 0: it runs here."""
        return 0.0

    def _folder(self) -> Path | None:
        return self._name.folder or cached_folder(self._name, self._library.files)

    def _loaded(self) -> LoadedModel:
        if self._model is not None:
            return self._model
        if self._problem is not None:
            raise self._problem
        return self._load(self._folder() or downloaded_folder(self._name, self._library.files))

    def _load(self, folder: Path) -> LoadedModel:
        with self._loading:
            if self._model is not None:
                return self._model
            digest = fingerprint(folder, self._library.files)
            try:
                model = self._library.load(folder, self._asked)
            except Exception as error:  # as above; a folder may hold anything
                self._problem = EmbedderUnavailable(
                    f"{self.name} cannot be loaded from {folder}: {type(error).__name__}: {str(error)[:200]}.",
                    f"Give the folder of a {self._library.extra} model, then run `ramet engine stop` to try again.",
                )
                raise self._problem from error
            title = self._name.folder.name if self._name.folder is not None else self._name.model
            self._identity = f"{self._library.extra}:{''.join(title.split())}-{model.dimensions}-{digest}"
            self._model = model
            return model


def _units(rows: NDArray[np.float32], count: int, dimensions: int) -> NDArray[np.float32]:
    rows = np.array(rows, dtype=np.float32)
    if rows.shape != (count, dimensions) or not np.isfinite(rows).all():
        raise EmbedError(f"The model gave {rows.shape} numbers for {count} texts of {dimensions}, or some that are not finite.")
    norms = np.linalg.norm(rows, axis=1, keepdims=True).astype(np.float32)
    rows /= np.where(norms > 0, norms, np.float32(1))
    return rows
