"""What secrets look like: by their form, and by the words around them.

A rule says in which texts it is worth trying (`needles`), so that a text without any of them costs no regular expression. The
last group of a pattern that matched is the secret; without a group it is the whole match.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class SecretRule(NamedTuple):
    """One form of secret; `kind` is what its placeholder says."""

    kind: str
    needles: tuple[str, ...]
    """The pattern is tried where one of them occurs."""
    pattern: re.Pattern[str]
    is_inside: bool = False
    """Whether the needle may be anywhere in the match; else it is its beginning."""
    also: str = ""
    """What must occur as well."""


def _form(kind: str, pattern: str, *needles: str, is_inside: bool = False) -> SecretRule:
    return SecretRule(kind, needles, re.compile(rf"(?<![A-Za-z0-9])(?:{pattern})(?![A-Za-z0-9])"), is_inside)


_PEM_TEXT = r"(?:[A-Za-z0-9+/=:, \t\n]|-(?!----)|\\[nr])"
"""What stands between the lines that begin and end a key; in JSON and in environment files its line ends are written out."""

FORMS = (
    SecretRule(
        "private-key",
        ("PRIVATE KEY",),
        re.compile(
            rf"-----BEGIN [A-Z0-9 ]{{0,30}}PRIVATE KEY(?: BLOCK)?-----{_PEM_TEXT}*?"
            r"-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
            r"|-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:(?:\s|\\[nr])*[A-Za-z0-9+/=]{16,})*"  # its end was cut off
            r"|(?:^[A-Za-z0-9+/=]{16,}\n)+-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----",  # its beginning was
            re.MULTILINE,
        ),
        is_inside=True,
    ),
    _form("aws-access-key", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}", "AKIA", "ASIA", "ABIA", "ACCA"),
    _form("aws-secret-key", r"(?:AKIA|ASIA)[A-Z2-7]{16}[\s,:;|\"']{1,5}([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])", "AKIA", "ASIA"),
    _form("google-key", r"AIza[A-Za-z0-9_-]{35}", "AIza"),
    _form("google-token", r"ya29\.[A-Za-z0-9_-]{20,}", "ya29."),
    _form("google-secret", r"GOCSPX-[A-Za-z0-9_-]{28}", "GOCSPX-"),
    _form("azure-key", r"(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{40,90}={0,2})", "AccountKey=", "SharedAccessKey="),
    _form("azure-secret", r"[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}", "Q~", is_inside=True),
    _form("azure-signature", r"[?&]sig=([A-Za-z0-9%+/=]{40,})", "sig=", is_inside=True),
    _form(
        "github-token",
        r"gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
    ),
    _form(
        "github-token",
        r"gh[pousr]_[A-Za-z0-9]{37,255}|github_pat_[A-Za-z0-9_]{22,}",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
    ),
    _form(
        "gitlab-token",
        r"gl(?:pat|ptt|rt|dt|cbt|oas|soat|ft|agent|imt)-[A-Za-z0-9_.-]{20,}",
        "glpat-",
        "glptt-",
        "glrt-",
        "gldt-",
        "glcbt-",
        "gloas-",
        "glsoat-",
        "glft-",
        "glagent-",
        "glimt-",
    ),
    _form("slack-token", r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{20,}", "xox", "xapp-"),
    _form("slack-webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9+/_-]{20,})", "hooks.slack.com/"),
    _form(
        "discord-webhook",
        r"discord(?:app)?\.com/api/webhooks/\d+/([A-Za-z0-9_-]{60,})",
        "discord.com/api/webhooks/",
        "discordapp.com/api/webhooks/",
    ),
    _form(
        "stripe-key",
        r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{20,}",
        "sk_live_",
        "sk_test_",
        "rk_live_",
        "rk_test_",
        "whsec_",
    ),
    _form("anthropic-key", r"sk-ant-[A-Za-z0-9_-]{20,}", "sk-ant-"),
    _form("openai-key", r"sk-(?!ant-)(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{20,}", "sk-"),
    _form("huggingface-token", r"hf_[A-Za-z0-9]{30,40}|api_org_[A-Za-z0-9]{34}", "hf_", "api_org_"),
    _form("npm-token", r"npm_[A-Za-z0-9]{36}", "npm_"),
    _form("pypi-token", r"pypi-[A-Za-z0-9_-]{50,}", "pypi-"),
    _form("rubygems-key", r"rubygems_[a-f0-9]{48}", "rubygems_"),
    _form("crates-token", r"cio[A-Za-z0-9]{32}", "cio"),
    _form("docker-token", r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{24,}", "dckr_"),
    _form("digitalocean-token", r"do[opr]_v1_[a-f0-9]{64}", "dop_v1_", "dor_v1_", "doo_v1_"),
    _form("sendgrid-key", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", "SG."),
    _form("twilio-key", r"SK[0-9a-f]{32}", "SK"),
    _form("mailgun-key", r"key-[0-9a-f]{32}", "key-"),
    _form("telegram-token", r"\d{8,10}:AA[A-Za-z0-9_-]{33}", ":AA", is_inside=True),
    _form("shopify-token", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}", "shpat_", "shpca_", "shppa_", "shpss_"),
    _form("databricks-token", r"dapi[a-f0-9]{32}(?:-\d)?", "dapi"),
    _form("vault-token", r"hv[sbr]\.[A-Za-z0-9_-]{24,}", "hvs.", "hvb.", "hvr."),
    _form("terraform-token", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}", ".atlasv1.", is_inside=True),
    _form("grafana-token", r"gl(?:c|sa)_[A-Za-z0-9+/=_]{32,}", "glc_", "glsa_"),
    _form("sentry-token", r"sntry[su]_[A-Za-z0-9+/=_]{40,}", "sntrys_", "sntryu_"),
    _form("new-relic-key", r"NRAK-[A-Z0-9]{27}", "NRAK-"),
    _form("atlassian-token", r"ATATT3[A-Za-z0-9_=-]{60,}", "ATATT3"),
    _form("figma-token", r"figd_[A-Za-z0-9_-]{40,}", "figd_"),
    _form("linear-key", r"lin_(?:api|oauth)_[A-Za-z0-9]{40,}", "lin_api_", "lin_oauth_"),
    _form("notion-token", r"(?:ntn_|secret_)[A-Za-z0-9]{43,50}", "ntn_", "secret_"),
    _form("groq-key", r"gsk_[A-Za-z0-9]{40,}", "gsk_"),
    _form("xai-key", r"xai-[A-Za-z0-9]{60,}", "xai-"),
    _form("replicate-token", r"r8_[A-Za-z0-9]{37}", "r8_"),
    _form("supabase-key", r"sb(?:p|_secret)_[A-Za-z0-9_]{30,}", "sbp_", "sb_secret_"),
    _form("planetscale-token", r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{32,}", "pscale_"),
    _form("doppler-token", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,}", "dp."),
    _form("pulumi-token", r"pul-[a-f0-9]{40}", "pul-"),
    _form("age-key", r"AGE-SECRET-KEY-1[A-Z0-9]{58}", "AGE-SECRET-KEY-1"),
    _form("jwt", r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+){0,2}", "eyJ"),
)
"""Secrets that are known by their own form, in any text."""

NAMED_WORDS = (
    *(
        "passw",
        "passp",
        "passc",
        "pass=",
        "pass:",
        "pass =",
        'pass"',
        "pass'",
        "pwd",
        "secret",
        "token",
        "apikey",
        "_key",
        "-key",
    ),
    *("accesskey", "accountkey", "authkey", "privatekey", "signingkey", "encryptionkey", "masterkey", "sessionkey", "licensekey"),
    *("credential", "connection", "webhook", "auth=", "auth:", 'auth"'),
)
_QUOTED = r"\\?\"(?P<double>[^\"\\\n]{1,4096})|'(?P<single>[^'\n]{1,4096})|`(?P<back>[^`\n]{1,4096})"
_BARE = r"[^\s\"'`,;&|<>(){}\[\]\\]{1,4096}"
_SHELL = r"[^\s\"'`;&|<>(){}\\]{1,4096}"
NAMED = re.compile(
    r"(?:passwords?|passwd|passphrase|passcode|pwd|pass|secrets?|tokens?|api[_-]?keys?|access[_-]?keys?|account[_-]?key|auth[_-]?key"
    r"|private[_-]?key|secret[_-]?key|signing[_-]?key|encryption[_-]?key|master[_-]?key|session[_-]?key|license[_-]?key"
    r"|client[_-]?secret|credentials?|connection[_-]?string|webhook[_-]?url|auth)"
    r"(?:[_-]?(?:[0-9]{1,3}|value|prod|production|dev|development|test|staging|live|old|new|raw|base|base64|b64|key))?(?:_base)?"
    rf"(?P<sign>\\?[\"']?\]?[ \t]{{0,8}}(?::=|=>|[:=])[ \t]{{0,8}})(?:[bru]{{0,2}}(?:{_QUOTED})"
    rf"|(?P<whole>[^\s\"'`]{{1,4096}})(?P<end>[ \t]*(?:#[^\n]*)?$)?)",
    re.MULTILINE,
)
"""The end of a name such as `DB_PASSWORD`, `githubToken` or `SECRET_KEY_BASE`, its sign and its value; in lower case.

