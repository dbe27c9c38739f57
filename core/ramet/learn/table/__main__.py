"""Makes the table of the default embedder: `python -m ramet.learn.table --packages DIR --out FILE`.

DIR holds the archives that `sources.toml` lists, the wheels of `pip download --no-deps` in `pypi` and the archives of `npm pack`
in `npm`, and bare clones of the repositories, whose `/` becomes a `+`, in `git`. The same archives and commits give the same
table, up to the rounding of the machine's linear algebra.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from ramet.embed.table import TermTable
from ramet.learn.table.bags import build_examples
from ramet.learn.table.collect import collect, load_sources
from ramet.learn.table.train import Recipe, Trainer

_logger = logging.getLogger(__name__)


def main() -> int:
    """Collect, train and write the table."""
    parser = argparse.ArgumentParser(prog="python -m ramet.learn.table", description=__doc__)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=Recipe().epochs)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    examples = build_examples(collect(options.packages, load_sources()))
    _logger.info("%d pairs of %d packages, %d terms", len(examples.groups), examples.groups.max() + 1, len(examples.vocabulary))
    trained = Trainer(examples, Recipe(epochs=options.epochs)).train()
    with options.out.open("wb") as stream:
        TermTable.quantised(examples.vocabulary, trained.vectors).save(stream)
    return 0


if __name__ == "__main__":
    sys.exit(main())
