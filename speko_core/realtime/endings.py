"""How a realtime conversation ends: what its caller is told, what its session keeps. Pure."""

from dataclasses import dataclass
from enum import IntEnum

from speko_core.errors import SpekoError


class Close(IntEnum):
    """Codes with which the caller's socket is closed."""

    NORMAL = 1000
    GOING_AWAY = 1001
    TOO_BIG = 1009
    INTERNAL = 1011
    BAD_TOKEN = 4401
    NO_CREDIT = 4402
    OVER = 4408
    USED = 4409
    PROVIDER = 4502


@dataclass(frozen=True)
class Ending:
    """`reason` is the session's; a `code` makes an error of it, told with `message`."""

    close: Close
    reason: str
    code: str | None = None
    message: str = ""

    @property
    def failed(self) -> bool:
        """True when the session could not go on as it was meant to."""
        return self.reason == "error"


class Over(Exception):
    """The conversation is over."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.reason)
        self.ending = ending


LEFT = Ending(Close.NORMAL, "user")
ENDED = Ending(Close.NORMAL, "agent")
REQUESTED = Ending(Close.NORMAL, "agent")
DRAINED = Ending(Close.GOING_AWAY, "drain", "GOING_AWAY", "This server is being restarted; start a new session.")
TIME_OVER = Ending(Close.OVER, "timeout", "SESSION_EXPIRED", "The session has reached its longest duration.")
TOO_BIG = Ending(Close.TOO_BIG, "error", "FRAME_TOO_LARGE", "A frame is larger than 256 KiB.")
BROKEN = Ending(Close.PROVIDER, "error", "PROVIDER_ERROR", "The provider failed in the middle of the conversation.")
BEHIND = Ending(Close.PROVIDER, "error", "PROVIDER_ERROR", "The provider does not keep up with the audio.")
INTERNAL = Ending(Close.INTERNAL, "error", "INTERNAL_ERROR", "Something went wrong on our side.")


def refused(error: SpekoError) -> Ending:
    """No conversation could be begun."""
    close = Close.NO_CREDIT if error.status == 402 else Close.PROVIDER
    return Ending(close, "error", error.code, error.message)
