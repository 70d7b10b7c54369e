"""The JSON frames of the embedded media protocol (`docs/media-protocol.md`), built and read in one place."""

import json
from dataclasses import dataclass
from enum import StrEnum

from speko_core.types import JsonObject

SUBPROTOCOL = "speko.media.v1"
MAX_TYPED_CHARS = 4_000


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
class Hangup:
    """The caller is gone: an `end` frame, or the connection closed."""


ClientEvent = UserMessage | Hangup


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
        return UserMessage(_typed_text(frame.get("text")))
    return None


def _typed_text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("user_message needs a text that is not empty.")
    if len(value) > MAX_TYPED_CHARS:
        raise ValueError(f"user_message text is limited to {MAX_TYPED_CHARS} characters.")
    return value.strip()


def encoded(frame: JsonObject) -> bytes:
    """A frame as it goes over the wire."""
    return json.dumps(frame, separators=(",", ":")).encode()


def state(agent: str) -> JsonObject:
    """What the agent is doing: `listening`, `thinking` or `speaking`."""
    return {"type": "state", "agent": agent}


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
