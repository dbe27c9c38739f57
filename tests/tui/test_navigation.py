"""Back and forward through the places the viewer has been."""

from __future__ import annotations

from ramet_tui.navigation import MAX_PLACES, History, Place

A, B, C = Place("a.py", 1), Place("b.py", 2), Place("c.py", 3)


def test_back_and_forward_are_opposites() -> None:
    history = History()
    history.leave(A)
    history.leave(B)

    assert history.back(C) == B
    assert history.back(B) == A
    assert history.forward(A) == B
    assert history.forward(B) == C
    assert not history.can_go_forward


def test_a_new_jump_forgets_what_was_ahead() -> None:
    history = History()
    history.leave(A)
    history.back(B)
    history.leave(A)

    assert not history.can_go_forward


def test_the_present_place_is_skipped() -> None:
    history = History()
    history.leave(A)
    history.leave(B)

    assert history.back(B) == A


def test_nothing_before_the_first_place() -> None:
    assert History().back(A) is None


def test_old_places_are_forgotten() -> None:
    history = History()
    for line in range(MAX_PLACES + 50):
        history.leave(Place("a.py", line))
    steps = 0
    present = Place("a.py", 10_000)
    while (place := history.back(present)) is not None:
        present = place
        steps += 1

    assert steps == MAX_PLACES
