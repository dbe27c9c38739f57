"""One real vector process for many hosts: a new one imports Chroma for more than a second, whatever it is asked then."""

from __future__ import annotations

from pathlib import Path

from ramet.errors import StoreError
from ramet.store.vector_process import VectorProcess, _Running


class LentVectorProcess(VectorProcess):
    """The vector process of one host, which borrows it from the tests and leaves it running when it closes."""

    def __init__(self, folder: Path, owner: VectorProcess) -> None:
        super().__init__(folder)
        self._owner = owner

    @property
    def pid(self) -> int | None:
        return self._owner.pid

    def current(self) -> _Running:
        with self._guard:
            if self._is_closed:
                raise StoreError("The stores are closed.")
        return self._owner.current()

    def number(self) -> int:
        return self._owner.number()
