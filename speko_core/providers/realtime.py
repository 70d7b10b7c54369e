"""Speech to speech: what an adapter takes, hears, yields and raises.

A conversation is one call of `converse`: inputs go up as they come, events come down. `Ready` is the proof of life the
failover loop waits for. Closing the iterator ends the conversation at the provider.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from speko_core.providers.base import Credential, Tool, ToolCall

Speaker = Literal["user", "assistant"]
# What an input that is no audio takes up on a tape, in bytes.
_WEIGHT = 64


@dataclass(frozen=True)
class RealtimeRequest:
    """A conversation. Audio both ways is 16-bit little-endian mono at the two rates, in Hz."""

    model: str
    language: str
    input_rate: int
    output_rate: int
    instructions: str = ""
    voice: str | None = None
    temperature: float | None = None
    tools: tuple[Tool, ...] = ()


# --- up ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Signal:
    def __len__(self) -> int:
        return _WEIGHT


@dataclass(frozen=True)
class Commit(_Signal):
    """The user's turn is over."""


@dataclass(frozen=True)
class Clear(_Signal):
    """Forget the audio of the turn that is not over yet."""


@dataclass(frozen=True)
class Interrupt(_Signal):
    """Stop the answer; `heard_ms` of it were played. `told` when the provider stops it by itself."""

    heard_ms: int
    told: bool = False


@dataclass(frozen=True)
class Greet(_Signal):
    """Speak first, as the instruction says; `words` where it asks for exactly these."""

    instruction: str
    words: str | None = None


@dataclass(frozen=True)
class ToolResult(_Signal):
    """What a tool that the model called has answered."""

    call_id: str
    output: str

    def __len__(self) -> int:
        return _WEIGHT + len(self.output)


# Bytes are audio.
RealtimeInput = bytes | Commit | Clear | Interrupt | Greet | ToolResult

# --- down -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """The provider has taken the session as asked."""


class Sound(NamedTuple):
    """Audio of the answer. A tuple, because an answer has hundreds of them."""

    pcm: bytes


@dataclass(frozen=True)
class Said:
    """What somebody says, from the beginning of `item`: a later text of the same item replaces an earlier one."""

    speaker: Speaker
    text: str
    is_final: bool
    item: str


@dataclass(frozen=True)
class UserSpeaks:
    """The user began to speak (`speaks`), or paused."""

    speaks: bool


@dataclass(frozen=True)
class Interrupted:
    """The user cut the answer short."""


@dataclass(frozen=True)
class ToolsCancelled:
    """Calls whose results nobody waits for any more."""

    call_ids: tuple[str, ...]


@dataclass(frozen=True)
class AnswerEnded:
    """The model has said all of this answer, or was `cut` short."""

    cut: bool = False


@dataclass(frozen=True)
class Consumed:
    """What an answer took, in tokens as the provider counts them.

    Each of the six excludes the others: `text_in` and `audio_in` were not cached.
    """

    text_in: int = 0
    audio_in: int = 0
    cached_text_in: int = 0
    cached_audio_in: int = 0
    text_out: int = 0
    audio_out: int = 0


@dataclass(frozen=True)
class Recognized:
    """Speech that a recognizer of the same vendor wrote down beside the conversation, at its own price."""

    model: str
    audio_ms: int


RealtimeEvent = (
    Ready | Sound | Said | UserSpeaks | Interrupted | ToolCall | ToolsCancelled | AnswerEnded | Consumed | Recognized
)


class RealtimeAdapter(Protocol):
    """Speech to speech."""

    def converse(
        self, request: RealtimeRequest, inputs: AsyncIterator[RealtimeInput], credential: Credential | None
    ) -> AsyncIterator[RealtimeEvent]:
        """Yield `Ready`, then whatever happens, until the iterator is closed; an end by itself is a failure.

        Raises:
            ProviderError: as `FailureKind` says.
        """
        ...