Names that only hold such a word, like `token_type` or `max_tokens_used`, do not end in it.
"""
_VALUE_END = re.compile(r"[\s\"'`,;&|<>(){}\[\]\\]")
_SHELL_END = re.compile(r"[\s\"'`;&|<>(){}\\]")


def _context(kind: str, pattern: str, *needles: str, also: str = "") -> SecretRule:
    return SecretRule(kind, needles, re.compile(pattern, re.MULTILINE), also=also)


CONTEXTS = (
    _context("password", r"://[^\s/:@\"'<>]{0,256}:([^\s\"'<>]{1,256}?)@(?=[A-Za-z0-9_\[.-])", "://", also="@"),
    _context("token", r"://([A-Za-z0-9_.~-]{20,256})@(?=[A-Za-z0-9_\[.-])", "://", also="@"),
    _context(
        "authorization",
        r"\b(?:proxy-)?authorization(?:\\?[\"']?\s*[:=]\s*[bu]?\\?[\"']?|[\"']\s*,\s*[bu]?[\"'])\s*(?:[A-Za-z][A-Za-z0-9-]{1,20}\s+)?"
        r"([^\s\"'\\,;()]{4,})",
        "authorization",
    ),
    _context("token", r"\bbearer\s+([A-Za-z0-9_.~+/=-]{12,})", "bearer"),
    _context(
        "api-key",
        r"\b(?:x-[a-z0-9-]{0,40}(?:key|token|secret|signature|auth)|private-token|job-token|api-key|ocp-apim-subscription-key)\\?[\"']?\s*[:=]\s*\\?[\"']?([^\s\"'\\,;]{4,})",
        "x-",
        "private-token",
        "job-token",
        "api-key",
        "ocp-apim",
    ),
    _context("cookie", r"(?<![\w-])cookie\\?[\"']?\s*:\s*\\?[\"']?([^\s\"'=;]{1,100}=[^\"'\n]{1,4096})", "cookie"),
    _context("cookie", r"\bset-cookie\\?[\"']?\s*:\s*\\?[\"']?[^\s\"'=;]{1,100}=([^\s\"';]{1,4096})", "set-cookie"),
    _context(
        "password", r"\b(?:login|account|machine)\s+\S{1,200}\s+(?:login\s+\S{1,200}\s+)?password\s+(\S{1,200})", "password"
    ),
    # Arguments of command lines.
    _context(
        "password",
        rf"(?<![\w-])--?(?:[a-z0-9-]{{0,30}}-)?(?:password|passwd|passphrase|pass|pwd|pw)(?:=|\s+)(?:[\"']([^\"'\n]{{1,256}})|({_SHELL}))",
        "-pass",
        "-pwd",
        "-pw",
    ),
    _context(
        "token",
        rf"(?<![\w-])--?(?:[a-z0-9-]{{0,30}}-)?(?:token|secret|api-?key|access-key|secret-key|client-secret|auth|credentials?|cookie)(?:=|\s+)(?:[\"']([^\"'\n]{{1,512}})|({_SHELL}))",
        "-token",
        "-secret",
        "key",
        "-auth",
        "-credential",
        "-cookie",
    ),
    _context(
        "password",
        r"\b(?:curl|http|https|xh|wget2?)\b[^\n|;]{0,200}?\s(?:-[a-zA-Z]{0,8}[ua]|--user|--proxy-user|--auth)[=\s]?\s*[\"']?[^\s:\"']{0,100}:([^\s\"']{1,256})",
        *(" -u", " -a", "--user", "--proxy-user", "--auth"),
    ),
    _context(
        "password",
        r"\b(?:mysql\w*|mariadb[\w-]*|mycli)\b[^\n|;]{0,300}?\s-p[\"']?([^\s\"'-][^\s\"']{0,255})",
        " -p",
    ),
    _context("password", rf"\b(?:sshpass)\b[^\n|;]{{0,100}}?\s-p\s*[\"']?({_SHELL})", "sshpass"),
    _context(
        "password",
        rf"\b(?:docker|podman|helm|oc|az|cf|nerdctl|buildah|skopeo|crane|oras)\b[^\n|;]{{0,100}}?\blogin\b[^\n|;]{{0,200}}?\s-p\s*[\"']?({_SHELL})",
        "login",
    ),
    _context(
        "password",
        rf"\b(?:mongo(?:sh|dump|restore|import|export)?|twine|rabbitmqadmin|7z[ar]?)\b[^\n|;]{{0,300}}?\s-p\s*[\"']?({_SHELL})",
        " -p",
    ),
    _context(
        "password",
        rf"\b(?:redis-cli|valkey-cli|keydb-cli)\b[^\n|;]{{0,300}}?\s-a\s+[\"']?({_SHELL})",
        "redis-cli",
        "valkey-cli",
        "keydb-cli",
    ),
    _context("password", rf"\b(?:ldap\w+)\b[^\n|;]{{0,300}}?\s-w\s+[\"']?({_SHELL})", "ldap"),
    _context("password", rf"\bhtpasswd\b[^\n|;]{{0,40}}?\s-[a-zA-Z]*b[a-zA-Z]*\s+\S+\s+\S+\s+[\"']?({_SHELL})", "htpasswd"),
    _context("password", rf"\bpass(?:in|out)?[=\s]+pass:[\"']?({_SHELL})", "pass:"),
    _context(
        "password",
        rf"\b(?:echo|printf)\s+(?:-\w+\s+)?(?:'%s[^']*'\s+)?(?:[\"']([^\"'\n]{{1,256}})|({_SHELL}))[\"']?\s*\|[^\n]{{0,200}}(?:-stdin\b|sudo\s+(?:-\w+\s+)*-\w*s|chpasswd|passwd\b)",
        "stdin",
        "sudo",
        "passwd",
    ),
    _context(
        "password",
        r"\bidentified\s+(?:with\s+\S+\s+)?by\s+(?:password\s+)?'([^'\n]{1,256})'|\bpassword\s+'([^'\n]{1,256})'",
        "identified",
        "password '",
    ),
    _context(
        "password",
        r"\b(?:env|setx|set[ \t]+-\w+)[ \t]+[\w.-]{0,60}(?:password|passwd|passphrase|secret|token|(?:api|secret|private)_?key)"
        rf"[ \t]+[\"']?({_SHELL})",
        "env ",
        "setx ",
        "set -",
    ),
)
"""Secrets that are known by what stands before them; matched against text in lower case."""

_ORDINARY_TEXT = (
    "always and any array auto basic bearer bool boolean bytes changed char default dict digest disabled empty enabled "
    "env error expired failed false filtered for hidden incorrect int integer invalid is key list masked missing n/a na "
    "name never new nil no none not null number object of off ok on optional or passwd password plain private prompt "
    "public redacted removed required secret self session set stdin str string text the this token true type undefined "
    "unknown unset value varchar wrong yes "
)
_ORDINARY = frozenset(_ORDINARY_TEXT.split())
_CODE = re.compile(
    r"[$%{<*(\[]|\.{3}|x{3,}$|\*+$|-+$|@[A-Za-z]+$"
    r"|(?:self|this|os|process|request|req|config|settings|env|args|options|params|props|ctx|context|app|user|data|kwargs|secrets)[.\[]",
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(r"[A-Za-z_]+(?:\.[A-Za-z_]\w*)*\Z")


def looks_secret(value: str) -> bool:
    """Whether a value that stands where a secret would is one, and not a variable or a word of a message."""
    return "<secret:" not in value and not _CODE.match(value) and value.lower().rstrip(".,;:!?") not in _ORDINARY


_NAME_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_LONGEST_NAME = 60
_LINE_START = re.compile(r"[ \t+>|-]*(?:export[ \t]+|set[ \t]+)?\Z")


def named_value(text: str, match: re.Match[str]) -> tuple[int, int, str] | None:
    """Return where the secret of a match of `NAMED` is and the kind that its name tells; None where it is none."""
    before = text[max(0, match.start() - _LONGEST_NAME) : match.start()]
    prefix = before[len(before.rstrip(_NAME_CHARACTERS)) :]
    start = match.start() - len(prefix)
    if (start and text[start - 1] == "$") or (prefix.endswith("-") and prefix.startswith("-")):
        return None
    name = prefix + text[match.start() : match.start("sign")]
    lower = name.lower()
    if prefix[-1:].isalpha() and lower.endswith(("pass", "auth")) and name[-4:-3].islower() == prefix[-1:].islower():
        return None  # bypass, compass, oauth
    for group in ("double", "single", "back"):
        if match[group] is not None:
            span = match.span(group)
            return (*span, kind_of_name(lower)) if _is_quoted_secret(lower, text[slice(*span)]) else None
    return _bare_value(text, match, start, name)


def _bare_value(text: str, match: re.Match[str], name_start: int, name: str) -> tuple[int, int, str] | None:
    start, end = match.span("whole")
    line_start = text.rfind("\n", 0, name_start) + 1
    is_first = bool(_LINE_START.match(text, line_start, name_start))
    is_joined = match["sign"] == "="
    if not (is_first and is_joined):
        stop = (_SHELL_END if is_joined else _VALUE_END).search(text, start, end)
        is_whole_line = stop is None and match["end"] is not None and is_first
        if stop:
            end = stop.start()
        if not is_joined and not is_whole_line:
            return None
    value = text[start:end]
    if name_start and text[name_start - 1] == "[":  # the parameters of a test
        value = value.partition("]")[0]
        end = start + len(value)
    return (start, end, kind_of_name(name.lower())) if _is_bare_secret(name, value, is_first) else None


def _is_strong(name: str) -> bool:
    return any(part in name for part in ("pass", "pwd", "secret", "credential"))


def _is_quoted_secret(name: str, value: str) -> bool:
    is_phrase = _is_strong(name) and "key" not in name
    return len(value) >= 3 and looks_secret(value) and (is_phrase or " " not in value) and not _is_name_of_field(value)


def _is_bare_secret(name: str, value: str, is_first: bool) -> bool:
    if len(value) < 4 or not looks_secret(value):
        return False
    lower = name.lower()
    if lower.endswith(("auth", "connection")):
        return len(value) >= 8 and any(map(str.isdigit, value))
    if not _IDENTIFIER.match(value):
        return _is_strong(lower) or not value.replace(".", "").replace("_", "").isdigit()
    return name.isupper() or (is_first and _is_strong(lower) and value.isalpha() and value.islower())


def _is_name_of_field(value: str) -> bool:
    lower = value.lower()
    return bool(_IDENTIFIER.match(value)) and any(word in lower for word in ("password", "token", "secret", "key", "auth"))


def kind_of_name(name: str) -> str:
    """Return what the placeholder of a value says of this name."""
    word = name
    for part, kind in (
        ("pass", "password"),
        ("pwd", "password"),
        ("token", "token"),
        ("secret", "secret"),
        ("webhook", "webhook"),
    ):
        if part in word:
            return kind
    return "key" if "key" in word else "credential"
