"""Tab stops: one at every eighth column unless a program sets others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort

_DISTANCE = 8


class TabStops:
    """The columns at which the cursor stops."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._stops = list(range(_DISTANCE, columns, _DISTANCE))
        self.is_default = True
        """No program has changed them."""

    def after(self, column: int, count: int, columns: int) -> int:
        """Return the `count`th stop right of a column, or the last column."""
        at = bisect_right(self._stops, column) + count - 1
        return min(self._stops[at] if at < len(self._stops) else columns - 1, columns - 1)

    def before(self, column: int, count: int) -> int:
        """Return the `count`th stop left of a column, or the first column."""
        at = bisect_left(self._stops, column) - count
        return self._stops[at] if at >= 0 else 0

    def set(self, column: int) -> None:
        """Add a stop."""
        if column not in self._stops:
            insort(self._stops, column)
            self.is_default = False

    def clear(self, column: int) -> None:
        """Remove a stop."""
        if column in self._stops:
            self._stops.remove(column)
            self.is_default = False

    def clear_all(self) -> None:
        """Remove every stop."""
        self._stops.clear()
        self.is_default = False

    def resize(self, columns: int) -> None:
        """Add the usual stops of columns that are new."""
        first = -(-max(self._columns, _DISTANCE) // _DISTANCE) * _DISTANCE
        self._stops = sorted({*self._stops, *range(first, columns, _DISTANCE)})
        self._columns = max(self._columns, columns)
