"""Finds credentials in a configuration and takes them out before anything else sees it (MIG-5).

Readers, reports and payloads only ever hold the placeholder, so they cannot leak what they never had. Detection goes
by the name of the field and by the look of the value; when in doubt a value is treated as a credential.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from speko_core.migration.paths import Path
from speko_core.types import JsonValue

Kind = Literal["api_key", "token", "password", "header", "url_credentials", "private_key"]

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
_VALUE = re.compile(
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
_HINT = re.compile(
    r"[A-Za-z0-9_\-./+=]{16}|://|-----BEGIN|[Pp]ass|PASS|[Ss]ecret|SECRET|[Tt]oken|TOKEN|[Kk]ey|KEY|[Bb]earer|BEARER|"
    r"[Bb]asic |BASIC |[Dd]igest |DIGEST "
)
# Words that may start a prefix above and are ordinary ids or text (`key_points_of_the_call`, `pat_...`).
_ORDINARY = re.compile(r"^[a-z]+(?:[-_.][a-z]+)+$")
_PLACEHOLDER = re.compile(
    r"^(?:\$?\{+[^{}]*\}+|\$[A-Z_][A-Z0-9_]*|<[^<>]*>|\[[^\[\]]*\]|%\([^()]*\)s|(?:Bearer|Basic|Token)\s+"
    r"(?:\$?\{+[^{}]*\}+|<[^<>]*>|\$[A-Z_]+|YOUR[-_ ]?\w*)|__\w+__|x{3,}|\*{3,}|\.{3,}|"
    r"(?:your|my|replace|change|insert|enter|add|todo|set|put|example|placeholder|dummy|test|none|null|env|process\.env|os\.)"
    r"(?:[-_ .:(\[][\w\-. \[\]'\"()]*|me)?)$",
    re.IGNORECASE,
)
_TYPE_WORDS = frozenset(
    {"string", "str", "number", "integer", "int", "float", "boolean", "bool", "object", "array", "list", "null", "none"}
    | {"any", "true", "false", "text", "enum", "required", "optional", "default", "auto", "bearer", "basic", "header"}
    | {"query", "body", "apikey", "api_key", "oauth2", "oauth", "jwt", "hmac"}
)
_VALUE_NAMES = frozenset(
    {"value", "default", "example", "const", "constant_value", "defaultvalue", "secret", "example_value"}
)
_PAIR_KEYS = ("name", "key", "header", "headerName", "header_name")
_PAIR_NAMES = frozenset(key.lower() for key in _PAIR_KEYS)
_ID_NAME = re.compile(r"(^id$|[-_]id$|Id$|Ids$|_ids$|uuid|url|uri|path|hash|[dD]igest|voice|model|_type$|name$)")
_FEW_DIGITS = 4
_LONGEST_NAME = 200
_RANDOM_LENGTH = 32
_LONG = re.compile(r"^[A-Za-z0-9+/_\-.=]{32,}$")


@dataclass(frozen=True)
class KeyToSet:
    """A credential the source had. `name` is where the payload refers to it; the value is gone."""

    name: str
    pointer: str
    kind: Kind
    reason: str


@dataclass(frozen=True)
class Found:
    """A credential at a leaf; `whole` when nothing but the credential stood there."""

    path: Path
    name: str
    kind: Kind
    whole: bool


def placeholder(name: str) -> str:
    """What stands in a text or a header instead of the credential."""
    return f"[set {name}]"


def scrub_text(text: str) -> str:
    """The text without anything that looks like a credential, for messages and file names."""
    return _VALUE.sub(_replace("REMOVED"), text)


def is_sensitive_header(name: str) -> bool:
    """Whether values of this header are credentials as a rule."""
    return bool(_HEADER.search(name)) and not _SAFE_HEADER.match(name)


def is_placeholder(text: str) -> bool:
    """Whether a person was meant to fill this in, so that there is nothing to hide."""
    bare = text.strip()
    # `test_…` may begin a real key as well as a placeholder; a placeholder is made of words.
    return bool(_PLACEHOLDER.match(bare)) and sum(letter.isdigit() for letter in bare) < _FEW_DIGITS


def _replace(name: str) -> "_Replacement":
    return _Replacement(name)


@dataclass
class _Replacement:
    name: str
    count: int = 0

    def __call__(self, match: "re.Match[str]") -> str:
        found = match.group(0)
        if _ORDINARY.match(found) or is_placeholder(found.split()[-1]):
            return found
        self.count += 1
        return placeholder(self.name)


class Scrubber:
    """Walks a document once and returns it without credentials; `found` lists where they were."""

    def __init__(self) -> None:
        self.found: list[Found] = []
        self._names: dict[str, int] = {}

    def scrub(self, value: JsonValue, path: Path = (), in_headers: bool = False) -> JsonValue:
        """A copy of `value` with placeholders."""
        if isinstance(value, str):
            return self._text(value, path, in_headers)
        if isinstance(value, dict):
            return self._object(value, path, in_headers)
        if isinstance(value, list):
            return self._array(value, path, in_headers)
        if isinstance(value, int | float) and not isinstance(value, bool) and _named_secret(path) and value > 999:
            return self._whole(path, "password")
        return value

    def _object(self, value: dict[str, JsonValue], path: Path, in_headers: bool) -> JsonValue:
        pair = "" if _VALUE_NAMES.isdisjoint(value) else _pair_name(value)
        scrubbed: dict[str, JsonValue] = {}
        for key, item in value.items():
            inside = in_headers or _is_header_map(key)
            if pair and key.lower() in _VALUE_NAMES and isinstance(item, str) and _secret_name(pair):
                scrubbed[key] = self._hide(item, (*path, key), "header")
                continue
            clean = scrub_text(key) if len(key) > 15 else key
            scrubbed[clean] = self.scrub(item, (*path, clean), inside)
        return scrubbed

    def _array(self, value: list[JsonValue], path: Path, in_headers: bool) -> JsonValue:
        if in_headers and len(value) == 2 and all(isinstance(item, str) for item in value):
            name, text = str(value[0]), str(value[1])
            if is_sensitive_header(name):
                return [name, self._hide(text, (*path, 1), "header")]
        return [self.scrub(item, (*path, at), in_headers) for at, item in enumerate(value)]

    def _text(self, text: str, path: Path, in_headers: bool) -> JsonValue:
        name = str(path[-1]) if path else ""
        if in_headers and is_sensitive_header(name) and name.lower() not in _PAIR_NAMES and not _ID_NAME.search(name):
            return self._hide(text, path, "header")
        if _named_secret(path):
            return self._hide(text, path, "password" if "pass" in name.lower() else "api_key")
        if _looks_random(text, name):
            return self._whole(path, "token")
        if len(text) < 10 or not _HINT.search(text):
            return text
        replacement = _Replacement(self._peek(path))
        cleaned = _VALUE.sub(replacement, text)
        if not replacement.count:
            return text
        named = self._name(path)
        self.found.append(Found(path, named, "url_credentials" if "://" in text else "token", whole=False))
        return cleaned

    def _hide(self, text: str, path: Path, kind: Kind) -> JsonValue:
        stripped = text.strip()
        if len(stripped) < 4 or stripped.lower() in _TYPE_WORDS or is_placeholder(stripped):
            return text
        return self._whole(path, kind)

    def _whole(self, path: Path, kind: Kind) -> JsonValue:
        name = self._name(path)
        self.found.append(Found(path, name, kind, whole=True))
        return placeholder(name)

    def _base(self, path: Path) -> str:
        words = [str(part) for part in path if isinstance(part, str) and part.lower() not in _VALUE_NAMES]
        text = "_".join(words[-2:]) or "SECRET"
        text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
        return re.sub(r"[^A-Z0-9]+", "_", text.upper()).strip("_")[:60] or "SECRET"

    def _peek(self, path: Path) -> str:
        base = self._base(path)
        count = self._names.get(base, 0) + 1
        return base if count == 1 else f"{base}_{count}"

    def _name(self, path: Path) -> str:
        name = self._peek(path)
        base = self._base(path)
        self._names[base] = self._names.get(base, 0) + 1
        return name


@lru_cache(maxsize=4096)
def _is_header_map(key: str) -> bool:
    return key.lower().replace("_", "").replace("-", "") in (
        "headers", "requestheaders", "header", "customheaders", "authheaders", "httpheaders", "authtokens",
    )  # fmt: skip


def _pair_name(value: dict[str, JsonValue]) -> str:
    for key in _PAIR_KEYS:
        name = value.get(key)
        if isinstance(name, str):
            return name
    return ""


def _secret_name(name: str) -> bool:
    return _is_secret_name(name) or is_sensitive_header(name)


@lru_cache(maxsize=4096)
def _is_secret_name(name: str) -> bool:
    return len(name) < _LONGEST_NAME and bool(_NAMES.match(_snake(name)))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)


def _named_secret(path: Path) -> bool:
    if path and isinstance(path[-1], str) and path[-1].lower() not in _VALUE_NAMES:
        return _is_secret_name(path[-1])
    names = [part for part in path[-3:] if isinstance(part, str)]
    if not names:
        return False
    last = names[-1]
    if len(names) > 1 and last.lower() in _VALUE_NAMES and last.lower() != "secret":
        last = names[-2]
    return _is_secret_name(last)


def _looks_random(text: str, name: str) -> bool:
    if (
        len(text) < _RANDOM_LENGTH
        or not _LONG.match(text)
        or _ID_NAME.search(name)
        or text.startswith(("http", "./", "/"))
    ):
        return False
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        return False
    if re.fullmatch(r"[0-9a-f]{32,}|[0-9A-F]{32,}", text):
        return True
    classes = sum(bool(re.search(kind, text)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return classes == 3 and "." not in text and len(re.findall(r"[-_/]", text)) < len(text) / 8
