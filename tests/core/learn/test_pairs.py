"""What people wrote about code becomes the question, the code without it the answer."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from ramet.learn.table.collect import Source, Sources, archive_of, collect, load_sources, pairs_of_archive
from ramet.learn.table.history import Repository
from ramet.learn.table.pairs import Pair, pairs_of

PYTHON = b'''"""Keeps what users have put aside, by session."""

@cached
def expire_sessions(store, now):
    """Remove all sessions that nobody has used for an hour.

    Args: store and now
    """
    for key, used in list(store.items()):
        # a session in use is never older than an hour here
        if now - used > 3600:
            store.pop(key, None)
            store.count -= 1
    return store
'''
TYPESCRIPT = b"""/**
 * Joins the segments of a route into one path.
 * @param segments what to join
 */
export function joinRouteSegments(segments: string[]): string {
  return segments.filter((segment) => segment.length > 0).join("/");
}
"""
JAVA = b"""class Cart {
    /** Returns the price of everything in the cart, taxes included. */
    public long totalPrice(TaxTable taxes) {
        return items.stream().mapToLong(item -> item.price() + taxes.of(item)).sum();
    }
}
"""
GO = b"""package shop

// OpenLedger reads the ledger of a shop from its file.
func OpenLedger(path string) (*Ledger, error) {
	data, err := os.ReadFile(path)
	return &Ledger{data: data}, err
}
"""
RUST = b"""/// Waits until the queue has room for one more item.
pub fn wait_for_room(queue: &Queue) -> usize {
    while queue.len() >= queue.limit() { queue.park(); }
    queue.limit() - queue.len()
}
"""


def found(path: str, data: bytes) -> dict[str, Pair]:
    return {pair.kind: pair for pair in pairs_of("shop", path, data)}


@pytest.mark.parametrize(
    ("path", "data", "words", "code"),
    [
        ("a.py", PYTHON, "Remove all sessions that nobody has used for an hour.", "def expire_sessions"),
        ("a.ts", TYPESCRIPT, "Joins the segments of a route into one path.", "joinRouteSegments"),
        ("a.java", JAVA, "Returns the price of everything in the cart, taxes included.", "totalPrice"),
        ("a.go", GO, "OpenLedger reads the ledger of a shop from its file.", "ReadFile"),
        ("a.rs", RUST, "Waits until the queue has room for one more item.", "queue.park"),
    ],
)
def test_a_description_is_paired_with_the_code_below_it(path: str, data: bytes, words: str, code: str) -> None:
    pair = found(path, data)["doc"]

    assert pair.words == words
    assert code in pair.code
    assert words not in pair.code


def test_a_name_is_paired_with_code_that_does_not_hold_it() -> None:
    pair = found("a.py", PYTHON)["name"]

    assert pair.words == "expire sessions"
    assert "expire_sessions" not in pair.code
    assert "store.pop" in pair.code


def test_a_comment_is_paired_with_the_lines_after_it() -> None:
    pair = found("a.py", PYTHON)["comment"]

    assert pair.words == "a session in use is never older than an hour here"
    assert pair.code.lstrip().startswith("if now - used")


def test_the_name_of_a_test_asks_for_what_it_tests() -> None:
    pair = found(
        "tests/test_a.py",
        b"def test_carts_merge_when_users_log_in(shop):\n    assert shop.log_in('ann').cart.items == ['tea', 'rice']\n",
    )

    assert pair["test"].words == "carts merge when users log in"
    assert "name" not in pair


def test_a_file_that_does_not_parse_gives_nothing() -> None:
    assert found("a.py", b"\xff\xfe\x00 def ((((") == {}


def test_packages_are_read_from_their_archives(tmp_path: Path) -> None:
    packages = (
        Source("pypi", "shop_cart", "1.0", "MIT"),
        Source("npm", "@shop/cart", "2.0.0", "MIT"),
        Source("npm", "gone", "1", "MIT"),
    )
    (tmp_path / "pypi").mkdir()
    (tmp_path / "npm").mkdir()
    with zipfile.ZipFile(tmp_path / "pypi" / "shop_cart-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("shop/a.py", PYTHON)
        wheel.writestr("shop/_vendor/b.py", PYTHON.replace(b"expire", b"vendored"))
    source_map = json.dumps(
        {"sources": ["../src/route.ts", "../node_modules/x/b.ts"], "sourcesContent": [TYPESCRIPT.decode(), "x"]}
    )
    with tarfile.open(tmp_path / "npm" / "shop-cart-2.0.0.tgz", "w:gz") as package:
        for name, data in {
            "package/src/A.java": JAVA,
            "package/dist/route.js.map": source_map.encode(),
            "package/dist/a.ts": GO,
        }.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            package.addfile(entry, io.BytesIO(data))

    pairs = list(collect(tmp_path, Sources((), packages, ())))

    assert {pair.group for pair in pairs} == {"pypi:shop_cart", "npm:@shop/cart"}
    assert {pair.words for pair in pairs if pair.kind == "name"} == {"expire sessions", "total Price", "join Route Segments"}
    assert len({(pair.kind, pair.words) for pair in pairs}) == len(pairs)
    archive = archive_of(tmp_path, packages[1])
    assert archive is not None
    assert list(pairs_of_archive(archive, "g")) == list(pairs_of_archive(archive, "g"))


def test_only_permissive_packages_that_measure_nothing_are_listed() -> None:
    permissive = {
        "MIT",
        "BSD",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "Apache-2.0",
        "ISC",
        "PSF-2.0",
        "Unlicense",
        "Zlib",
        "0BSD",
        "AND",
        "OR",
        "BSL-1.0",
    }
    sources = load_sources()

    assert len(sources.package) > 400
    assert len(sources.repository) > 30
    licences = [package.licence for package in sources.package] + [repository.licence for repository in sources.repository]
    assert {word for licence in licences for word in licence.split()} <= permissive
    names = {package.name.lower() for package in sources.package}
    names |= {repository.name.lower().rsplit("/", 1)[-1] for repository in sources.repository}
    assert names.isdisjoint(name.lower() for name in sources.excluded)
    assert {"sympy", "pytest", "flask", "aiohttp", "django", "requests", "express", "react"} <= set(sources.excluded)


def test_messages_of_commits_are_paired_with_what_they_changed(tmp_path: Path) -> None:
    clone = tmp_path / "cart"
    clone.mkdir()

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        return subprocess.run(["git", *identity, *arguments], cwd=clone, check=True, capture_output=True, text=True).stdout

    git("init", "-q", "-b", "main")
    (clone / "cart.py").write_bytes(PYTHON)
    (clone / "vendor").mkdir()
    (clone / "vendor" / "copy.py").write_bytes(PYTHON)
    git("add", ".")
    git("commit", "-qm", "Begin with a shop that forgets nothing")
    for path in ("cart.py", "vendor/copy.py"):
        (clone / path).write_bytes(PYTHON.replace(b"store", b"memory"))
    git("commit", "-qam", "Keep sessions in memory, not on disk (#12)\n\nReads are faster.\n\nSigned-off-by: Ann")
    (clone / "cart.py").write_bytes(PYTHON)
    git("commit", "-qam", "Bump version to 2")
    git("clone", "-q", "--bare", ".", str(tmp_path / "git" / "shop+cart"))
    repository = Repository("shop/cart", git("rev-parse", "HEAD").strip(), "MIT")

    pairs = list(collect(tmp_path, Sources((), (), (repository, Repository("gone/gone", "0" * 40, "MIT")))))

    commits = [pair for pair in pairs if pair.kind == "commit"]
    assert [pair.words for pair in commits] == ["Keep sessions in memory, not on disk Reads are faster."]
    assert "store" in commits[0].code
    assert "memory" not in commits[0].code
    assert {pair.words for pair in pairs if pair.kind == "name"} == {"expire sessions"}
    assert {pair.group for pair in pairs} == {"git:shop/cart"}
