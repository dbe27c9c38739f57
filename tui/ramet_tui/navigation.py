"""Where the viewer has been: a list with a present, as in a browser."""

from __future__ import annotations

from msgspec import Struct

MAX_PLACES = 200
"""Places that are kept; older ones are forgotten."""


class Place(Struct, frozen=True):
    """A line of a file."""

    path: str
    line: int


class History:
    """Visited places. The owner is the main screen."""

    def __init__(self) -> None:
        self._back: list[Place] = []
        self._forward: list[Place] = []

    @property
    def can_go_back(self) -> bool:
        """There is a place before this one."""
        return bool(self._back)

    @property
    def can_go_forward(self) -> bool:
        """There is a place that was left by going back."""
        return bool(self._forward)

    def leave(self, place: Place) -> None:
        """Remember a place because the viewer jumps away from it; what was ahead is forgotten."""
        self._forward.clear()
        if not self._back or self._back[-1] != place:
            self._back.append(place)
            del self._back[:-MAX_PLACES]

    def back(self, present: Place | None) -> Place | None:
        """Return the place before, None where there is none."""
        return self._step(self._back, self._forward, present)

    def forward(self, present: Place | None) -> Place | None:
        """Return the place ahead, None where there is none."""
        return self._step(self._forward, self._back, present)

    @staticmethod
    def _step(source: list[Place], target: list[Place], present: Place | None) -> Place | None:
        while source:
            place = source.pop()
            if place != present:
                if present is not None:
                    target.append(present)
                return place
        return None
