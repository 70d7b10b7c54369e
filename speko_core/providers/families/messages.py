"""JSON messages of vendors: written, and read for the fields we use; vendors add others at any time."""

import base64
import binascii
from collections.abc import Mapping

import orjson

from speko_core.providers.base import FailureKind, ProviderError
from speko_core.types import JsonObject


def told(message: Mapping[str, object]) -> str:
    """A message as JSON text."""
    return orjson.dumps(message).decode()


def heard(message: str | bytes) -> JsonObject:
    """A message as an object.

    Raises:
        ProviderError: `UPSTREAM`, it is none.
    """
    try:
        found = orjson.loads(message)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise ProviderError(FailureKind.UPSTREAM, "a message that is not a JSON object")
    return found


def part(of: Mapping[str, object], *names: str) -> JsonObject:
    """An object within objects; empty where there is none."""
    found: object = of
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, dict) else {}


def text_of(of: Mapping[str, object], name: str) -> str:
    """A text of an object; empty where there is none."""
    found = of.get(name)
    return found if isinstance(found, str) else ""


def count_of(of: Mapping[str, object], name: str) -> int:
    """A number of an object that counts something; 0 where there is none."""
    found = of.get(name)
    return max(0, int(found)) if isinstance(found, int | float) else 0


def decoded(audio: str) -> bytes:
    """Audio out of base64.

    Raises:
        ProviderError: `UPSTREAM`, it is none.
    """
    try:
        return base64.b64decode(audio, validate=True)
    except binascii.Error:
        raise ProviderError(FailureKind.UPSTREAM, "audio that is not base64") from None
