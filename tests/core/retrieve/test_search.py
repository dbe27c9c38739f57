"""Search finds what a person would, says why, and never shows text that is not on the disk."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.errors import StoreError
from ramet.events import IndexProgress
from ramet.index.chunker import chunk_key
from ramet.store.vector_matrix import VectorMatrix
from tests.fakes.indexed import CountingEmbedder, Indexed

Open = Callable[..., Indexed]


@pytest.fixture
def index(shop: Path, open_index: Open) -> Indexed:
    made = open_index(shop)
    made.sync()
    return made


def test_a_question_in_words_finds_the_function(index: Indexed) -> None:
    hit = index.searcher.search("retry the charge when the network is flaky", 3)[0]

    assert (hit.path, hit.symbol, hit.language) == ("shop/payment.py", "Payment.charge", "python")
    assert hit.text.startswith("    def charge(")
    assert hit.key == chunk_key(hit.text)
    lexical = next(reason for reason in hit.reasons if reason.kind == "lexical")
    assert {"retry", "charge", "network", "flaky"} <= set(lexical.detail.split(", "))
    assert any(reason.kind == "dense" for reason in hit.reasons)
    assert sum(reason.score for reason in hit.reasons) == pytest.approx(hit.score, abs=0.05)


@pytest.mark.parametrize("query", ["Cart.add_item", "`add_item`", "add_item()", "shop::Cart::add_item", "Cart#add_item"])
def test_a_name_finds_its_definition_first(index: Indexed, query: str) -> None:
    hit = index.searcher.search(query, 3)[0]

    assert hit.symbol == "Cart.add_item"
    assert any(reason.kind == "symbol" and reason.detail == "Cart.add_item" for reason in hit.reasons)


def test_a_path_in_the_question_brings_its_file(index: Indexed) -> None:
    hit = index.searcher.search("what does web/app.ts:4 do with items", 3)[0]

    assert (hit.path, hit.start_line <= 4 <= hit.end_line) == ("web/app.ts", True)
    assert any(reason.kind == "path" for reason in hit.reasons)


def test_a_traceback_brings_the_line_it_names(index: Indexed, shop: Path) -> None:
    trace = f'Traceback (most recent call last):\n  File "{shop}/shop/payment.py", line 18, in charge\nPaymentRefused: 5\n'
    hits = index.searcher.search(trace, 2)

    assert {hit.symbol for hit in hits} == {"PaymentRefused", "Payment.charge"}


def test_tests_and_documents_come_last_unless_they_are_meant(index: Indexed) -> None:
    plain = index.paths("total price of the cart")
    tests = index.paths("test of the total price")
    documents = index.paths("readme checkout")

    assert plain[0] == "shop/cart.py"
    assert plain.index("tests/test_cart.py") > 0
    assert tests[0] == "tests/test_cart.py"
    assert documents[0] == "README.md"


def test_what_a_test_about_the_question_calls_is_found(tmp_path: Path, open_index: Open) -> None:
    for name in ("quell", "usher"):
        (tmp_path / f"{name}.py").write_text(f"def {name}_rows(rows):\n    return [row for row in rows if row]\n")
    test = "test_overdue_invoices_are_written_off"
    called = f"def {test}():\n    assert usher_rows([]) == []\n"
    (tmp_path / "test_ledger.py").write_text(f"from usher import usher_rows\n\n\n{called}")
    index = open_index(tmp_path)
    index.sync()

    hits = [hit for hit in index.searcher.search("write off overdue invoices", 5) if hit.symbol.endswith("_rows")]

    assert hits[0].symbol == "usher_rows"
    assert [[reason.detail for reason in hit.reasons if reason.kind == "usage"] for hit in hits] == [[test], []]


def test_one_file_does_not_fill_the_list(shop: Path, open_index: Open) -> None:
    methods = "".join(f"    def spanner_{n}(self):\n        return 'spanner size {n}'\n\n" for n in range(12))
    (shop / "tools.py").write_text(f"class Tools:\n{methods}")
    (shop / "box.py").write_text("def open_box():\n    return 'a box with one spanner in it and other things too'\n")
    index = open_index(shop)
    index.sync()

    assert "box.py" in index.paths("spanner", 4)


@pytest.mark.parametrize(
    "query", ["", "   ", "?!", "(.*)+[", "\x00\x1b[31m", "a" * 10_000, "\\", "'; DROP TABLE blob; --", "\ud800", "🦜"]
)
def test_odd_questions_give_a_list(index: Indexed, query: str) -> None:
    assert isinstance(index.searcher.search(query, 5), tuple)


def test_an_empty_question_finds_nothing(index: Indexed) -> None:
    assert index.searcher.search("", 5) == index.searcher.search(" \n", 5) == ()


def test_a_pasted_log_still_finds_what_it_is_about(index: Indexed) -> None:
    log = "\n".join(f"2026-11-2{n % 10} worker {n} ok in {n * 7} ms" for n in range(1500))

    assert index.paths(f"{log}\nPaymentRefused raised while charging")[0] == "shop/payment.py"


def test_other_languages_are_searched(shop: Path, open_index: Open) -> None:
    (shop / "ru.py").write_text("def оплатить(сумма):\n    '''Оплата корзины картой'''\n    return сумма\n")
    (shop / "zh.py").write_text("def pay():\n    '''支付购物车'''\n    return 1\n")
    index = open_index(shop)
    index.sync()

    assert index.paths("где оплата корзины")[0] == "ru.py"
    assert index.paths("购物车在哪里支付")[0] == "zh.py"


@pytest.mark.parametrize("query", ["chekout", "checkuot the cart", "paymnet charge", "PaymentRefusd"])
def test_a_typo_finds_what_was_meant(index: Indexed, query: str) -> None:
    found = index.searcher.find(query, 3)

    assert found.hits[0].path in ("shop/cart.py", "shop/payment.py")
    assert any("does not occur here" in note for note in found.notes)


def test_words_that_occur_nowhere_are_said(index: Indexed) -> None:
    assert any("No word" in note for note in index.searcher.find("xylophone quasar", 3).notes)


def test_a_chunk_that_moved_is_shown_where_it_is_now(index: Indexed, shop: Path) -> None:
    file = shop / "shop" / "payment.py"
    before = index.searcher.search("Payment.charge", 1)[0]
    file.write_text("# one\n# two\n# three\n" + file.read_text())
    found = index.searcher.find("Payment.charge", 1)

    assert found.hits[0].start_line == before.start_line + 3
    assert (found.hits[0].text, found.hits[0].key) == (before.text, before.key)


@pytest.mark.parametrize("change", ["rewritten", "deleted", "replaced by a link"])
def test_text_that_is_not_on_the_disk_is_left_out_and_said(index: Indexed, shop: Path, change: str) -> None:
    file = shop / "shop" / "payment.py"
    file.unlink()
    if change == "rewritten":
        file.write_text("nothing = 1\n")
    elif change == "replaced by a link":
        (shop / "outside.py").write_text("secret = 1\n")
        file.symlink_to(shop / "outside.py")
    found = index.searcher.find("charge the card", 5)

    assert "shop/payment.py" not in [hit.path for hit in found.hits]
    assert found.is_stale
    assert any("shop/payment.py" in note for note in found.notes)


def test_a_search_follows_the_index(index: Indexed, shop: Path) -> None:
    for name in ("walrus", "zebra", "quokka", "lemur", "ibex", "okapi", "tapir", "gecko"):
        (shop / "shop" / "zoo.py").write_text(f"def feed_{name}():\n    return '{name}'\n")
        index.sync()

        assert index.searcher.search(f"feed_{name}", 1)[0].symbol == f"feed_{name}"
    assert index.paths("feed_walrus")[:1] != ["shop/zoo.py"] or index.searcher.search("feed_walrus", 1)[0].symbol != "feed_walrus"
    (shop / "shop" / "zoo.py").unlink()
    index.sync()
    assert "shop/zoo.py" not in index.paths("feed_gecko")


def test_a_state_reached_step_by_step_ranks_like_one_loaded_at_once(index: Indexed, shop: Path, open_index: Open) -> None:
    index.searcher.search("warm", 1)
    for number in range(9):
        (shop / f"extra{number}.py").write_text(f"def extra_{number}(cart):\n    return cart.total_price() + {number}\n")
        index.sync()
        index.searcher.search("cart", 3)
    fresh = open_index(shop)

    def listed(searcher: Indexed) -> list[tuple[str, int]]:
        searcher.searcher.warm()
        return sorted((hit.path, round(hit.score * 20)) for hit in searcher.searcher.search("total price of the cart", 50))

    assert listed(index) == listed(fresh)


def test_a_folder_without_an_index_says_so(shop: Path, open_index: Open) -> None:
    found = open_index(shop).searcher.find("cart", 3)

    assert found.hits == ()
    assert found.notes == ("This folder is not indexed yet.",)


def test_words_are_searched_while_vectors_are_still_being_computed(shop: Path, open_index: Open) -> None:
    index = open_index(shop, CountingEmbedder())
    states = [
        tuple(index.paths("charge the card", 1))
        for event in index.indexer.sync()
        if isinstance(event, IndexProgress) and event.phase == "embedding"
    ]

    assert set(states) == {("shop/payment.py",)}


def test_a_search_during_a_sync_sees_the_state_before_it(index: Indexed, shop: Path) -> None:
    (shop / "shop" / "zoo.py").write_text("def feed_zebra():\n    return 'zebra'\n")
    events = index.indexer.sync()
    next(events)
    before = index.paths("feed_zebra")
    list(events)

    assert "shop/zoo.py" not in before
    assert index.paths("feed_zebra")[0] == "shop/zoo.py"


def test_searches_and_syncs_in_several_threads_do_not_disturb_each_other(index: Indexed, shop: Path) -> None:
    problems: list[BaseException] = []
    is_over = threading.Event()

    def search() -> None:
        try:
            while not is_over.is_set():
                assert index.paths("total price of the cart")[0] == "shop/cart.py"
                index.searcher.symbols("cart")
                index.searcher.references("total_price")
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(8):
        (shop / f"extra{number}.py").write_text(f"def extra_{number}():\n    return {number}\n")
        index.sync()
    is_over.set()
    for thread in threads:
        thread.join()

    assert problems == []


def test_vectors_that_break_leave_the_words(index: Indexed, monkeypatch: pytest.MonkeyPatch) -> None:
    index.searcher.warm()

    def refuse(*_: object) -> None:
        raise StoreError("The vectors cannot be read.")

    monkeypatch.setattr(VectorMatrix, "nearest", refuse)
    found = index.searcher.find("charge the card", 3)

    assert found.hits[0].path == "shop/payment.py"
    assert any("cannot be read" in note for note in found.notes)


def test_search_does_not_wait_for_chroma(index: Indexed, shop: Path) -> None:
    """A fresh process answers from words and vectors before chromadb is even imported."""
    index.close()
    program = """
