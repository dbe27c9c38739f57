"""Tokens read until the first relevant place: search against grep-and-read, on plain questions with known answers.

`python -m tests.bench.reading --eval DIR --work DIR --mirrors DIR [--dataset semble]`

*Search* reads the hits in order, each with its text. *Grep-and-read* greps the working tree for every telling word of the
question (`git grep -i`), opens the files that hold most of the distinct words first, and reads each to its end. Both stop at a
file that answers; a question that is never answered counts with everything that was read. A token is four characters.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
from collections import Counter

from ramet.tokens import STOP_WORDS
from tests.bench.evaluation import Question, Row, add_options, questions

HITS = 50
MOST_FILES = 50
CHARACTERS_PER_TOKEN = 4
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")


def gold_files(row: Row) -> set[str]:
    """Return the files that answer a question."""
    return {*row["files"], *row.get("secondary", [])}


def by_search(question: Question) -> tuple[int, bool]:
    """Return the tokens read from the hits until one is in a file that answers, and whether there was one."""
    tokens = 0
    for hit in question.searcher.search(question.row["query"], HITS):
        tokens += len(hit.text) // CHARACTERS_PER_TOKEN
        if hit.path in gold_files(question.row):
            return tokens, True
    return tokens, False


def by_grep(question: Question) -> tuple[int, bool]:
    """Return the tokens of the files read in the order of the distinct words they hold, and whether one answers."""
    words = {word.lower() for word in WORD.findall(question.row["query"])} - STOP_WORDS
    distinct: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for word in sorted(words):
        command = ["git", "grep", "--untracked", "-I", "-i", "-c", "-z", "-F", "-e", word]
        found = subprocess.run(command, cwd=question.folder, capture_output=True, text=True, errors="replace").stdout
        for path, count in re.findall(r"([^\0\n]+)\0(\d+)\n", found):
            distinct[path] += 1
            lines[path] += int(count)
    tokens = 0
    for path in sorted(distinct, key=lambda each: (-distinct[each], -lines[each], each))[:MOST_FILES]:
        tokens += len((question.folder / path).read_text(errors="replace")) // CHARACTERS_PER_TOKEN
        if path in gold_files(question.row):
            return tokens, True
    return tokens, False


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.reading", description=__doc__)
    add_options(parser)
    options = parser.parse_args()
    ours: list[tuple[int, bool]] = []
    theirs: list[tuple[int, bool]] = []
    for question in questions(options, (options.dataset or ["semble"])[0]):
        if "category" in question.row:
            ours.append(by_search(question))
            theirs.append(by_grep(question))
    print("| | median | mean | 90th percentile | answered |\n|---|---|---|---|---|")
    for name, results in (("search", ours), ("grep-and-read", theirs)):
        tokens = sorted(tokens for tokens, _ in results)
        answered = sum(done for _, done in results) / len(results)
        ninetieth = tokens[int(0.9 * (len(tokens) - 1))]
        print(f"| {name} | {statistics.median(tokens):,.0f} | {statistics.mean(tokens):,.0f} | {ninetieth:,} | {answered:.1%} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
