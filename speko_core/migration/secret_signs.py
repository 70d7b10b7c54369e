"""What gives a credential away: the name it stands under, and how it looks. Pure."""

import re
from functools import lru_cache

from speko_core.migration.paths import Path
from speko_core.types import JsonValue

_NAMES = re.compile(
    r"^(.*[-_.])?(api[-_]?keys?|secret([-_]?(key|access[-_]?key))?s?|client[-_]?secret|(auth|access|bearer|refresh|id|api|"
    r"session|webhook|bot|verify|service)[-_]?token|token|pass(word|wd|phrase)?|pwd|credentials?|private[-_]?key|"
    r"(access|signing|account|subscription|encryption|license|service[-_]?role|anon|auth|master|webhook)[-_]?key|"
    r"(signing|webhook|server[-_]?url|shared|hmac|jwt)[-_]?secret|authorization|auth[-_]?header|"
    r"(x[-_])?(api|auth)[-_]?key|connection[-_]?string|dsn|pin[-_]?code|xi[-_]api[-_]key|cookie|bearer|sid[-_]?secret|"
    r"app[-_]?certificate)$",
    re.IGNORECASE,
)
_HEADER = re.compile(r"(auth|token|secret|key|cookie|passw|credential|signature|session)", re.IGNORECASE)
_SAFE_HEADER = re.compile(r"^(idempotency-key|keep-alive|sec-websocket-.*)$", re.IGNORECASE)
VALUE = re.compile(
    r"""
    -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----[\s\S]*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    | (?<![A-Za-z0-9])(?:sk|pk|rk|whsec|xai|gsk|key|r8|hf|nvapi|pplx|sntrys|glpat|dop_v1|shpat|lin_api|figd|AIza|ya29|
        ghp|gho|ghs|ghu|ghr|github_pat|xox[abeprs]|SG|sq0\w{3}|EAA\w|pat|napi|bn|rpa|tgp_v1|fc|cal_live|secret|vapi|
        retell|el|xi)[-_.][A-Za-z0-9_\-.=/+]{14,}
    | (?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}
    | (?<![A-Za-z0-9])AIza[A-Za-z0-9_\-]{20,}
    | (?<![A-Za-z0-9])(?:AC|SK)[0-9a-f]{32}(?![A-Za-z0-9])
    | (?<![A-Za-z0-9_\-])eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{6,}(?:\.[A-Za-z0-9_\-]*)?
    | (?i:\b(?:bearer|basic|digest|apikey|token)\ +)(?=[A-Za-z0-9._~+/\-]*[0-9_\-A-Z])[A-Za-z0-9._~+/\-]{12,}=*
    | (?i:(?<![A-Za-z])(?:password|passwd|(?:api|auth|access)[_-]?(?:key|token)|secret)\\?["']?\s*[:=]\s*)
        \\?["']?(?=[^\s"']*[0-9])[^\s"'<>{},;\\]{6,}
    | (?<=://)[^\s/@:'"{}<>]*:[^\s/@'"]+(?=@)
    | (?<=://)[^\s/@:'"{}<>?#]{16,}(?=@)
    | (?i:(?<=[?&])[a-z0-9_\-]*(?:token|key|secret|password|passwd|sig|signature|auth|code|credential)=)
        [^&\s"'\#{}<>]+
    | (?<=hooks\.slack\.com/services/)[A-Za-z0-9/]+
    | (?<=discord\.com/api/webhooks/)[A-Za-z0-9/_\-]+
    """,
    re.VERBOSE,
)
# Cheap to look for in every text; the expression above then runs on few.
HINT = re.compile(
    r"[A-Za-z0-9_\-./+=]{16}|://|-----BEGIN|[Pp]ass|PASS|[Ss]ecret|SECRET|[Tt]oken|TOKEN|[Kk]ey|KEY|[Bb]earer|BEARER|"
    r"[Bb]asic |BASIC |[Dd]igest |DIGEST "
)
# Words that may start a prefix above and are ordinary ids, text or addresses (`key_points_of_the_call`, `el.acme/a`).
ORDINARY = re.compile(r"^[a-z]+(?:[-_./][a-z]+)+$")
_PLACEHOLDER = re.compile(
    r"^(?:\$?\{+[^{}]*\}+|\$[A-Z_][A-Z0-9_]*|<[^<>]*>|\[[^\[\]]*\]|%\([^()]*\)s|(?:Bearer|Basic|Token)\s+"
    r"(?:\$?\{+[^{}]*\}+|<[^<>]*>|\$[A-Z_]+|YOUR[-_ ]?\w*)|__\w+__|x{3,}|\*{3,}|\.{3,}|"
    r"(?:your|my|replace|change|insert|enter|add|todo|set|put|example|placeholder|dummy|test|none|null|env|process\.env|os\.)"
    r"(?:[-_ .:(\[][\w\-. \[\]'\"()]*|me)?)$",
    re.IGNORECASE,
)
TYPE_WORDS = frozenset(
    {"string", "str", "number", "integer", "int", "float", "boolean", "bool", "object", "array", "list", "null", "none"}
    | {"any", "true", "false", "text", "enum", "required", "optional", "default", "auto", "bearer", "basic", "header"}
    | {"query", "body", "apikey", "api_key", "oauth2", "oauth", "jwt", "hmac"}
)
VALUE_NAMES = frozenset(
    {"value", "default", "example", "const", "constant_value", "defaultvalue", "secret", "example_value"}
)
_PAIR_KEYS = ("name", "key", "header", "headerName", "header_name")
PAIR_NAMES = frozenset(key.lower() for key in _PAIR_KEYS)
ID_NAME = re.compile(r"(^id$|[-_]id$|Id$|Ids$|_ids$|uuid|url|uri|path|hash|[dD]igest|voice|model|_type$|name$)")
_FEW_DIGITS = 4
_LONGEST_NAME = 200
_RANDOM_LENGTH = 32
_LONG = re.compile(r"^[A-Za-z0-9+/_\-.=]{32,}$")


