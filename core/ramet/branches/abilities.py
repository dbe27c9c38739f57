"""What the system and its file systems can do for branches: tried once per pair of file systems, and remembered."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from ramet.branches.overlay import why_no_overlay
from ramet.branches.records import read_record, write_record
from ramet.branches.reflink import why_not_cloned
from ramet.errors import StoreDamaged


class Probes(Struct, frozen=True):
    """What was found out on one kernel."""

    kernel: str = ""
    found: dict[str, str] = {}
    """Way and numbers of both file systems -> why it does not work there, empty where it does."""


class Abilities:
    """Owns what is remembered of one working tree's file systems; the caller holds the lock."""

    def __init__(self, folder: Path, *, is_anew: bool = False) -> None:
        """Take the folder of the branches; `is_anew` tries everything again."""
        self._folder = folder
        self._temporary = folder / "tmp"
        self._file = folder / "abilities.json"
        self._is_anew = is_anew

    def why_no_reflink(self, source: Path) -> str:
        """Return why files below a folder cannot be copied into branches by sharing blocks; empty where they can."""
        return self._remembered("reflink", source, lambda: why_not_cloned(source, self._temporary))

    def why_no_overlay(self, source: Path) -> str:
        """Return why a folder cannot be shown to commands with changes of their own; empty where it can."""
        return self._remembered("overlay", source, lambda: why_no_overlay(source, self._temporary))

    def _remembered(self, way: str, source: Path, probe: Callable[[], str]) -> str:
        key = self._key(way, source)
        probes = self._probes()
        if key in probes.found and not self._is_anew:
            return probes.found[key]
        self._temporary.mkdir(exist_ok=True)
        reason = probe()
        self._save(key, reason)
        return reason

    def _key(self, way: str, source: Path) -> str:
        user = f" {os.geteuid()}" if way == "overlay" else ""
        return f"{way} {source.stat().st_dev} {self._folder.stat().st_dev}{user}"

    def _probes(self) -> Probes:
        kernel = f"{os.uname().sysname} {os.uname().release}"
        try:
            probes = read_record(self._file, Probes)
        except StoreDamaged:
            probes = None
        return probes if probes is not None and probes.kernel == kernel else Probes(kernel)

    def _save(self, key: str, reason: str) -> None:
        probes = self._probes()
        write_record(self._file, Probes(probes.kernel, {**probes.found, key: reason}))
