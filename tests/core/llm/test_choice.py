"""Which model answers: what was asked for, what was configured, what has a key, what runs here; and never a surprise."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ramet.config import Config
from ramet.errors import ModelNotConfigured
from ramet.llm.choice import KEYLESS, Connection, choose_model, connection
from ramet.models import ModelChoice
from ramet.providers.ollama import installed_models, model_details, ollama_url
from ramet.providers.table import PROVIDERS

NOWHERE = {"OLLAMA_HOST": "127.0.0.1:1"}
TAGS = {
    "models": [
        {"name": "nomic-embed-text:latest", "details": {"family": "nomic-bert", "parameter_size": "137M"}},
        {"name": "llama3.2:3b", "details": {"family": "llama", "parameter_size": "3.2B"}},
        {"name": "qwen2.5-coder:7b", "details": {"family": "qwen2", "parameter_size": "7.6B"}},
        {"name": "gemma3:9b", "details": {"family": "gemma3", "parameter_size": "9.1B"}},
        {"name": "huge:480b-cloud", "details": {"family": "x", "parameter_size": "480B"}, "remote_host": "https://example.org"},
        {"name": 7},
        "nonsense",
    ]
}


@contextmanager
def ollama(answers: dict[str, object]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.dumps(answers[self.path]).encode() if self.path in answers else b"<html>"
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def test_the_flag_wins_over_the_variable_over_the_file_over_the_keys() -> None:
    config = Config(model="groq/c")
    environment = {"RAMET_MODEL": "openai/b", "ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k", "GROQ_API_KEY": "k"}

    assert await choose_model("anthropic/a", config, environment) == ModelChoice("anthropic/a", "--model")
    assert await choose_model("", config, environment) == ModelChoice("openai/b", "RAMET_MODEL")
    assert await choose_model("", config, environment | {"RAMET_MODEL": ""}) == ModelChoice("groq/c", "config.toml")
    choice = await choose_model("", Config(), environment | {"RAMET_MODEL": ""})
    assert choice is not None
    assert (choice.name.partition("/")[0], choice.origin) == ("anthropic", "ANTHROPIC_API_KEY is set")


async def test_without_anything_there_is_no_model() -> None:
    assert await choose_model("", Config(), NOWHERE) is None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("claude-opus-5-5", "anthropic/claude-opus-5-5"),
        ("gpt-4o", "openai/gpt-4o"),
        ("gemini-flash-latest", "gemini/gemini-flash-latest"),
        ("ollama/qwen3", "ollama_chat/qwen3"),
        ("bedrock/anthropic.claude", "bedrock/anthropic.claude"),
    ],
)
async def test_names_get_the_provider_that_litellm_needs(written: str, name: str) -> None:
    keys = {"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k", "GEMINI_API_KEY": "k"}

    choice = await choose_model(written, Config(), keys)

    assert choice is not None
    assert choice.name == name


async def test_a_name_of_no_known_provider_is_refused_with_what_to_write() -> None:
    with pytest.raises(ModelNotConfigured) as caught:
        await choose_model("my-model", Config(), NOWHERE)

    assert "'my-model'" in caught.value.what
    assert "ollama_chat/my-model" in caught.value.advice


async def test_a_named_model_without_a_key_says_which_variable_to_set() -> None:
    with pytest.raises(ModelNotConfigured) as caught:
        await choose_model("mistral/x", Config(), NOWHERE)

    assert "Mistral" in caught.value.what
    assert "MISTRAL_API_KEY" in caught.value.advice


def test_a_server_of_the_users_own_needs_no_key_and_gets_no_other_providers_model() -> None:
    config = Config(model="qwen", api_base="http://localhost:1234/v1")

    assert connection(ModelChoice("openai/qwen", ""), config, {}) == Connection(KEYLESS, "http://localhost:1234/v1")
    assert connection(ModelChoice("anthropic/a", ""), config, {"ANTHROPIC_API_KEY": "k"}) == Connection("k", None)


async def test_a_bare_name_belongs_to_the_configured_server() -> None:
    config = Config(model="qwen", api_base="http://localhost:1234/v1")

    assert await choose_model("", config, {}) == ModelChoice("openai/qwen", "config.toml")


def test_a_connection_does_not_show_its_key() -> None:
    assert "secret" not in repr(Connection("secret", None))


async def test_a_running_ollama_is_used_with_its_most_capable_local_chat_model() -> None:
    with ollama({"/api/tags": TAGS}) as url:
        choice = await choose_model("", Config(), {"OLLAMA_HOST": url})

    assert choice == ModelChoice("ollama_chat/qwen2.5-coder:7b", "Ollama is running")


@pytest.mark.parametrize("answer", [{}, {"models": None}, {"models": []}, [1]])
def test_an_ollama_with_nothing_usable_is_no_model(answer: object) -> None:
    with ollama({"/api/tags": answer}) as url:
        assert not installed_models(url)


def test_something_else_on_ollamas_port_is_no_ollama() -> None:
    with ollama({}) as url:
        assert installed_models(url) is None


def test_ollama_says_what_a_model_can_do() -> None:
    shown = {"model_info": {"llama.context_length": 8192}, "capabilities": ["completion", "tools"]}
    with ollama({"/api/show": shown}) as url:
        details = model_details(url, "llama3.2:3b")

    assert details is not None
    assert (details.context_length, details.supports_tools) == (8192, True)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://localhost:11434"),
        ("box", "http://box:11434"),
        ("0.0.0.0:99", "http://127.0.0.1:99"),
        ("https://box/ollama/", "https://box:443/ollama"),
        ("http://box:1", "http://box:1"),
    ],
)
def test_ollama_host_is_read_as_ollama_reads_it(host: str, url: str) -> None:
    assert ollama_url("http://localhost:11434", {"OLLAMA_HOST": host}) == url


def test_the_default_models_exist_and_can_call_tools() -> None:
    import litellm

    for provider in PROVIDERS:
        info = litellm.get_model_info(provider.model)

        assert info["litellm_provider"] == provider.prefix or provider.prefix == "openrouter"
        assert info["supports_function_calling"], provider.model


def test_choosing_does_not_import_litellm() -> None:
    script = (
        "import asyncio, sys; from ramet.config import Config; from ramet.llm.choice import choose_model;"
        "asyncio.run(choose_model('', Config(), {'OPENAI_API_KEY': 'k'})); raise SystemExit('litellm' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
