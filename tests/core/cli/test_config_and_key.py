"""`ramet config` and `ramet key`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from ramet.paths import UserDirectories
from tests.core.cli.conftest import Ramet


class MemoryKeyring(KeyringBackend):
    """A keyring that forgets everything with the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring's own
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError


@pytest.fixture
def memory_keyring(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    """The system keyring of this test."""
    backend = MemoryKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    return backend


def test_config_path_names_the_file(ramet: Ramet, directories: UserDirectories) -> None:
    assert ramet("config", "path").out == f"{directories.config_file}\n"


def test_config_show_says_where_each_value_comes_from_and_hides_passwords(
    ramet: Ramet, shop: Path, directories: UserDirectories, monkeypatch: pytest.MonkeyPatch
) -> None:
    directories.config.mkdir(parents=True)
    directories.config_file.write_text('api_base = "http://me:hunter2@host/v1?key=abc"\n')
    (shop / ".ramet.toml").write_text("context_tokens = 9000\n")
    monkeypatch.setenv("RAMET_MODEL", "openai/x")

    shown = json.loads(ramet("-C", shop / "shop", "config", "show", "--json").out)
    lines = ramet("-C", shop, "config", "show").out

    assert shown["api_base"] == {"value": "http://host/v1", "origin": str(directories.config_file)}
    assert shown["context_tokens"] == {"value": 9000, "origin": ".ramet.toml"}
    assert shown["model"] == {"value": "openai/x", "origin": "RAMET_MODEL"}
    assert shown["theme"]["origin"] == "default"
    assert "hunter2" not in lines
    assert "abc" not in lines


def test_a_wrong_configuration_is_an_error_of_usage(ramet: Ramet, shop: Path) -> None:
    (shop / ".ramet.toml").write_text('model = "openai/expensive"\n')

    done = ramet("-C", shop, "config", "show")

    assert done.code == 2
    assert done.err.startswith("ramet: .ramet.toml of this repository sets `model`, which it may not")


def test_a_key_is_stored_listed_and_deleted_without_being_shown(
    ramet: Ramet, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-very-secret\n"))
    runs = [
        ramet("key", "set", "OPENAI_API_KEY"),
        ramet("key", "list"),
        ramet("key", "delete", "OPENAI_API_KEY"),
        ramet("key", "list"),
        ramet("key", "delete", "OPENAI_API_KEY"),
    ]

    assert [done.code for done in runs] == [0, 0, 0, 0, 1]
    assert [done.out for done in runs] == [
        "OPENAI_API_KEY is stored in the system keyring.\n",
        "OPENAI_API_KEY\n",
        "OPENAI_API_KEY is removed from the system keyring.\n",
        "",
        "",
    ]
    assert not any("secret" in done.out + done.err for done in runs)


def test_an_unusual_variable_is_stored_with_a_hint(
    ramet: Ramet, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-1"))

    done = ramet("key", "set", "ANTROPIC_API_KEY")

    assert done.code == 0
    assert "Did you mean ANTHROPIC_API_KEY?" in done.err


def test_without_a_keyring_nothing_is_claimed_to_be_stored(ramet: Ramet, monkeypatch: pytest.MonkeyPatch) -> None:
    """The null keyring takes everything and keeps nothing."""
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-1"))

    done = ramet("key", "set", "OPENAI_API_KEY")

    assert done.code == 2
    assert "no usable system keyring" in done.err
    assert "sk-1" not in done.err


def test_an_empty_key_is_refused(ramet: Ramet) -> None:
    assert ramet("key", "set", "OPENAI_API_KEY").code == 2
