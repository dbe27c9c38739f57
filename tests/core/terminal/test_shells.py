"""Real shells tell of every command exactly, whatever it prints, and a user's own files work as ever."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ramet.models import CommandRecording
from ramet.terminal.plain import plain_parts
from ramet.terminal.recorder import CommandFinished, CommandStarted, PromptStarted
from ramet.terminal.shell_launch import RECORDED_SHELLS, SHELLS, launch_shell
from tests.core.terminal.shell_session import ShellSession, needed
from tests.core.terminal.shell_table import CASES

Start = Callable[..., ShellSession]


@pytest.fixture(autouse=True)
def rc_files(isolated_environment: Path) -> Path:
    """Files such as every user has; without a .zshrc zsh begins a dialogue."""
    home = isolated_environment
    (home / ".bashrc").write_text("PS1='$ '\nHISTCONTROL=ignoreboth\nFROM_RC=bashrc\n")
    (home / ".bash_profile").write_text("FROM_PROFILE=bash_profile\nexport PROFILED=1\n. ~/.bashrc\n")
    (home / ".zshenv").write_text("FROM_ENV=zshenv\n")
    (home / ".zshrc").write_text("PS1='%% '\nFROM_RC=zshrc\nsetopt hist_ignore_space interactive_comments\n")
    (home / ".zprofile").write_text("FROM_PROFILE=zprofile\n")
    fish = home / ".config" / "fish"
    fish.mkdir(parents=True)
    (fish / "config.fish").write_text(
        "set -g fish_greeting\nfunction fish_prompt; echo '> '; end\nset -g FROM_RC config\n"
        "status is-login; and set -g FROM_PROFILE login\n"
    )
    return home


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the shells start."""
    root = tmp_path.resolve() / "work"
    (root / "inner" / "a b;c%d ü").mkdir(parents=True)
    (root / "text.txt").write_text("text\n")
    return root


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Start shells that end with the test."""
    sessions: list[ShellSession] = []

    def begin(shell: str, **options: object) -> ShellSession:
        session = ShellSession(shell, folder, **options)  # type: ignore[arg-type]  # those of the session
        sessions.append(session)
        return session

    yield begin
    for session in sessions:
        session.close()


def output(recording: CommandRecording) -> str:
    return plain_parts(recording.head, recording.tail, recording.omitted)


@pytest.mark.parametrize("shell", RECORDED_SHELLS)
def test_every_command_of_the_table_is_recorded_exactly(shell: str, start: Start, folder: Path) -> None:
    session = start(shell)
    expected = []
    found = []
    for case in CASES:
        typed = case.typed(shell)
        if "\t" in typed:
            session.until_editing()  # else the terminal takes the quoting of the tab for itself
        session.type(typed + "\n")
        recordings = session.recordings()
        told = [(each.command, each.folder, each.exit_code, "*" if case.output == "*" else output(each)) for each in recordings]
        found.append(told)
        expected.append([(case.recorded(shell), str(folder / case.folder), case.exit_code, case.output)])

    assert [pair for pair in zip(found, expected, strict=True) if pair[0] != pair[1]] == []
    assert session.nonce.encode() not in session.screen
    assert b"\x1b]7717" not in session.screen


@pytest.mark.parametrize("shell", RECORDED_SHELLS)
def test_what_is_typed_between_commands_is_no_command(shell: str, start: Start) -> None:
    session = start(shell)
    session.type("\n")
    empty = session.until_prompt()
    interrupted = []
    if shell == "zsh":  # the others take their time until the next key
        session.until_editing()
        session.type("half a line")
        session.until_screen_shows(b"line")
        session.type("\x03")
        interrupted = session.until_prompt()
    session.type(" echo withheld\n")
    withheld = session.until_prompt()
    session.type("yes flo''od\n")
    session.until_screen_shows(b"flood")
    session.type("\x03")
    stopped = session.recorded()
    session.type("sh -c 'echo rea\"\"dy; exec cat'\n")
    session.until_screen_shows(b"ready")
    session.type("typed\n\x04")
    typed = session.recorded()

    assert [event for event in empty + interrupted if isinstance(event, CommandStarted | CommandFinished)] == []
    assert [type(event) for event in withheld] == [CommandStarted, CommandFinished, PromptStarted]
    assert [event for event in withheld if isinstance(event, CommandFinished) and event.recording is not None] == []
    assert b"echo withheld" in session.screen
    assert (stopped.command, stopped.exit_code) == ("yes flo''od", 130)
    assert (typed.exit_code, output(typed)) == (0, "ready\ntyped\ntyped\n")


@pytest.mark.parametrize("shell", RECORDED_SHELLS)
def test_a_hundred_thousand_lines_keep_their_ends(shell: str, start: Start) -> None:
    session = start(shell)
    recording = session.run("seq 1 300000")

    assert (recording.command, recording.exit_code) == ("seq 1 300000", 0)
    assert output(recording).startswith("1\n2\n3\n")
    assert output(recording).endswith("\n299999\n300000\n")
    lines = recording.head.count(b"\n") + recording.tail.count(b"\n") + recording.omitted_lines
    assert lines == 300_000
    assert len(recording.head) + len(recording.tail) == 1024 * 1024


@pytest.mark.parametrize("shell", RECORDED_SHELLS)
def test_a_shell_in_the_shell_is_one_command_and_one_in_its_place_ends_without_a_code(shell: str, start: Start) -> None:
    session = start(shell)
    session.type("bash --norc\n")
    session.until_started()
    session.type("echo in''ner\n")
    session.until_screen_shows(b"inner")
    session.type("exit 3\n")
    nested = session.recorded()
    session.type("exec bash --norc\n")
    session.until_started()
    session.type("echo in its pl''ace\n")
    session.until_screen_shows(b"in its place")
    session.type("exit 4\n")
    while not session.pty.is_over:
        session.take()
    [replaced] = [event for event in session.recorder.finish() if isinstance(event, CommandFinished)]

    assert (nested.command, nested.exit_code) == ("bash --norc", 3)
    assert "inner\n" in output(nested)
    assert replaced.recording is not None
    assert (replaced.recording.command, replaced.exit_code) == ("exec bash --norc", None)
    assert "in its place" in output(replaced.recording)


@pytest.mark.parametrize("shell", RECORDED_SHELLS)
def test_the_files_of_the_user_are_read_as_ever(shell: str, start: Start, rc_files: Path) -> None:
    plain = start(shell)
    login = start(shell, is_login=True)
    told = [output(each.run('echo "$FROM_ENV $FROM_RC $FROM_PROFILE"')).strip() for each in (plain, login)]

    assert (
        told
        == {
            "bash": ["bashrc", "bashrc bash_profile"],
            "zsh": ["zshenv zshrc", "zshenv zshrc zprofile"],
            "fish": ["config", "config login"],
        }[shell]
    )


def test_zsh_files_in_a_folder_of_their_own_are_found(start: Start, rc_files: Path) -> None:
    own = rc_files / "own"
    own.mkdir()
    (own / ".zshenv").write_text("FROM_ENV=own-env\n")
    (own / ".zshrc").write_text("PS1='%% '\nFROM_RC=own-rc\n")
    session = start("zsh", environment={"ZDOTDIR": str(own)})

    assert output(session.run('echo "$FROM_ENV $FROM_RC $ZDOTDIR"')) == f"own-env own-rc {own}\n"


def test_bash_keeps_its_prompt_commands_and_its_history_without_duplicates(start: Start, rc_files: Path) -> None:
    """As starship and others do it: the prompt is set anew each time, and PROMPT_COMMAND and PS0 are overwritten later."""
    with (rc_files / ".bashrc").open("a") as rc:
        rc.write("PROMPT_COMMAND='__last=$?; PS1=\"[$__last] \"'\nPS0='(run)'\n")
    session = start("bash")
    session.run("false")
    session.until_screen_shows(b"[1] ")
    overwritten = session.run("PROMPT_COMMAND=(\"${PROMPT_COMMAND[@]}\" 'echo own'); PS0=; PS1='new '")
    after = [session.run("echo again") for _ in range(3)]
    array = session.run('PROMPT_COMMAND=(\'echo "<$?>"\' "${PROMPT_COMMAND[@]}")')
    seen = session.run("(exit 6)")
    session.until_screen_shows(b"<6>")
    history = output(session.run("history"))

    assert overwritten.exit_code == 0
    assert [(each.command, output(each).replace("(run)", "")) for each in after] == [("echo again", "again\n")] * 3
    assert (array.exit_code, seen.exit_code) == (0, 6)
    assert b"(run)" in session.screen
    assert len(re.findall(r"echo again$", history, re.MULTILINE)) == 1


def test_bash_of_old_does_without_ps0(start: Start, rc_files: Path, tmp_path: Path) -> None:
    """Bash 3.2 of macOS knows neither PS0 nor `@P`; its way is taken by another version than that of this bash."""
    with (rc_files / ".bashrc").open("a") as rc:
        rc.write("SEEN=0; trap 'SEEN=$((SEEN + 1)); : \"it'\\''s\"' DEBUG\n")
    scripts = tmp_path / "shells"
    for file in (SHELLS / "bash").iterdir():
        (scripts / "bash").mkdir(parents=True, exist_ok=True)
        text = file.read_text().replace("BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1]", "302")
        (scripts / "bash" / file.name).write_text(text)
    launch = launch_shell(needed("bash"), {**os.environ, "TERM": "xterm-256color", "XDG_RUNTIME_DIR": str(tmp_path)}, "1")
    environment = {**launch.environment, "RAMET_SHELLS": str(scripts)}
    session = start("bash", launch=type(launch)(launch.command, environment, launch.shell, launch.nonce))
    told = [
        (each.command, each.exit_code, output(each))
        for each in map(session.run, ("echo one", "echo one", "for i in 1 2; do echo $i; done", "true | (exit 3)", "echo 'a\nb'"))
    ]
    trap = output(session.run("echo $SEEN; trap -p DEBUG"))
    session.type("\n echo withheld\n")
    session.until_screen_shows(b"\\withheld\r\n")
    session.until_prompt()

    assert told == [
        ("echo one", 0, "one\n"),
        ("echo one", 0, "one\n"),
        ("for i in 1 2; do echo $i; done", 0, "1\n2\n"),
        ("true | (exit 3)", 3, ""),
        ("echo 'a\nb'", 0, "a\nb\n"),
    ]
    assert int(trap.split()[0]) > 5
    assert trap.count("__ramet_debug") == trap.count("SEEN + 1") == 1


def test_zsh_hooks_that_others_replace_come_back(start: Start, rc_files: Path) -> None:
    """As powerlevel10k does it: the prompt is set anew before each prompt, by a hook that came last."""
    with (rc_files / ".zshrc").open("a") as rc:
        rc.write('theme() { local code=$?; PS1="[$code] "; print -n themed; precmd_functions+=(late) }\n')
        rc.write("late() { PS1+=':' }\nprecmd_functions+=(theme)\npreexec_functions=()\nPROMPT_EOL_MARK='!'\n")
    session = start("zsh")
    told = [session.run(command) for command in ("(exit 5)", "printf x", "echo y")]

    assert [(each.exit_code, output(each)) for each in told] == [(5, ""), (0, "x"), (0, "y\n")]
    assert b"themed" in session.screen
    assert b"[5] " in session.screen
