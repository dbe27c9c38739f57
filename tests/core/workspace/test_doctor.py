"""What the doctor says in each state that it can find."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from watchfiles import _rust_notify

from ramet.config import Config
from ramet.models import Finding, GitHead, IndexState, IndexStatus, WorkspaceStatus
from ramet.paths import UserDirectories
from ramet.workspace.doctor import (
    configuration_findings,
    examine,
    index_findings,
    storage_findings,
    terminal_findings,
    watch_findings,
)
from ramet.workspace.doctor_services import http_status, model_findings, vector_findings
from ramet.workspace.host import open_local_workspace

NO_OLLAMA = {"OLLAMA_HOST": "http://127.0.0.1:1"}


def status(root: Path, index: IndexStatus | IndexState = "ready", head: GitHead | None = None) -> WorkspaceStatus:
    found = IndexStatus(index) if isinstance(index, str) else index
    return WorkspaceStatus(str(root), root.name, head, 0, found, "hashed", None, 1)


class Handler(BaseHTTPRequestHandler):
    """Answers as the test says and remembers what it was sent."""

    answers: ClassVar[dict[str, int]] = {}
    seen: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers.get("Authorization")))
        self.send_response(self.answers.get(self.path, 404))
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Tests are silent."""


@pytest.fixture
def server() -> Iterator[str]:
    """A server on this machine."""
    Handler.answers.clear()
    Handler.seen.clear()
    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def levels(findings: list[Finding] | tuple[Finding, ...]) -> list[str]:
    return [finding.level for finding in findings]


