"""Which rows of the emulator are on the screen: scrolling, and rows that folded blocks hide. No widgets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate


class VisibleRows:
    """The rows first..end-1 without the hidden ranges, counted by an index from 0."""

    def __init__(self, first: int, end: int, hidden: Sequence[tuple[int, int]] = ()) -> None:
        """Take the ranges (first and last row of each) in order; they do not overlap."""
        self.first, self.end = first, end
        cut = [(max(low, first), min(high, end - 1)) for low, high in hidden if high >= first and low < end]
        self._lows = [low for low, _ in cut]
        self._highs = [high for _, high in cut]
        self._hidden = [0, *accumulate(high - low + 1 for low, high in cut)]
        self._indexes = [low - first - gone for low, gone in zip(self._lows, self._hidden, strict=False)]
        """The index that each hidden range would begin at."""

    def __len__(self) -> int:
        return self.end - self.first - self._hidden[-1]

    def row(self, index: int) -> int:
        """Return the row at an index."""
        return self.first + index + self._hidden[bisect_right(self._indexes, index)]

    def index(self, row: int) -> int:
        """Return the index of a row; of a hidden one, that of the row before it that is shown."""
        row = min(max(row, self.first), self.end - 1)
        before = bisect_right(self._lows, row)
        if before and row <= self._highs[before - 1]:
            return max(self._indexes[before - 1] - 1, 0)
        return row - self.first - self._hidden[before]


class Viewport:
    """Where the screen has been scrolled to. `top` is a row, or None to follow the output."""

    def __init__(self) -> None:
        self.top: int | None = None

    def rows(self, visible: VisibleRows, height: int) -> list[int]:
        """Return the rows that are shown, from top to bottom; fewer than `height` when there are no more."""
        start = self._start(visible, height)
        return [visible.row(index) for index in range(start, min(start + height, len(visible)))]

    def _start(self, visible: VisibleRows, height: int) -> int:
        bottom = max(len(visible) - height, 0)
        if self.top is None:
            return bottom
        return min(visible.index(self.top), bottom)

    def scroll(self, visible: VisibleRows, height: int, lines: int) -> None:
        """Go up (negative) or down; at the bottom the output is followed again."""
        start = max(self._start(visible, height) + lines, 0)
        self.top = visible.row(start) if start < max(len(visible) - height, 0) else None

    def reveal(self, visible: VisibleRows, height: int, row: int, margin: int = 0) -> None:
        """Scroll as little as is needed to show a row."""
        start, index = self._start(visible, height), visible.index(row)
        margin = min(margin, max((height - 1) // 2, 0))
        if index < start + margin:
            self.scroll(visible, height, index - margin - start)
        elif index >= start + height - margin:
            self.scroll(visible, height, index - height + 1 + margin - start)

    def below(self, visible: VisibleRows, height: int) -> int:
        """Return how many rows below the screen are not shown: 0 while the output is followed."""
        return max(len(visible) - height, 0) - self._start(visible, height)
