"""Decides which earlier questions are sent again as they were sent, sources included.

A request that begins with the bytes of the one before it costs a fraction: providers and local servers keep their work on the
beginning of a request. So a follow-up adds to what was sent and changes nothing of it, as long as all of it is still true.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from ramet.models import Source, Turn


class Earlier(Struct, frozen=True):
    """The earlier turns of a conversation, oldest first."""

    told: tuple[Turn, ...]
    """Sent as question and answer only."""
    replayed: tuple[Turn, ...] = ()
    """Sent as they were; they come after those that are told."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources that the model still sees, by number."""
        return tuple(source for turn in self.replayed for source in own_sources(turn))


def own_sources(turn: Turn) -> tuple[Source, ...]:
    """Return the sources that a question itself was sent with."""
    numbers = frozenset(turn.packed or ())
    return tuple(source for source in turn.sources if source.number in numbers)


def divide(turns: Sequence[Turn], tokens: int, cost: Callable[[Turn], int], is_current: Callable[[Turn], bool]) -> Earlier:
    """Return the turns in two parts: those that are sent again in at most `tokens`, and those before them.

    `is_current` says whether the sources of a turn are still on the disk as they were: old code must not be shown as if it
    were there. When the turns have grown too long, only the newest is sent again, so that the next ones find room after it.
    """
    answered = [turn for turn in turns if turn.question and turn.answer]
    chain = _chain(answered)
    stale = [place for place, turn in enumerate(chain) if not is_current(turn)]
    if stale:
        chain = chain[stale[-1] + 1 :]
    if sum(map(cost, chain)) > tokens:
        chain = chain[-1:] if cost(chain[-1]) <= tokens else []
    return Earlier(tuple(answered[: len(answered) - len(chain)]), tuple(chain))


def _chain(turns: Sequence[Turn]) -> list[Turn]:
    """Return the last turns that were sent on top of each other: each has the sources of the one before it, numbered alike."""
    chain: list[Turn] = []
    for turn in reversed(turns):
        if turn.packed is None:
            break
        if chain and not {(source.number, source.key) for source in own_sources(turn)} <= _numbered_keys(chain[0]):
            break
        chain.insert(0, turn)
    return chain


def _numbered_keys(turn: Turn) -> set[tuple[int, str]]:
    return {(source.number, source.key) for source in turn.sources}
