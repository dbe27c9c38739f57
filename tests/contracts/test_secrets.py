"""Planted secrets on every way into a request, from real commands to a server that records what it is sent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ramet.paths import user_directories
from tests.fakes.openai_server import OpenAIServer, answer, running_server, tool_call

RAMET = Path(sys.executable).with_name("ramet")
DEADLINE = 120.0
"""Seconds that only a hanging process takes."""

PLANTED = {
    "question": "ghp_" + "q1W2e3R4t5Y6u7I8o9P0" + "aSdFgHjKlZxCvBnM",
    "pipe": "AKIA" + "Q5MPLE7EXDNNIOSF",
    "command line": "glpat-" + "xY7zA1bC2dE3fG4hI5jK",
    "output": "sk-ant-api03-" + "Kk9Jj8Hh7Gg6Ff5Dd4Ss3Aa2-" * 3 + "AA",
    "output in colour": "xoxb-" + "123456789012-1234567890123-" + "AbCdEfGhIjKlMnOpQrStUvWx",
    "output that wrapped": "eyJhbGciOiJIUzI1NiJ9."
    + "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6InJhbWV0In0" * 2
    + ".dBjftJeZ4CVPmB92K27uhbUJU1p1r",
    "source": "postgres://shop:" + "tr0ub4dor-and-3@db.example/shop",
    "file read by a tool": "npm_" + "ZyXwVuTsRqPoNmLkJiHgFeDcBa9876543210",
}


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with running_server() as running:
        yield running


def ramet(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [RAMET, *arguments], cwd=folder, input=stdin, capture_output=True, text=True, timeout=DEADLINE, check=False
    )


def test_no_planted_secret_reaches_a_provider_or_the_disk(server: OpenAIServer, shop: Path) -> None:
    directories = user_directories(os.environ)
    directories.config.mkdir(parents=True, exist_ok=True)
    (directories.config / "config.toml").write_text(f'model = "served"\napi_base = "{server.url}"\n')
    (shop / "shop/settings.py").write_text(f'"""Where the total price is charged."""\nDATABASE = "{PLANTED["source"]}"\n')
    (shop / "registry.cfg").write_text(f"//registry.example/:_authToken={PLANTED['file read by a tool']}\n")
    jwt = PLANTED["output that wrapped"]
    wrapped = "\n".join(jwt[start : start + 80] for start in range(0, len(jwt), 80))
    script = shop / "fails.py"
    script.write_text(
        f"print('key', '{PLANTED['output']}')\nprint('\\x1b[31m{PLANTED['output in colour'][:9]}\\x1b[1m"
        f"{PLANTED['output in colour'][9:]}\\x1b[0m')\nprint('''{wrapped}''')\nraise ValueError('total price')\n"
    )
    server.enqueue(tool_call("read_file", json.dumps({"path": "registry.cfg"})), answer("It failed."))

    ran = ramet(shop, "run", "--", sys.executable, str(script), "--token", PLANTED["command line"])
    question = f"Why is {PLANTED['question']} refused by the total price? @last-error @t1 @terminal"
    asked = ramet(shop, "--in-process", "ask", question, stdin=f"AWS_ACCESS_KEY_ID={PLANTED['pipe']}\n")

    assert ran.returncode == 1
    assert (asked.returncode, len(server.requests)) == (0, 2), asked.stderr
    sent = "\n".join(json.dumps(request.body, ensure_ascii=False) for request in server.requests)
    # The index holds the first line of each definition as it stands in the repository, and is no copy of anything else.
    files = [path for path in directories.data.rglob("*") if path.is_file() and not path.name.startswith("index.db")]
    kept = b"".join(path.read_bytes() for path in files)
    for what in ("settings.py", "registry.cfg", "ValueError: total price"):
        assert what in sent
    for way, secret in PLANTED.items():
        hidden = secret.split("@")[0].rpartition(":")[2]
        assert hidden not in sent, way
        assert hidden.encode() not in kept, way
    assert sent.count("<secret:") >= len(PLANTED)