import os, sys
from pathlib import Path
from ramet.paths import user_directories
from ramet.store import vectors
vectors._CHROMA_IMPORT.acquire()
from tests.fakes.indexed import Indexed
index = Indexed(Path(sys.argv[1]), user_directories(os.environ))
found = index.searcher.find("charge the card", 1)
print(found.hits[0].path, "chromadb" in sys.modules, found.notes)
vectors._CHROMA_IMPORT.release()
index.close()
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program, str(shop)], capture_output=True, text=True, env=environment)

    assert done.stdout == "shop/payment.py False ()\n", done.stderr


def test_the_outline_of_a_file_is_in_its_order(index: Indexed) -> None:
    names = [symbol.qualified_name for symbol in index.searcher.symbols(path="shop/cart.py")]

    assert names == ["Cart", "Cart.__init__", "Cart.add_item", "Cart.total_price", "checkout"]
    assert index.searcher.symbols(path="no/such.py") == ()


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("checkout", "checkout"),
        ("total", "Cart.total_price"),
        ("price", "formatPrice"),
        ("tp", "Cart.total_price"),
        ("cart add", "Cart.add_item"),
        ("Cart.add", "Cart.add_item"),
        ("pymntrfsd", "PaymentRefused"),
        ("formatprice", "formatPrice"),
    ],
)
def test_a_few_letters_find_a_symbol(index: Indexed, query: str, first: str) -> None:
    assert index.searcher.symbols(query, limit=3)[0].qualified_name == first


def test_symbols_know_their_file_and_are_limited(index: Indexed) -> None:
    found = index.searcher.symbols("", limit=4)

    assert len(found) == 4
    assert all(symbol.path and symbol.start_line for symbol in found)
    assert index.searcher.symbols("no such thing at all") == ()


def test_references_are_uses_and_not_the_definition(index: Indexed) -> None:
    found = index.searcher.references("total_price")

    assert [(use.path, use.symbol) for use in found] == [("shop/cart.py", "checkout"), ("tests/test_cart.py", "test_total")]
    assert found[0].text == "return payment.charge(cart.total_price())"
    line = (index.root / "shop" / "cart.py").read_text().split("\n")[found[0].line - 1]
    assert line[found[0].column - 1 :].startswith("total_price")


def test_references_are_whole_words_as_the_disk_has_them_now(index: Indexed, shop: Path) -> None:
    (shop / "tests" / "test_cart.py").write_text("total_price_of_all = my_total_price = 0\n")

    assert [use.path for use in index.searcher.references("Cart.total_price")] == ["shop/cart.py"]
    assert index.searcher.references("") == index.searcher.references("a(b") == ()
