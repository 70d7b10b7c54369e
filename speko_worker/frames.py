"""The JSON frames of the embedded media protocol (`docs/media-protocol.md`), built and read in one place."""

import json
import re
from dataclasses import dataclass
from enum import StrEnum

from speko_core.types import JsonObject

SUBPROTOCOL = "speko.media.v1"
MAX_TYPED_CHARS = 4_000
# A packet of a room holds no more.
MAX_PROMPT_CHARS = 12_000
MAX_NAME_CHARS = 200
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")


class EndReason(StrEnum):
    """Why a session ended, as the caller and the gateway are told."""

    USER = "user"
    AGENT = "agent"
    TIMEOUT = "timeout"
    DRAIN = "drain"
    ERROR = "error"


CLOSE_CODES = {
    EndReason.USER: 1000,
    EndReason.AGENT: 1000,
    EndReason.TIMEOUT: 4408,
    EndReason.DRAIN: 1001,
    EndReason.ERROR: 1011,
}


@dataclass(frozen=True)
class UserMessage:
    """A typed turn."""

    text: str


@dataclass(frozen=True)
class ContextualUpdate:
    """Something the agent should know, said by nobody."""

    text: str


@dataclass(frozen=True)
class Overrides:
    """What the caller's client wants of its own call instead of the plan's."""

    prompt: str | None = None
    first_message: str | None = None
    language: str | None = None
    voice: str | None = None
    speed: float | None = None


@dataclass(frozen=True)
class Hangup:
    """The caller is gone: an `end` frame, or the connection closed."""


ClientEvent = UserMessage | ContextualUpdate | Overrides | Hangup


def parse_client_frame(text: str) -> ClientEvent | None:
    """Read a text frame; None for unknown types, which both sides ignore.

    Raises:
        ValueError: not a JSON object with a `type`, or a field of the wrong shape. The text is ours.
    """
    try:
        frame = json.loads(text)
    except json.JSONDecodeError:
        raise ValueError("A text frame must be a JSON object.") from None
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise ValueError("A text frame must be a JSON object with a type.")
    if frame["type"] == "end":
        return Hangup()
    if frame["type"] == "user_message":
        return UserMessage(_text(frame.get("text"), "user_message", MAX_TYPED_CHARS))
    if frame["type"] == "contextual_update":
        return ContextualUpdate(_text(frame.get("text"), "contextual_update", MAX_TYPED_CHARS))
    if frame["type"] == "overrides":
        return _overrides(frame.get("overrides"))
    return None


def _overrides(given: object) -> Overrides:
    agent, tts = _part(given, "agent"), _part(given, "tts")
    return Overrides(
        prompt=_optional(agent.get("prompt"), "prompt", MAX_PROMPT_CHARS),
        first_message=_optional(agent.get("firstMessage"), "firstMessage", MAX_TYPED_CHARS),
        language=_language(agent.get("language")),
        voice=_optional(tts.get("voiceId"), "voiceId", MAX_NAME_CHARS),
        speed=_speed(tts.get("speed")),
    )


def _part(given: object, name: str) -> dict[str, object]:
    part = given.get(name) if isinstance(given, dict) else None
    return part if isinstance(part, dict) else {}


def _language(value: object) -> str | None:
    if value is not None and not (isinstance(value, str) and _LANGUAGE.fullmatch(value)):
        raise ValueError("language must be a tag such as en or en-US.")
    return value


def _speed(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.5 <= value <= 2:
        raise ValueError("speed must be a number from 0.5 to 2.")
    return float(value)


def _optional(value: object, name: str, most: int) -> str | None:
    return None if value is None else _text(value, name, most)


def _text(value: object, name: str, most: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} needs a text that is not empty.")
    if len(value) > most:
        raise ValueError(f"{name} text is limited to {most} characters.")
    return value.strip()


def encoded(frame: JsonObject) -> bytes:
    """A frame as it goes over the wire."""
    return json.dumps(frame, separators=(",", ":")).encode()


def state(agent: str) -> JsonObject:
    """What the agent is doing: `listening`, `thinking` or `speaking`."""
    return {"type": "state", "agent": agent}


def user_message_echo(text: str) -> JsonObject:
    """A typed turn has arrived; its own `turn` follows once it is answered."""
    return {"type": "user_message_echo", "text": text}


def transcript(source: str, segment_id: str, text: str, *, is_final: bool) -> JsonObject:
    """Words as they become known; the same segment is replaced until final."""
    return {"type": "transcript", "source": source, "segmentId": segment_id, "text": text, "isFinal": is_final}


def clear() -> JsonObject:
    """Drop all audio not yet played."""
    return {"type": "clear"}


def error(code: str, message: str) -> JsonObject:
    """Something failed; `message` is a sentence of ours."""
    return {"type": "error", "code": code, "message": message}


def end(reason: EndReason) -> JsonObject:
    """The session is over."""
    return {"type": "end", "reason": reason.value}
