from __future__ import annotations

import random

import pytest

from ramet.terminal.plain import plain_text
from ramet.terminal.redaction import Redactor, redact

JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"


def characters(count: int, alphabet: str = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789") -> str:
    return "".join(random.Random(count).choices(alphabet, k=count))


LETTERS = characters(120)
HEX = characters(64, "0123456789abcdef")
TOKENS = {
    "github-token": f"ghp_{LETTERS[:36]}",
    "gitlab-token": f"glpat-{LETTERS[:20]}",
    "slack-token": f"xoxb-123456789012-{LETTERS[:24]}",
    "stripe-key": f"sk_live_{LETTERS[:24]}",
    "anthropic-key": f"sk-ant-api03-{LETTERS[:80]}",
    "openai-key": f"sk-proj-{LETTERS[:48]}",
    "huggingface-token": f"hf_{LETTERS[:34]}",
    "npm-token": f"npm_{LETTERS[:36]}",
    "pypi-token": f"pypi-AgEIcHlwaS5vcmc{LETTERS[:60]}",
    "aws-access-key": f"AKIA{characters(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}",
    "google-key": f"AIza{LETTERS[:35]}",
    "sendgrid-key": f"SG.{LETTERS[:22]}.{LETTERS[:43]}",
    "digitalocean-token": f"dop_v1_{HEX}",
    "docker-token": f"dckr_pat_{LETTERS[:27]}",
    "telegram-token": f"1234567890:AA{LETTERS[:33]}",
    "vault-token": f"hvs.{LETTERS[:90]}",
    "jwt": JWT,
}
SECRET = "Tr0ub4dor9x"
TOLD = [
    "export FOO_TOKEN={}",
    "DB_PASSWORD={} make deploy",
    "PASSWORD={}",
    "SECRET_KEY_BASE={}",
    '  "password": "{}",',
    "  password: {}",
    "db_password = {}  # do not share",
    "'api_key' => '{}',",
    "config.client_secret = `{}`",
    'os.environ["GITHUB_TOKEN"] = "{}"',
    "postgres://shop:{}@db.internal:5432/shop",
    "https://user:{}@host/path",
    "Authorization: Bearer {}",
    "authorization: Basic {}",
    "-H 'X-Api-Key: {}'",
    "> Private-Token: {}",
    "Cookie: session={}; theme=dark",
    "Set-Cookie: session={}; Path=/; HttpOnly",
    "curl -u shop:{} https://host",
    "curl --user shop:{} https://host",
    "mysql -u root -p{} shop",
    "sshpass -p {} ssh host",
    "docker login -u me -p {} host",
    "tool --password={} run",
    "tool --password {} run",
    "tool --api-key '{}' run",
    "tool --token {}",
    "redis-cli -h host -a {}",
    "echo {} | docker login --password-stdin",
    "openssl enc -pass pass:{} -in a",
    "Server=db;User Id=sa;Password={};Encrypt=true",
    "DefaultEndpointsProtocol=https;AccountName=a;SharedKey=x;password={};",
    "machine host login me password {}",
    "CREATE USER shop IDENTIFIED BY '{}'",
    "ENV API_TOKEN {}",
    "set -gx API_TOKEN {}",
    "?access_token={}&page=2",
    'AZURE_CLIENT_SECRET="{}"',
    "aws_secret_access_key = {}",
]


@pytest.mark.parametrize(("kind", "token"), TOKENS.items(), ids=TOKENS.keys())
def test_a_token_is_known_by_its_form(kind: str, token: str) -> None:
    assert redact(f"got {token} from it") == f"got <secret:{kind}#1> from it"


@pytest.mark.parametrize("line", TOLD)
def test_a_secret_is_known_by_what_stands_before_it(line: str) -> None:
    text = redact(f"first\n{line.format(SECRET)}\nlast")

    assert SECRET not in text
    assert "<secret:" in text
    assert text.startswith("first\n")
    assert text.endswith("\nlast")


@pytest.mark.parametrize("line_end", ["\n", "\\n"])
def test_a_private_key_goes_as_a_whole(line_end: str) -> None:
    lines = ["-----BEGIN RSA PRIVATE KEY-----", LETTERS[:64], LETTERS[:64], LETTERS[:20] + "==", "-----END RSA PRIVATE KEY-----"]

    assert redact(f'a "{line_end.join(lines)}" b') == 'a "<secret:private-key#1>" b'
    assert LETTERS[:20] not in redact("\n".join(lines[:3]))
    assert LETTERS[:20] not in redact("\n".join(lines[2:]))


@pytest.mark.parametrize("width", [80, 60])
def test_a_token_that_the_terminal_wrapped_is_found(width: int) -> None:
    places = [
        (kind, token, offset) for kind, token in TOKENS.items() for offset in range(width - min(len(token), width - 25), width)
    ]
    for kind, token, offset in places:
        line = f"{'x' * (offset - 1)} {token} and more text after it"
        wrapped = "\n".join(line[at : at + width] for at in range(0, len(line), width))
        text = redact(f"before it\n{wrapped}\nafter it")

        assert f"<secret:{kind}#1>" in text, (kind, offset)
        assert not [at for at in range(0, len(token) - 12, 6) if token[at : at + 12] in text.replace("\n", "")]


def test_a_password_that_the_terminal_wrapped_is_found() -> None:
    for offset in range(45, 79):
        line = f"{'x' * (offset - 1)} PASSWORD={SECRET}and5more tail"
        wrapped = "\n".join(line[at : at + 80] for at in range(0, len(line), 80))

        assert "Tr0" not in redact(f"before\n{wrapped}\nafter")


def test_colours_inside_a_secret_do_not_hide_it() -> None:
    token = TOKENS["github-token"]
    printed = "".join(f"\x1b[3{at % 8}m{char}" for at, char in enumerate(f"TOKEN={token}")).encode()

    assert redact(plain_text(printed)) == "TOKEN=<secret:github-token#1>"


ORDINARY = """\
tests/test_auth.py::TestPassword::test_token[password-secret] PASSED [ 10%]
tests/test_auth.py::test_reset[token=none] PASSED
commit 41ad0fa9c1b2d3e4f5a6b7c8d9e0f1a2b3c4d5e6
id 3f2504e0-4f89-11d3-9a0c-0305e82c3301 sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
def login(user: str, password: str, token: Token | None = None) -> Secret:
    password = get_password(user)
    token = self.tokens.next()
    connect(password=password, token=token)
E       KeyError: 'password'
max_tokens=4096 total_tokens: 512 token_type=bearer tokenizer="fast"
password: string;
  token: required
SyntaxError: Unexpected token '}'
API_KEY=$API_KEY DB_PASSWORD=${DB_PASSWORD} TOKEN=<token> SECRET=********
docker run -p 8080:80 -e PASSWORD image
cargo test -p shop; mkdir -p a/b; ssh -p 22 host
<input type="password" name="password" placeholder="Password">
author@example.com https://example.com/a@b git@github.com:a/b.git
![image](data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk)
class="sk-toggleable__label-arrow sk-estimator-doc-link fitted"
"""


def test_ordinary_text_is_left_alone() -> None:
    assert redact(ORDINARY) == ORDINARY
    assert [line for line in ORDINARY.splitlines() if redact(line) != line] == []


def test_one_secret_is_one_placeholder_wherever_it_stands() -> None:
    redactor = Redactor()

    first = redactor.redact(f"export DB_PASSWORD={SECRET}\nexport OTHER_PASSWORD=An0ther1one")
    second = redactor.redact(f"login with {SECRET} failed, PASSWORD={SECRET}")

    assert first == "export DB_PASSWORD=<secret:password#1>\nexport OTHER_PASSWORD=<secret:password#2>"
    assert second == "login with <secret:password#1> failed, PASSWORD=<secret:password#1>"


def test_numbers_last_over_processes_and_hold_no_secret() -> None:
    redactor = Redactor()
    redactor.redact("PASSWORD=first-one1")
    redactor.redact(f"PASSWORD={SECRET}")

    later = Redactor(redactor.key, redactor.numbers)
    other = Redactor(b"another key", redactor.numbers)

    assert later.redact(f"PASSWORD={SECRET}") == "PASSWORD=<secret:password#2>"
    assert other.redact(f"PASSWORD={SECRET}") == "PASSWORD=<secret:password#3>"
    assert SECRET not in repr(redactor.numbers)


def test_what_was_redacted_stays_as_it_is() -> None:
    once = redact("\n".join(line.format(SECRET) for line in TOLD))

    assert redact(once) == once
