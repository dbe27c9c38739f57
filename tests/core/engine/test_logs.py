"""The engine's log and what of the environment goes where."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

from ramet.engine.environment import carried, inherited, secrets
from ramet.engine.logs import EngineLog, last_line

ENVIRONMENT = {
    "PATH": "/bin",
    "HOME": "/home/ada",
    "ANTHROPIC_API_KEY": "sk-ant-secret",
    "AWS_SECRET_ACCESS_KEY": "aws-secret",
    "HTTPS_PROXY": "http://proxy",
    "RAMET_MODEL": "openai/x",
    "RAMET_DATA_DIR": "/data",
    "RAMET_ENGINE_IDLE_MINUTES": "3",
    "GIT_DIR": "/somewhere/.git",
    "BROKEN_API_KEY": "\udce9",
}


def test_keys_travel_with_the_front_end_and_only_the_way_to_the_network_is_inherited() -> None:
    sent, kept = carried(ENVIRONMENT), inherited(ENVIRONMENT)

    of_both = {"HTTPS_PROXY", "RAMET_DATA_DIR", "RAMET_ENGINE_IDLE_MINUTES"}
    assert set(sent) == {"ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY", "RAMET_MODEL"} | of_both
    assert set(kept) == {"PATH", "HOME"} | of_both
    assert secrets(sent) == {"sk-ant-secret", "aws-secret"}


def test_secrets_are_hidden_wherever_they_stand_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "engine.log"
    log = EngineLog(path)
    log.hide({"sk-ant-secret"})
    try:
        raise ValueError("the key sk-ant-secret was refused")
    except ValueError:
        logging.getLogger("ramet.test").exception("asking with %s failed", "sk-ant-secret")
    logging.getLogger("somebody.else").error("a request that holds code")
    log.close()
    written = path.read_text()

    assert "asking with [hidden] failed" in written
    assert "ValueError: the key [hidden] was refused" in written
    assert "sk-ant" not in written
    assert "holds code" not in written


def test_the_log_rotates_and_takes_the_standard_streams_along(tmp_path: Path) -> None:
    program = (
        "import logging, os, sys\n"
        "from pathlib import Path\n"
        "from ramet.engine.logs import EngineLog\n"
        "log = EngineLog(Path(sys.argv[1]))\n"
        "log.take_standard_streams()\n"
        "for number in range(7000):\n"
        "    logging.getLogger('ramet').info('x' * 1000)\n"
        "os.write(2, b'the last words\\n')\n"
    )
    path = tmp_path / "engine.log"
    subprocess.run([sys.executable, "-c", program, path], check=True)
    sizes = {file.name: file.stat().st_size for file in tmp_path.iterdir()}

    assert set(sizes) == {"engine.log", "engine.log.1", "engine.log.2", "engine.log.3", "engine.log.4"}
    assert max(sizes.values()) <= 1_000_100
    assert last_line(path) == "the last words"


def test_a_log_that_is_not_there_has_no_last_line(tmp_path: Path) -> None:
    assert last_line(tmp_path / "nothing.log") == ""
