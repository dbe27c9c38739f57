"""Configuration: precedence, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ramet.config import REPOSITORY_MAXIMA, Config, load_config, load_settings, setting_keys, variable_of, without_credentials
from ramet.errors import ConfigError
from ramet.paths import UserDirectories


def user_file(directories: UserDirectories, text: str) -> Path:
    directories.config.mkdir(parents=True, exist_ok=True)
    directories.config_file.write_text(text, encoding="utf-8")
    return directories.config_file


def repository(tmp_path: Path, text: str) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    (root / ".ramet.toml").write_text(text, encoding="utf-8")
    return root


def refusal(root: Path | None, directories: UserDirectories, environment: dict[str, str] | None = None) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_config(root, environment or {}, directories)
    return caught.value


def test_checks_are_a_table_of_the_user_or_a_variable(tmp_path: Path, directories: UserDirectories) -> None:
    user_file(directories, '[branch_checks]\ntests = "pytest -q && echo ok"\n"lint.py" = "ruff check"\n')

    of_the_file = load_config(tmp_path, {}, directories).branch_checks
    of_the_variable = load_config(tmp_path, {"RAMET_BRANCH_CHECKS": "{types = 'mypy'}"}, directories).branch_checks

    assert of_the_file == {"tests": "pytest -q && echo ok", "lint.py": "ruff check"}
    assert of_the_variable == {"types": "mypy"}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('branch_checks = "make"', "a table of shell commands"),
        ("branch_checks = {tests = 1}", "a table of shell commands"),
        ('branch_checks = {"a b" = "make"}', "cannot be called"),
        ('branch_checks = {tests = " "}', "no command that can be run"),
        ('branch_checks = {tests = "make\\nrm"}', "no command that can be run"),
    ],
)
def test_a_check_needs_a_name_and_one_line(tmp_path: Path, directories: UserDirectories, table: str, said: str) -> None:
    user_file(directories, table)

    assert said in str(refusal(tmp_path, directories))


def test_a_repository_cannot_set_checks(tmp_path: Path, directories: UserDirectories) -> None:
    root = repository(tmp_path, '[branch_checks]\ntests = "make"\n')

    assert "`branch_checks`, which it may not" in str(refusal(root, directories))


def test_nothing_configured_gives_the_defaults(tmp_path: Path, directories: UserDirectories) -> None:
    settings = load_settings(tmp_path, {}, directories)

    assert settings.config == Config()
    assert settings.origins == {}


def test_later_sources_win(tmp_path: Path, directories: UserDirectories) -> None:
    file = user_file(
        directories,
        'model = "openai/a"\napi_base = "http://user.example/v1"\ncontext_tokens = 1000\n'
        "answer_timeout = 5\n[limits]\nmax_file_bytes = 1000\nmax_line_bytes = 100\n",
    )
    root = repository(tmp_path, "context_tokens = 2000\nlimits.max_file_bytes = 2000\n")
    environment = {"RAMET_API_BASE": "http://variable.example/v1", "RAMET_LIMITS_MAX_FILE_BYTES": "3000", "RAMET_EMBEDDER": " "}

    settings = load_settings(root, environment, directories, {"model": "openai/flag", "embedder": None, "theme": ""})

    config = settings.config
    assert (config.model, config.api_base) == ("openai/flag", "http://variable.example/v1")
    assert (config.context_tokens, config.answer_timeout) == (2000, 5.0)
    assert (config.limits.max_file_bytes, config.limits.max_line_bytes) == (3000, 100)
    assert config.embedder == "table"
    assert settings.origins == {
        "model": "flag",
        "api_base": "RAMET_API_BASE",
        "context_tokens": ".ramet.toml",
        "answer_timeout": str(file),
        "limits.max_file_bytes": "RAMET_LIMITS_MAX_FILE_BYTES",
        "limits.max_line_bytes": str(file),
    }
    assert settings.value("limits.max_line_bytes") == 100


@pytest.mark.parametrize("key", [key for key in setting_keys() if key not in REPOSITORY_MAXIMA])
def test_a_repository_may_not_set(key: str, tmp_path: Path, directories: UserDirectories) -> None:
    error = refusal(repository(tmp_path, f'{key} = "http://evil.example"\n'), directories)

    assert error.what.startswith(f".ramet.toml of this repository sets `{key}`, which it may not")
    assert str(directories.config_file) in error.advice


def test_everything_that_a_repository_may_set_is_a_setting() -> None:
    assert set(REPOSITORY_MAXIMA) <= set(setting_keys())


def test_a_repository_cannot_raise_the_cost_beyond_its_bound(tmp_path: Path, directories: UserDirectories) -> None:
    error = refusal(repository(tmp_path, "context_tokens = 500000\n"), directories)

    assert error.advice == "It must be a whole number from 500 to 32,000 in a repository."


@pytest.mark.parametrize("name", ["anthropic_api_key", "OPENAI_API_KEY", "api_key", "github_token"])
def test_keys_are_refused_in_every_file(name: str, tmp_path: Path, directories: UserDirectories) -> None:
    user_file(directories, f'{name} = "sk-very-secret"\n')

    error = refusal(None, directories)

    assert f"sets `{name}`, but keys are never read from a configuration file" in error.what
    assert "ramet key set" in error.advice
    assert "sk-very-secret" not in str(error)


@pytest.mark.parametrize(
    ("written", "meant"), [("modle", "model"), ("Context-Tokens", "context_tokens"), ("limit.max_file_bytes", "")]
)
def test_unknown_settings_name_the_nearest(written: str, meant: str, directories: UserDirectories) -> None:
    user_file(directories, f"{written} = 1\n")

    error = refusal(None, directories)

    assert error.what == f"{directories.config_file} sets `{written.partition('.')[0]}`, which is not a setting."
    assert f"`{meant}`" in error.advice or "`limits" in error.advice


def test_an_unknown_setting_without_a_near_one_lists_all(directories: UserDirectories) -> None:
    user_file(directories, "zzz = 1\n")

    assert refusal(None, directories).advice.startswith("Known are: model, api_base,")


@pytest.mark.parametrize(
    ("text", "line"),
    [("theme = 'x'\nmodel = = 3\n", 2), ("model = 'x'\n\nmodel = 'y'\n", 3), ("a = 1\n[limits\n", 2), ("a = 1\n\nb = [", 3)],
)
def test_bad_toml_names_file_and_line(text: str, line: int, directories: UserDirectories) -> None:
    file = user_file(directories, text)

    assert refusal(None, directories).what.startswith(f"{file}, line {line}: ")


def test_text_that_is_not_utf8_names_the_line(directories: UserDirectories) -> None:
    user_file(directories, "").write_bytes(b'theme = "x"\nmodel = "\xff"\n')

    assert refusal(None, directories).what == f"{directories.config_file}, line 2: the text is not UTF-8."


def test_a_byte_order_mark_is_no_error(directories: UserDirectories) -> None:
    user_file(directories, "\ufefftheme = 'x'\n")

    assert load_config(None, {}, directories).theme == "x"


def test_deep_nesting_is_an_error_and_not_a_crash(tmp_path: Path, directories: UserDirectories) -> None:
    error = refusal(repository(tmp_path, "a = " + "[" * 30_000), directories)

    assert ".ramet.toml of this repository" in error.what


@pytest.mark.parametrize(
    ("text", "expectation"),
    [
        ("context_tokens = 3", "a whole number from 500 to 1,000,000."),
        ("context_tokens = 3.5", "a whole number from 500 to 1,000,000."),
        ("context_tokens = true", "a whole number from 500 to 1,000,000."),
        ("context_tokens = '5000'", "a whole number from 500 to 1,000,000."),
        ("answer_timeout = nan", "a number from 1 to 3,600."),
        ("answer_timeout = inf", "a number from 1 to 3,600."),
        ("model = 3", "a text without control characters."),
        ('model = "a\\u001b[31m"', "a text without control characters."),
        ("model = {a = 1}", "a text without control characters."),
        ("api_base = 'file:///etc/passwd'", "a URL that begins with http:// or https://."),
        ("chroma_url = 'localhost:8000'", "a URL that begins with http:// or https://."),
        ("limits.max_file_bytes = 0", "a whole number from 1,000 to 100,000,000."),
        (
            "branch_links = '.venv=copy'",
            "names with spaces between, each alone or as NAME=auto, link, reflink, overlay or rebuild.",
        ),
        (
            f"branch_links = '{'a' * 100}='",
            "names with spaces between, each alone or as NAME=auto, link, reflink, overlay or rebuild.",
        ),
    ],
)
def test_wrong_values_say_what_is_expected(text: str, expectation: str, directories: UserDirectories) -> None:
    user_file(directories, text)

    error = refusal(None, directories)

    assert error.advice == f"It must be {expectation}"
    assert text.partition(" =")[0] in error.what
    assert "\x1b" not in str(error)


def test_a_table_where_a_value_belongs_and_the_reverse(directories: UserDirectories) -> None:
    user_file(directories, "limits = 3\n")

    assert "`limits`" in refusal(None, directories).what


def test_variables_are_checked_like_files(directories: UserDirectories) -> None:
    error = refusal(None, directories, {"RAMET_CONTEXT_TOKENS": "many"})

    assert error.what == "RAMET_CONTEXT_TOKENS: `context_tokens` cannot be 'many'."


def test_variables_become_numbers(directories: UserDirectories) -> None:
    config = load_config(None, {"RAMET_CONTEXT_TOKENS": "900", "RAMET_ANSWER_TIMEOUT": "2.5"}, directories)

    assert (config.context_tokens, config.answer_timeout) == (900, 2.5)


def test_every_setting_has_a_variable_of_its_own() -> None:
    assert len({variable_of(key) for key in setting_keys()}) == len(setting_keys())


def test_a_linked_repository_file_is_not_followed(tmp_path: Path, directories: UserDirectories) -> None:
    """It could name any file of the user, whose lines would then show up in an error."""
    (tmp_path / "secret").write_text("-----BEGIN PRIVATE KEY-----")
    (tmp_path / ".ramet.toml").symlink_to(tmp_path / "secret")

    error = refusal(tmp_path, directories)

    assert "symbolic link" in error.what
    assert "BEGIN" not in str(error)


def test_a_linked_user_file_is_followed(tmp_path: Path, directories: UserDirectories) -> None:
    """Dotfiles are commonly kept elsewhere and linked."""
    (tmp_path / "dotfile").write_text("theme = 'x'")
    directories.config.mkdir(parents=True)
    directories.config_file.symlink_to(tmp_path / "dotfile")

    assert load_config(None, {}, directories).theme == "x"


def test_a_repository_file_that_is_a_pipe_or_a_folder_does_not_hang(tmp_path: Path, directories: UserDirectories) -> None:
    os.mkfifo(tmp_path / ".ramet.toml")
    folder = tmp_path / "other"
    (folder / ".ramet.toml").mkdir(parents=True)

    assert "not a regular file" in refusal(tmp_path, directories).what
    assert "not a regular file" in refusal(folder, directories).what


def test_a_huge_repository_file_is_refused(tmp_path: Path, directories: UserDirectories) -> None:
    assert "larger than 64 KiB" in refusal(repository(tmp_path, "# x\n" * 20_000), directories).what


def test_an_unreadable_user_file_is_an_error(directories: UserDirectories) -> None:
    """Going on with the defaults would ask another model than the configured one."""
    directories.config.mkdir(parents=True)
    directories.config_file.mkdir()

    assert "is not a regular file" in refusal(None, directories).what


def test_names_from_a_repository_are_shown_inert(tmp_path: Path, directories: UserDirectories) -> None:
    error = refusal(repository(tmp_path, '"\\u001b]0;owned\\u0007" = 1\n'), directories)

    assert "\x1b" not in str(error)
    assert "␛]0;owned" in error.what


def test_passwords_in_urls_are_not_repeated(directories: UserDirectories) -> None:
    user_file(directories, "api_base = 'ftp://me:hunter2@host/v1?key=abc'")

    error = refusal(None, directories)

    assert "hunter2" not in str(error)
    assert "abc" not in str(error)
    assert without_credentials("http://me:hunter2@host:1/v1?key=abc") == "http://host:1/v1"
    assert without_credentials("http://host?key=abc") == "http://host"