async def test_everything_is_examined_even_where_git_is_missing(
    tmp_path: Path, directories: UserDirectories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    findings = await examine(status(tmp_path, "missing"), NO_OLLAMA, directories)

    areas = {finding.area for finding in findings}
    assert {"configuration", "model", "embedder", "vectors", "index", "git", "storage"} <= areas
    assert levels([finding for finding in findings if finding.area == "git"]) == ["problem"]


async def test_no_part_shows_a_key(tmp_path: Path, directories: UserDirectories, server: str) -> None:
    Handler.answers["/v1/models"] = 200
    secret = "sk-very-secret-value"
    environment = NO_OLLAMA | {"OPENAI_API_KEY": secret, "RAMET_MODEL": "openai/x", "OPENAI_BASE_URL": f"{server}/v1"}

    findings = await examine(status(tmp_path), environment, directories)

    assert ("/v1/models", f"Bearer {secret}") in Handler.seen
    assert secret not in repr(findings)


@pytest.mark.parametrize(("code", "level"), [(200, "ok"), (404, "ok"), (401, "problem"), (403, "problem")])
async def test_a_server_for_the_model(code: int, level: str, server: str) -> None:
    """Not every server lists its models, so that an answer of 404 is an answer too."""
    Handler.answers["/v1/models"] = code

    findings = await model_findings(Config(model="openai/x", api_base=f"{server}/v1"), NO_OLLAMA)

    assert levels(findings) == ["ok", level]


async def test_a_password_in_the_url_is_used_and_not_shown(server: str) -> None:
    Handler.answers["/v1/models"] = 200
    url = server.replace("http://", "http://me:hunter2@")

    findings = await model_findings(Config(model="local/x", api_base=f"{url}/v1"), NO_OLLAMA)

    assert "hunter2" not in repr(findings)
    assert findings[-1].sentence == f"{server}/v1 answers."


async def test_a_server_that_is_not_there() -> None:
    findings = await model_findings(Config(model="openai/x", api_base="http://me:hunter2@127.0.0.1:1/v1"), NO_OLLAMA)

    assert findings[-1].level == "problem"
    assert findings[-1].sentence == "http://127.0.0.1:1/v1 cannot be reached: Connection refused."


async def test_a_model_without_its_key_is_a_problem_and_no_model_is_a_note() -> None:
    without_key = await model_findings(Config(model="anthropic/claude-x"), NO_OLLAMA)
    without_model = await model_findings(Config(), NO_OLLAMA)
    without_ollama = await model_findings(Config(model="ollama_chat/qwen3"), NO_OLLAMA)

    assert levels(without_key) == ["problem"]
    assert "ANTHROPIC_API_KEY" in without_key[0].advice
    assert levels(without_model) == ["note"]
    assert without_ollama[-1].advice == "Start it with `ollama serve`."


def test_a_redirect_does_not_carry_the_key_elsewhere(server: str) -> None:
    Handler.answers["/models"] = 302

    answer = http_status(f"{server}/models", {"Authorization": "Bearer k"})

    assert answer == 302
    assert [path for path, _ in Handler.seen] == ["/models"]


@pytest.mark.parametrize(("code", "level"), [(200, "ok"), (404, "problem"), (500, "problem")])
def test_a_chroma_server(code: int, level: str, server: str) -> None:
    Handler.answers["/api/v2/heartbeat"] = code

    assert levels(vector_findings(Config(chroma_url=server))) == [level]


def test_a_chroma_server_that_is_not_there_says_what_still_works() -> None:
    (finding,) = vector_findings(Config(chroma_url="http://127.0.0.1:1"))

    assert finding.level == "problem"
    assert "search goes by words" in finding.advice


@pytest.mark.parametrize(
    ("state", "level", "sentence"),
    [
        ("missing", "note", "is not indexed yet."),
        ("indexing", "note", "An index run is at work, parsing 3 of 9."),
        ("failed", "problem", "The disk is full."),
        ("ready", "ok", "1,234 chunks of 56 files are indexed; left out: 7."),
    ],
)
def test_the_index(state: IndexState, level: str, sentence: str, tmp_path: Path) -> None:
    problem = "The disk is full." if state == "failed" else ""
    index = IndexStatus(state, files=56, chunks=1234, skipped=7, phase="parsing", done=3, total=9, problem=problem)

    (finding,) = index_findings(status(tmp_path, index), None)

    assert finding.level == level
    assert finding.sentence.endswith(sentence)


def test_unread_variables_name_the_one_that_was_meant(directories: UserDirectories) -> None:
    findings = configuration_findings(None, {"RAMET_CONTEXT_TOKEN": "1", "RAMET_MODEL": "m"}, directories)

    assert Finding("configuration", "ok", "Set in the environment: RAMET_MODEL.") in findings
    assert findings[-1].advice == "Did you mean RAMET_CONTEXT_TOKENS?"


def test_files_that_configure_are_named_with_what_they_set(tmp_path: Path, directories: UserDirectories) -> None:
    directories.config.mkdir(parents=True)
    directories.config_file.write_text('theme = "dark"\n')
    (tmp_path / ".ramet.toml").write_text("context_tokens = 9000\n")

    sentences = [finding.sentence for finding in configuration_findings(tmp_path, {}, directories)]

    assert f"{directories.config_file} is valid and sets theme." in sentences
    assert ".ramet.toml is valid and sets context_tokens." in sentences


def test_the_data_directory_is_measured(directories: UserDirectories) -> None:
    directories.data.mkdir(parents=True)
    (directories.data / "index.db").write_bytes(b"x" * 12_345_678)

    findings = storage_findings(directories)

    assert findings[0].sentence.startswith(f"Ramet keeps 12 MB in {directories.data}; ")


def test_a_data_directory_that_is_a_file_is_a_problem(directories: UserDirectories) -> None:
    directories.data.write_text("")

    assert levels(storage_findings(directories)) == ["problem"]


@pytest.mark.parametrize(("allowed", "level"), [(3, "note"), (4, "ok")])
def test_watching_counts_folders(allowed: int, level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "c").mkdir()
    (root / "c" / "file").write_text("")
    (root / "loop").symlink_to(root)
    (tmp_path / "max_user_watches").write_text(f"{allowed}\n")
    (tmp_path / "max_user_instances").write_text("128\n")

    assert levels(watch_findings(root, limits=tmp_path)) == [level]


async def test_the_reason_for_polling_is_told(shop: Path, directories: UserDirectories, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise OSError("OS file watch limit reached.")

    monkeypatch.setattr(_rust_notify, "RustNotify", exhausted)
    workspace = await open_local_workspace(shop, environment=os.environ, overrides={})
    findings = await workspace.doctor()
    await workspace.close()

    (watching,) = [finding for finding in findings if finding.area == "watching"]
    assert watching.level == "note"
    assert watching.sentence.startswith("Changes are looked for every 3 seconds, because the system does not report them")
    assert "watch limit reached" in watching.sentence


@pytest.mark.parametrize(
    ("environment", "encoding", "expected"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "utf-8", ["ok"]),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "UTF-8", ["ok"]),
        ({"TERM": "xterm-256color"}, "utf-8", ["note"]),
        ({"TERM": "xterm", "COLORTERM": "24bit"}, "ascii", ["ok", "note"]),
        ({"TERM": "dumb"}, "utf-8", ["problem"]),
        ({}, "utf-8", ["problem"]),
    ],
)
def test_the_terminal(environment: dict[str, str], encoding: str, expected: list[str]) -> None:
    assert levels(terminal_findings(environment, encoding, is_terminal=True)) == expected
    assert levels(terminal_findings(environment, encoding, is_terminal=False)) == ["note"]


async def test_a_git_repository_is_described(shop: Path, directories: UserDirectories, git: Callable[..., str]) -> None:
    head = GitHead("main", git(shop, "rev-parse", "HEAD").strip())

    findings = await examine(status(shop, head=head), NO_OLLAMA, directories)

    assert any(f"on branch main ({head.commit[:9]}) with 0 changed files." in finding.sentence for finding in findings)
