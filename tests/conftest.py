"""Every test runs cut off from the developer's home folder, configuration, keys and network."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from ramet.paths import UserDirectories, user_directories
from ramet.store.vector_process import VectorProcess
from tests.lent_vectors import LentVectorProcess

KEPT_VARIABLES = ("PATH", "LANG", "TERM", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "CI", "COLUMNS", "LINES")


def pytest_configure() -> None:
    """Say that there is no event loop: pytest-asyncio would else make one to put back after a test, and never close it."""
    asyncio.set_event_loop(None)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what is imported, and run seldom: it took a quarter of the app's tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def isolate(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give what runs from now on a home of its own and an environment without keys."""
    for name in list(os.environ):
        if name not in KEPT_VARIABLES and not name.startswith(("PYTEST_", "COV_", "TEXTUAL_SNAPSHOT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("RAMET_DATA_DIR", str(home / "data"))
    monkeypatch.setenv("RAMET_CONFIG_DIR", str(home / "config"))
    monkeypatch.setenv("RAMET_RUNTIME_DIR", str(home / "run"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:1")
    (home / ".gitconfig").write_text("[user]\n\tname = Test\n\temail = test@example.org\n[init]\n\tdefaultBranch = main\n")


@pytest.fixture(autouse=True)
def isolated_environment(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test a home of its own; a fixture of a wider scope calls `isolate` itself."""
    home = tmp_path_factory.mktemp("home")
    isolate(home, monkeypatch)
    return home


@pytest.fixture(scope="session")
def vector_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorProcess]:
    """A running vector process for tests that do it no harm; it starts with an environment of its own."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        isolate(tmp_path_factory.mktemp("home"), monkeypatch)
        process = VectorProcess(tmp_path_factory.mktemp("vectors"))
        process.current()
    yield process
    process.close()


@pytest.fixture(scope="module")
def lent_vectors(vector_process: VectorProcess) -> Iterator[None]:
    """Let every host of this process use that one, for modules that are not about how it starts and ends."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("ramet.workspace.host.VectorProcess", partial(LentVectorProcess, owner=vector_process))
        yield


@pytest.fixture
def directories(isolated_environment: Path) -> UserDirectories:
    """The user directories of this test."""
    return user_directories(os.environ)


@pytest.fixture
def git() -> Callable[..., str]:
    """Run git in a folder and return what it prints."""

    def run(folder: Path, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
        return done.stdout.decode("utf-8", "surrogateescape")

    return run


@pytest.fixture
def shop(tmp_path: Path, git: Callable[..., str]) -> Path:
    """A small committed repository in several languages."""
    root = tmp_path / "shop"
    files = {
        "README.md": "# Shop\n\nA tiny web shop used by the tests.\n\n## Checkout\n\nThe cart is paid with `Payment.charge`.\n",
        "shop/__init__.py": '"""A web shop."""\n',
        "shop/cart.py": (
            '"""The cart."""\n\nfrom shop.payment import Payment\n\n\nclass Cart:\n    """Items a customer wants."""\n\n'
            "    def __init__(self) -> None:\n        self.items: list[tuple[str, int]] = []\n\n"
            '    def add_item(self, name: str, price: int) -> None:\n        """Put one item into the cart."""\n'
            "        self.items.append((name, price))\n\n"
            '    def total_price(self) -> int:\n        """Sum of all prices in cents."""\n'
            "        return sum(price for _, price in self.items)\n\n\n"
            'def checkout(cart: Cart, payment: Payment) -> str:\n    """Pay for everything in the cart."""\n'
            "    return payment.charge(cart.total_price())\n"
        ),
        "shop/payment.py": (
            '"""Payments."""\n\nRETRY_LIMIT = 3\n\n\nclass PaymentRefused(Exception):\n    """The bank said no."""\n\n\n'
            'class Payment:\n    """One way to pay."""\n\n    def charge(self, cents: int) -> str:\n'
            '        """Charge the card and retry when the network is flaky."""\n'
            "        for attempt in range(RETRY_LIMIT):\n            if self._send(cents, attempt):\n"
            '                return "paid"\n        raise PaymentRefused(cents)\n\n'
            "    def _send(self, cents: int, attempt: int) -> bool:\n        return cents > 0 or attempt > 1\n"
        ),
        "tests/test_cart.py": "from shop.cart import Cart\n\n\ndef test_total() -> None:\n    assert Cart().total_price() == 0\n",
        "web/app.ts": (
            "export interface Item { name: string; price: number }\n\n"
            "export class CartView {\n  render(items: Item[]): string {\n"
            "    return items.map((item) => item.name).join();\n  }\n}\n\n"
            "export function formatPrice(cents: number): string {\n  return (cents / 100).toFixed(2);\n}\n"
        ),
        ".gitignore": "build/\n*.log\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "The shop")
    return root
