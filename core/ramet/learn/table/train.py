"""Learns the rows of the table: the words of a pair shall be nearer to their own code than to the code of other pairs.

InfoNCE with the other pairs of a batch as wrong answers, in both directions, by Adam. Half of every batch comes from few
packages, so that wrong answers are hard to tell from the right one. Terms are dropped at random, or the table learns by heart.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ramet.learn.table.bags import Bags, Examples

_logger = logging.getLogger(__name__)

Matrix = NDArray[np.float32]

_FIRST_MOMENT, _SECOND_MOMENT = 0.9, 0.99
_WARM_UP = 100
"""Steps until the step size is reached."""
_LEAST_SHARE = 0.03
"""Of the step size, at the end."""
_RUN = 64
"""Pairs of one package that come together."""


class Recipe(Struct, frozen=True):
    """How to train."""

    dimensions: int = 256
    epochs: int = 6
    batch: int = 1024
    step: float = 6e-3
    temperature: float = 0.05
    dropped: float = 0.3
    """Share of terms left out of each text, each time anew."""
    held_out: int = 3_000
    """Pairs that only measure."""
    seed: int = 7


class Trained(Struct, frozen=True):
    """The result of training."""

    vectors: Matrix
    """A row for each term of the vocabulary, its weight multiplied in."""
    ranks: tuple[float, ...]
    """Mean reciprocal rank of the held-out pairs before training and after each epoch."""


class _Forward(Struct, frozen=True):
    """Texts as vectors, and what is needed to go back."""

    bags: Bags
    unit: Matrix
    norms: Matrix


class Trainer:
    """Owns the rows while they are learned."""

    def __init__(self, examples: Examples, recipe: Recipe) -> None:
        self._examples = examples
        self._recipe = recipe
        self._random = np.random.default_rng(recipe.seed)
        shape = len(examples.vocabulary), recipe.dimensions
        self._rows = (self._random.standard_normal(shape) / np.sqrt(recipe.dimensions)).astype(np.float32)
        self._first = np.zeros(shape, np.float32)
        self._second = np.zeros(shape, np.float32)
        shuffled = self._random.permutation(len(examples.groups))
        self._held_out, self._training = np.split(shuffled, [min(recipe.held_out, len(shuffled) // 5)])
        self._steps = 0
        self._all_steps = max(1, recipe.epochs * max(1, len(self._training) // recipe.batch))

    def train(self) -> Trained:
        """Run all epochs."""
        ranks = [self._rank()]
        for epoch in range(self._recipe.epochs):
            losses = [self._learn(batch) for batch in self._batches()]
            ranks.append(self._rank())
            _logger.info("epoch %d: loss %.3f, rank %.4f", epoch + 1, float(np.mean(losses)), ranks[-1])
        return Trained(self._rows * self._examples.idf[:, None], tuple(ranks))

    def _batches(self) -> Iterator[NDArray[np.int64]]:
        """Yield batches: half of each are runs of one package, half are from anywhere."""
        order = self._random.permutation(self._training)
        by_group = order[np.argsort(self._examples.groups[order], kind="stable")]
        whole = max(1, len(by_group) // _RUN)
        runs = np.array_split(by_group, whole)
        self._random.shuffle(runs)
        half = len(runs) // 2
        mixed = self._random.permutation(np.concatenate([np.zeros(0, np.int64), *runs[:half]]))
        together = np.concatenate(runs[half:])
        count = max(1, len(order) // self._recipe.batch)
        for of_runs, of_all in zip(np.array_split(together, count), np.array_split(mixed, count), strict=True):
            yield np.concatenate([of_runs, of_all])

    def _learn(self, batch: NDArray[np.int64]) -> float:
        """Take one step and return the loss."""
        words = self._forward(self._dropped(self._examples.words.taken(batch)))
        code = self._forward(self._dropped(self._examples.code.taken(batch)))
        logits: Matrix = words.unit @ code.unit.T
        logits *= np.float32(1 / self._recipe.temperature)
        of_words, of_code = _softmax(logits, 1), _softmax(logits, 0)
        own = np.arange(len(batch))
        loss = -float(np.log(np.maximum(of_words[own, own], 1e-9)).mean())
        slope: Matrix = (of_words + of_code) * np.float32(0.5)
        slope[own, own] -= 1
        slope *= np.float32(1 / (len(batch) * self._recipe.temperature))
        self._update(_backward(words, slope @ code.unit), _backward(code, slope.T @ words.unit))
        return loss

    def _dropped(self, bags: Bags) -> Bags:
        """Leave out terms at random, of every text all but one at most."""
        is_kept = self._random.random(len(bags.terms)) >= self._recipe.dropped
        lengths = np.diff(bags.starts)
        is_kept[bags.starts[:-1][lengths > 0]] = True
        running = np.concatenate([np.zeros(1, np.int64), np.cumsum(is_kept)])
        return Bags(bags.terms[is_kept], bags.weights[is_kept], running[bags.starts])

    def _forward(self, bags: Bags) -> _Forward:
        weights = bags.weights * self._examples.idf[bags.terms]
        bags = Bags(bags.terms, weights, bags.starts)
        sums = weighted_sums(self._rows, bags.terms, weights, bags.starts)
        norms = np.linalg.norm(sums, axis=1, keepdims=True) + np.float32(1e-6)
        return _Forward(bags, sums / norms, norms)

    def _update(self, *slopes: tuple[Bags, Matrix]) -> None:
        """Move the rows of all terms that occurred against their slope, by Adam."""
        terms = np.concatenate([bags.terms for bags, _ in slopes])
        weights = np.concatenate([bags.weights for bags, _ in slopes])
        owners = np.concatenate([np.repeat(np.arange(len(slope)), np.diff(bags.starts)) for bags, slope in slopes])
        owners[len(slopes[0][0].terms) :] += len(slopes[0][1])
        all_slopes = np.concatenate([slope for _, slope in slopes])
        order = np.argsort(terms, kind="stable")
        starts = np.flatnonzero(np.diff(terms[order], prepend=-1, append=len(self._rows)))
        touched = terms[order][starts[:-1]]
        slope = weighted_sums(all_slopes, owners[order], weights[order], starts)
        self._steps += 1
        first = self._first[touched] * np.float32(_FIRST_MOMENT) + slope * np.float32(1 - _FIRST_MOMENT)
        second = self._second[touched] * np.float32(_SECOND_MOMENT) + slope**2 * np.float32(1 - _SECOND_MOMENT)
        self._first[touched], self._second[touched] = first, second
        seen = min(self._steps, 1_000)
        first /= np.float32(1 - _FIRST_MOMENT**seen)
        second /= np.float32(1 - _SECOND_MOMENT**seen)
        self._rows[touched] -= np.float32(self._step_size()) * first / (np.sqrt(second) + np.float32(1e-9))

    def _step_size(self) -> float:
        rising = min(1.0, self._steps / _WARM_UP)
        falling = max(_LEAST_SHARE, 1 - self._steps / self._all_steps)
        return self._recipe.step * rising * falling

    def _rank(self) -> float:
        """Return the mean reciprocal rank of the held-out pairs' own code among all of theirs."""
        words = self._forward(self._examples.words.taken(self._held_out)).unit
        code = self._forward(self._examples.code.taken(self._held_out)).unit
        scores = words @ code.T
        ranks = (scores >= np.diag(scores)[:, None]).sum(axis=1)
        return float((1 / ranks).mean())


def weighted_sums(rows: Matrix, places: NDArray[np.integer], weights: Matrix, starts: NDArray[np.int64]) -> Matrix:
    """Return for each i the sum of `rows[places] * weights` over `starts[i]` to `starts[i + 1]`.

    A loop of small products is several times faster here than one `np.add.reduceat`, and needs no sparse matrices.
    """
    sums = np.zeros((len(starts) - 1, rows.shape[1]), np.float32)
    bounds = starts.tolist()
    for row, (start, end) in enumerate(itertools.pairwise(bounds)):
        if end > start:
            np.dot(weights[start:end], rows[places[start:end]], out=sums[row])
    return sums


def _softmax(logits: Matrix, axis: int) -> Matrix:
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    shares: Matrix = powers / powers.sum(axis=axis, keepdims=True)
    return shares


def _backward(forward: _Forward, slope: Matrix) -> tuple[Bags, Matrix]:
    """Return the slope of the sums from that of the unit vectors."""
    along = (slope * forward.unit).sum(axis=1, keepdims=True)
    return forward.bags, (slope - along * forward.unit) / forward.norms
