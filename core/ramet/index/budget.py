"""What one index run may spend on vectors: tokens are counted before anything is sent to an embedder that charges for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ramet.embed.protocol import Embedder, name_of
from ramet.models import Budget

CHARACTERS_PER_TOKEN = 3.5
"""Of source code, for the tokenizers of common embedding models."""
_MANY_TOKENS = 1_000_000
_CENTS_MATTER = 0.1


def is_free(embedder: Embedder) -> bool:
    """Whether vectors cost nothing."""
    return embedder.estimate_cost(_MANY_TOKENS) == 0


class TokenCounts:
    """Tokens of chunks that have no vector yet; kept between runs, so that a run that is refused again reads nothing again."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def uncounted(self, keys: set[str]) -> set[str]:
        """Return the chunks that were not counted; the others of earlier runs are forgotten."""
        self._counts = {key: count for key, count in self._counts.items() if key in keys}
        return keys - self._counts.keys()

    def count(self, batches: Iterable[tuple[list[str], list[str]]]) -> Iterator[None]:
        """Count chunks, given as keys and texts; yields after each lot."""
        for keys, texts in batches:
            self._counts.update(zip(keys, (tokens_of(text) for text in texts), strict=True))
            yield

    @property
    def total(self) -> int:
        """Tokens of all counted chunks."""
        return sum(self._counts.values())


def tokens_of(text: str) -> int:
    """Return the estimated tokens of a text; by its bytes, since a letter of another script takes more."""
    return int(len(text.encode("utf-8", "surrogatepass")) / CHARACTERS_PER_TOKEN) + 1


def refusal(embedder: Embedder, tokens: int, budget: Budget) -> str:
    """Return why so many tokens must not be sent, with what to do about it; empty when they may."""
    cost = embedder.estimate_cost(tokens)
    name = name_of(embedder)
    rest = "Nothing is sent; search goes by words."
    if cost is None and tokens > budget.tokens:
        return (
            f"The price of {name} is unknown, and about {tokens:,} tokens are more than the budget of {budget.tokens:,}. {rest} "
            f"Raise `embed_budget_tokens` in config.toml, or run `ramet index --budget-tokens {_above(tokens)}` once."
        )
    if cost is not None and cost > budget.usd:
        return (
            f"Computing them with {name} would cost about {dollars(cost)} (about {tokens:,} tokens), more than the budget of "
            f"{dollars(budget.usd)}. {rest} "
            f"Raise `embed_budget_usd` in config.toml, or run `ramet index --budget {_above(cost * 100) / 100:.2f}` once."
        )
    return ""


def dollars(amount: float) -> str:
    """Return an amount for people, with as many digits as say something."""
    return f"${amount:,.2f}" if amount >= _CENTS_MATTER or not amount else f"${amount:.6f}".rstrip("0")


def _above(amount: float) -> int:
    """Return a tenth more, as the estimate of the next run may be a little higher."""
    return int(amount * 1.1) + 1