def is_sensitive_header(name: str) -> bool:
    """Whether values of this header are credentials as a rule."""
    return bool(_HEADER.search(name)) and not _SAFE_HEADER.match(name)


def is_placeholder(text: str) -> bool:
    """Whether a person was meant to fill this in, so that there is nothing to hide."""
    bare = text.strip()
    # `test_…` may begin a real key as well as a placeholder; a placeholder is made of words.
    return bool(_PLACEHOLDER.match(bare)) and sum(letter.isdigit() for letter in bare) < _FEW_DIGITS


@lru_cache(maxsize=4096)
def is_header_map(key: str) -> bool:
    """Whether the object under this key holds request headers."""
    return key.lower().replace("_", "").replace("-", "") in (
        "headers", "requestheaders", "header", "customheaders", "authheaders", "httpheaders", "authtokens",
    )  # fmt: skip


def pair_name(value: dict[str, JsonValue]) -> str:
    """The name of an object that is a name and a value; empty for another."""
    for key in _PAIR_KEYS:
        name = value.get(key)
        if isinstance(name, str):
            return name
    return ""


def secret_name(name: str) -> bool:
    """Whether a credential stands under such a name, in a header or elsewhere."""
    return _is_secret_name(name) or is_sensitive_header(name)


@lru_cache(maxsize=4096)
def _is_secret_name(name: str) -> bool:
    return len(name) < _LONGEST_NAME and bool(_NAMES.match(_snake(name)))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)


def named_secret(path: Path) -> bool:
    """Whether the names on the way to a value say that it is a credential."""
    if path and isinstance(path[-1], str) and path[-1].lower() not in VALUE_NAMES:
        return _is_secret_name(path[-1])
    names = [part for part in path[-3:] if isinstance(part, str)]
    if not names:
        return False
    last = names[-1]
    if len(names) > 1 and last.lower() in VALUE_NAMES and last.lower() != "secret":
        last = names[-2]
    return _is_secret_name(last)


def looks_random(text: str, name: str) -> bool:
    """Whether a text is long and without words, as keys are; names of ids excuse it."""
    if (
        len(text) < _RANDOM_LENGTH
        or not _LONG.match(text)
        or ID_NAME.search(name)
        or text.startswith(("http", "./", "/"))
    ):
        return False
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        return False
    if re.fullmatch(r"[0-9a-f]{32,}|[0-9A-F]{32,}", text):
        return True
    classes = sum(bool(re.search(kind, text)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return classes == 3 and "." not in text and len(re.findall(r"[-_/]", text)) < len(text) / 8
