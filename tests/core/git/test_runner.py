from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.errors import GitError
from ramet.git.runner import Git, git_version

Run = Callable[..., str]


def script(path: Path, body: str) -> Path:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_output_input_and_exit_codes_pass_through(shop: Path) -> None:
    git = Git(shop)

    assert git.run("hash-object", "--stdin", input=b"a\0b") == hashlib.sha1(b"blob 3\0a\0b").hexdigest().encode() + b"\n"
    assert git.run("rev-parse", "-q", "--verify", "nothing", ok_codes=(0, 1)) == b""
    with pytest.raises(GitError, match=r"git rev-parse failed in .*shop"):
        git.run("rev-parse", "--verify", "nothing")


def test_arguments_may_be_bytes_that_are_not_utf8(shop: Path) -> None:
    (shop / "caf\udce9").write_text("x")

    assert Git(shop).run("ls-files", "-z", "--others", "--", b"caf\xe9") == b"caf\xe9\0"


def test_the_environment_of_a_hook_does_not_lead_to_another_repository(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook that starts Ramet hands its GIT_DIR and GIT_INDEX_FILE down."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'alias.x'='!true'")

    assert Git(shop).run("rev-parse", "--show-toplevel") == os.fsencode(shop) + b"\n"
    assert b"README.md" in Git(shop).run("ls-files")
    assert not (tmp_path / "trace").exists()


def test_git_is_not_taken_from_the_current_folder(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(shop / "git", f"touch {tmp_path}/ran")
    script(shop / "bin" / "git", f"touch {tmp_path}/ran")
    monkeypatch.chdir(shop)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", "bin", os.environ["PATH"]]))

    assert Git(shop).run("rev-parse", "HEAD")
    assert not (tmp_path / "ran").exists()


def test_a_missing_git_is_said(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(GitError, match="git is not installed"):
        Git(shop).run("version")


def test_a_missing_git_is_said_before_gitpython_was_ever_imported(shop: Path, tmp_path: Path) -> None:
    program = "import sys; from ramet.errors import GitError; from ramet.git.runner import git_version\n"
    program += "try: git_version()\nexcept GitError as error: print(error)"
    environment = {**os.environ, "PATH": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("git is not installed")


def test_a_folder_that_vanished_is_an_error_and_never_the_current_one(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)

    with pytest.raises(GitError, match="vanished"):
        Git(tmp_path / "vanished").run("rev-parse", "HEAD")


def test_a_command_that_hangs_is_killed_with_its_children(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in for git starts a child that keeps the output open, as a helper of git would."""
    script(tmp_path / "bin" / "git", f'case "$*" in *config*|*version*) exec {real_git()} "$@";; esac\nsleep 600 &\nsleep 600')
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]]))

    with pytest.raises(GitError, match=r"took longer than 0\.2 seconds"):
        Git(shop).run("status", timeout=0.2)


def real_git() -> str:
    found = shutil.which("git")
    assert found is not None
    return found


def test_a_folder_without_repository_is_said(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="is not a git repository"):
        Git(tmp_path).run("status")


def test_a_corrupt_index_is_said_with_a_way_out(shop: Path) -> None:
    (shop / ".git" / "index").write_bytes(b"DIRC rubbish")

    with pytest.raises(GitError, match="cannot read the index") as caught:
        Git(shop).run("status")
    assert "git reset" in caught.value.advice


def test_a_broken_configuration_is_said(shop: Path) -> None:
    (shop / ".git" / "config").write_text("[core\n")

    with pytest.raises(GitError, match="bad config"):
        Git(shop).run("status")


def test_the_user_s_own_ignore_rules_and_line_ends_are_honoured(shop: Path, isolated_environment: Path) -> None:
    (isolated_environment / "rules").write_text("*.mine\n")
    with (isolated_environment / ".gitconfig").open("a") as config:
        config.write("[core]\n\texcludesFile = ~/rules\n\tautocrlf = input\n")
    (shop / "note.mine").write_text("x")

    git = Git(shop)

    assert git.run("ls-files", "--others", "--exclude-standard") == b""
    assert git.run("config", "core.autocrlf") == b"input\n"


def test_a_repository_s_own_setting_wins_over_the_user_s(shop: Path, isolated_environment: Path, git: Run) -> None:
    with (isolated_environment / ".gitconfig").open("a") as config:
        config.write("[core]\n\tautocrlf = input\n")
    git(shop, "config", "core.autocrlf", "false")

    assert Git(shop).run("config", "core.autocrlf") == b"false\n"


def test_changed_settings_are_noticed(shop: Path, isolated_environment: Path, git: Run) -> None:
    runner = Git(shop)
    (shop / "note.mine").write_text("x")
    assert runner.run("ls-files", "--others", "--exclude-standard") == b"note.mine\n"
    (isolated_environment / "rules").write_text("*.mine\n")
    git(shop, "config", "--global", "core.excludesFile", "~/rules")

    assert runner.run("ls-files", "--others", "--exclude-standard") == b""


def test_the_version_is_told() -> None:
    assert git_version()[0].isdigit()


def test_gitpython_is_loaded_only_to_run_something() -> None:
    code = "import sys, ramet.git.runner, ramet.git.repository; sys.exit('git.cmd' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
