"""Finds credentials in a configuration and takes them out before anything else sees it (MIG-5).

Readers, reports and payloads only ever hold the placeholder, so they cannot leak what they never had. Detection goes
by the name of the field and by the look of the value; when in doubt a value is treated as a credential.
"""

import re
from dataclasses import dataclass
from typing import Literal

from speko_core.migration.paths import Path
from speko_core.migration.secret_signs import (
    HINT,
    ID_NAME,
    ORDINARY,
    PAIR_NAMES,
    TYPE_WORDS,
    VALUE,
    VALUE_NAMES,
    is_header_map,
    is_placeholder,
    is_sensitive_header,
    looks_random,
    named_secret,
    pair_name,
    secret_name,
)
from speko_core.types import JsonValue

Kind = Literal["api_key", "token", "password", "header", "url_credentials", "private_key"]


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
    return VALUE.sub(_replace("REMOVED"), text)


def _replace(name: str) -> "_Replacement":
    return _Replacement(name)


@dataclass
class _Replacement:
    name: str
    count: int = 0

    def __call__(self, match: "re.Match[str]") -> str:
        found = match.group(0)
        if ORDINARY.match(found) or is_placeholder(found.split()[-1]):
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
        if isinstance(value, int | float) and not isinstance(value, bool) and named_secret(path) and value > 999:
            return self._whole(path, "password")
        return value

    def _object(self, value: dict[str, JsonValue], path: Path, in_headers: bool) -> JsonValue:
        pair = "" if VALUE_NAMES.isdisjoint(value) else pair_name(value)
        scrubbed: dict[str, JsonValue] = {}
        for key, item in value.items():
            inside = in_headers or is_header_map(key)
            if pair and key.lower() in VALUE_NAMES and isinstance(item, str) and secret_name(pair):
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
        if in_headers and is_sensitive_header(name) and name.lower() not in PAIR_NAMES and not ID_NAME.search(name):
            return self._hide(text, path, "header")
        if named_secret(path):
            return self._hide(text, path, "password" if "pass" in name.lower() else "api_key")
        if looks_random(text, name):
            return self._whole(path, "token")
        if len(text) < 10 or not HINT.search(text):
            return text
        replacement = _Replacement(self._peek(path))
        cleaned = VALUE.sub(replacement, text)
        if not replacement.count:
            return text
        named = self._name(path)
        self.found.append(Found(path, named, "url_credentials" if "://" in text else "token", whole=False))
        return cleaned

    def _hide(self, text: str, path: Path, kind: Kind) -> JsonValue:
        stripped = text.strip()
        if len(stripped) < 4 or stripped.lower() in TYPE_WORDS or is_placeholder(stripped):
            return text
        return self._whole(path, kind)

    def _whole(self, path: Path, kind: Kind) -> JsonValue:
        name = self._name(path)
        self.found.append(Found(path, name, kind, whole=True))
        return placeholder(name)

    def _base(self, path: Path) -> str:
        words = [str(part) for part in path if isinstance(part, str) and part.lower() not in VALUE_NAMES]
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
