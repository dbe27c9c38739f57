"""Keys: environment before keyring, and a keyring that fails is one without keys."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from ramet import keys
from ramet.errors import ConfigError, UsageError
from ramet.keys import api_key, delete_key, store_key, stored_keys


class FakeKeyring(ModuleType):
    """Stands for the module `keyring`; counts how often it is asked."""

    def __init__(self, problem: Exception | None = None) -> None:
        super().__init__("keyring")
        self.problem = problem
        self.entries: dict[str, str] = {}
        self.asked = 0

    def get_password(self, service: str, name: str) -> str | None:
        assert service == "ramet"
        self.asked += 1
        if self.problem:
            raise self.problem
        return self.entries.get(name)

    def set_password(self, service: str, name: str, password: str) -> None:
        if self.problem:
            raise self.problem
        self.entries[name] = password

    def delete_password(self, service: str, name: str) -> None:
        if self.problem:
            raise self.problem
        del self.entries[name]


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> FakeKeyring:
    """A keyring that works until its `problem` is set."""
    fake = FakeKeyring()
    monkeypatch.setitem(sys.modules, "keyring", fake)
    monkeypatch.setattr(keys._Rest, "until", 0.0)
    return fake


def test_the_environment_comes_first_and_spares_the_keyring(keyring: FakeKeyring) -> None:
    keyring.entries["OPENAI_API_KEY"] = "stored"

    assert api_key("OPENAI_API_KEY", {"OPENAI_API_KEY": " given\n"}) == "given"
    assert keyring.asked == 0


@pytest.mark.parametrize("environment", [{}, {"OPENAI_API_KEY": ""}, {"OPENAI_API_KEY": "  "}])
def test_the_keyring_is_asked_where_the_environment_has_nothing(environment: dict[str, str], keyring: FakeKeyring) -> None:
    keyring.entries["OPENAI_API_KEY"] = "stored\n"

    assert api_key("OPENAI_API_KEY", environment) == "stored"
    assert api_key("GEMINI_API_KEY", environment) is None


@pytest.mark.parametrize("problem", [RuntimeError("locked"), OSError("no bus"), ImportError("no backend")])
def test_a_keyring_that_fails_has_no_keys_and_is_left_alone_for_a_while(problem: Exception, keyring: FakeKeyring) -> None:
    """A locked keyring may ask the user for a password at every look-up, and there are many variables to look up."""
    keyring.problem = problem

    found = [api_key(variable, {}) for variable in ("OPENAI_API_KEY", "GEMINI_API_KEY", "XAI_API_KEY")]

    assert found == [None, None, None]
    assert keyring.asked == 1


def test_stored_names_are_known_and_keys_stored_by_others_are_found(keyring: FakeKeyring) -> None:
    keyring.entries["MISTRAL_API_KEY"] = "by `keyring set`"
    store_key("MY_OWN_KEY", " value ")

    assert stored_keys(["MISTRAL_API_KEY", "XAI_API_KEY"]) == ("MISTRAL_API_KEY", "MY_OWN_KEY")
    assert api_key("MY_OWN_KEY", {}) == "value"


def test_deleting_tells_whether_there_was_something(keyring: FakeKeyring) -> None:
    store_key("OPENAI_API_KEY", "x1")

    assert delete_key("OPENAI_API_KEY")
    assert not delete_key("OPENAI_API_KEY")
    assert stored_keys() == ()


@pytest.mark.parametrize("key", ["", "  ", "two words", "a\nb", "a\x1bb"])
def test_what_cannot_be_a_key_is_refused_without_repeating_it(key: str, keyring: FakeKeyring) -> None:
    with pytest.raises(UsageError) as caught:
        store_key("OPENAI_API_KEY", key)

    assert keyring.entries == {}
    assert not key.strip() or key not in str(caught.value)


@pytest.mark.parametrize("variable", ["", "lower", "sk-abc", "A B", "PATH=", "1KEY"])
def test_only_names_of_variables_are_taken(variable: str, keyring: FakeKeyring) -> None:
    with pytest.raises(UsageError, match="not the name of an environment variable"):
        store_key(variable, "x1")


def test_failures_to_store_are_errors_that_do_not_repeat_the_key(keyring: FakeKeyring) -> None:
    keyring.problem = RuntimeError("cannot store 'sk-secret'")

    with pytest.raises(ConfigError) as caught:
        store_key("OPENAI_API_KEY", "sk-secret")

    assert "sk-secret" not in str(caught.value)
    assert "Set OPENAI_API_KEY in the environment" in caught.value.advice
