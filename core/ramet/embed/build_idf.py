"""Makes `idf.npy`, the inverse document frequencies of the hashed embedder: `python -m ramet.embed.build_idf`.

It counts in how many spans of forty lines a term occurs, over the Python standard library and installed packages under
permissive licences. Run it in the locked environment and two runs give the same file.
"""

from __future__ import annotations

import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ramet.tokens import term_hashes

PACKAGES = (
    "boto3 botocore chromadb cryptography fsspec git gitdb grpc huggingface_hub keyring litellm mypy numpy onnxruntime openai"
    " opentelemetry platformdirs smmap textual tokenizers watchfiles"
)
"""Import names: all MIT, BSD, Apache-2.0 or PSF, and none of them part of a retrieval benchmark that we are measured with."""
KEYWORDS = (
    "abstract arguments async auto bool boolean byte case catch char chan const constexpr constructor default defer"
    " delegate delete do double echo elif else elseif end endif enum export extends extern false fi final float fn"
    " foreach fun func function goto guard go if impl implements import include inline instanceof int interface internal"
    " let local long mod module move mut namespace new nil null nullptr object of operator override package php private"
    " protected pub public readonly require return sealed self short signed sizeof static std str string struct super"
    " switch template then this throw throws trait true type typedef typename typeof undefined unless unsafe unsigned use"
    " using val var virtual void volatile when where"
)
"""Words that are common in languages other than the one that is counted here."""
KEYWORD_IDF = 1.5
LINES_PER_SPAN = 40
TERMS = 40_000
"""Entries of the table, the most frequent ones: 5 bytes each."""
STEP = 16
"""Entries are stored in sixteenths, see `ramet.embed.hashed`."""
_LEFT_OUT = frozenset(
    {"site-packages", "test", "tests", "idlelib", "lib2to3", "_vendor", "vendored", "_experimental", "__pycache__"}
)


def source_files() -> Iterator[Path]:
    """Yield the Python files to count, in a fixed order."""
    library, packages = Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))
    for folder in (library, *(packages / name for name in PACKAGES.split())):
        for path in sorted(folder.rglob("*.py")):
            if _LEFT_OUT.isdisjoint(path.relative_to(folder).parts):
                yield path


def count_spans() -> tuple[int, Counter[int]]:
    """Return the number of spans, and per term hash the number of spans that have it."""
    spans = 0
    frequency: Counter[int] = Counter()
    for path in source_files():
        lines = path.read_bytes().decode("utf-8", "replace").split("\n")
        for start in range(0, len(lines), LINES_PER_SPAN):
            spans += 1
            frequency.update(set(term_hashes("\n".join(lines[start : start + LINES_PER_SPAN]))))
    return spans, frequency


def main() -> None:
    """Count and write the table beside this file."""
    spans, frequency = count_spans()
    common = sorted(frequency.items(), key=lambda item: (-item[1], item[0]))[:TERMS]
    idf = {term: float(np.log(1 + (spans - count + 0.5) / (count + 0.5))) for term, count in common}
    for term in term_hashes(KEYWORDS):
        idf[term] = min(idf.get(term, KEYWORD_IDF), KEYWORD_IDF)
    entries = [(term, min(255, round(value * STEP))) for term, value in sorted(idf.items())]
    np.save(Path(__file__).with_name("idf.npy"), np.array(entries, dtype=[("term", "<u4"), ("idf", "u1")]))


if __name__ == "__main__":
    main()
