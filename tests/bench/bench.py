"""What all parts of the bench share: the repository under test, its environment, and the commands."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.bench.measure import bench_environment, run


class Bench:
    """One repository with a private data directory; stops the engine it started when it is closed."""

    def __init__(self, repository: Path, home: Path, runs: int) -> None:
        self.repository = repository
        self.home = home
        self.runs = runs
        home.mkdir(parents=True)
        self.environment = bench_environment(home)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop_engine()

    @property
    def ramet(self) -> Path:
        """The installed command."""
        return Path(sys.executable).with_name("ramet")

    def run(self, *arguments: str | Path) -> bytes:
        """Run `ramet` on the repository as a whole process and return what it printed."""
        return run([self.ramet, "-C", self.repository, *arguments], self.repository, self.environment)

    def git(self, *arguments: str) -> bytes:
        """Run git in the repository."""
        return run(["git", *arguments], self.repository, self.environment)

    def stop_engine(self) -> None:
        """Stop the engine of this bench; fine when none runs."""
        run([self.ramet, "engine", "stop"], self.repository, self.environment, ok_codes=(0, 1))

    def forget_everything(self) -> None:
        """Stop the engine and remove all derived data, for a cold start."""
        self.stop_engine()
        shutil.rmtree(self.home / "data", ignore_errors=True)
