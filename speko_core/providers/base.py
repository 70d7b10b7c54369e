"""What every provider adapter takes, yields and raises.

An adapter is stateless towards the caller: one call, one async iterator of events. The first event is the
proof of life the failover loop waits for, so an adapter yields nothing before the upstream has produced
something real. Closing the iterator cancels the upstream call.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, runtime_checkable

from speko_core.types import JsonObject

if TYPE_CHECKING:
    from speko_core.providers.realtime import RealtimeAdapter


class Modality(StrEnum):
    """The four kinds of model that routing chooses between."""

    STT = "stt"
    LLM = "llm"
    TTS = "tts"
    S2S = "s2s"


class FailureKind(StrEnum):
    """Why a candidate failed; decides failover, retry and the circuit breaker in one place."""

    NETWORK = "network"
    TIMEOUT = "timeout"
    UPSTREAM = "upstream"  # 5xx, malformed frames
    EMPTY = "empty"  # 200 with nothing in it (ONE-11)
    AUTH = "auth"
    QUOTA = "quota"
    RATE = "rate"
    REFUSED = "refused"
    INVALID = "invalid"  # the caller's input: returned at once, no failover


class ProviderError(Exception):
    """A candidate failed. `detail` is for logs and the operator, never for a caller or a model."""

    def __init__(
        self, kind: FailureKind, detail: str, *, status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.status = status
        self.retry_after_s = retry_after_s

    @property
    def fails_over(self) -> bool:
        """False for a caller's mistake: another provider would not help (RTE-9)."""
        return self.kind is not FailureKind.INVALID


@dataclass(frozen=True)
class Credential:
    """A provider key for one call and where it came from."""

    secret: str
    source: Literal["BYOK", "MANAGED"]
    base_url: str | None = None


# --- speech to text ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SttRequest:
    """Recognize one utterance.

    `pcm` is 16-bit little-endian mono at `sample_rate`, already decoded; `body`/`content_type` are the caller's bytes.
    """

    model: str
    language: str
    body: bytes
    content_type: str
    pcm: bytes
    sample_rate: int
    keywords: tuple[str, ...] = ()
    prompt: str | None = None
    speakers: bool = False  # tell voices apart


@dataclass(frozen=True)
class Word:
    """One word with its place in the audio, in seconds."""

    text: str
    start_s: float
    end_s: float
    confidence: float | None = None
    speaker: str | None = None


@dataclass(frozen=True)
class Transcript:
    """An interim or final recognition. `text` of finals concatenates, separated by a space.

    `warnings` are sentences for the caller about options that were honoured only in part (RTE-20). `language` is the
    tag of what the provider found to be spoken; None where it does not say.
    """

    text: str
    is_final: bool
    confidence: float | None = None
    words: tuple[Word, ...] = ()
    warnings: tuple[str, ...] = ()
    language: str | None = None


# --- language model ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ToolCall:
    """A call the model asks for; `args` is a JSON string that parses, `{}` when empty."""

    id: str
    name: str
    args: str


@dataclass(frozen=True)
class Message:
    """One message of the conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    is_error: bool = False


@dataclass(frozen=True)
class Tool:
    """A function the model may call; `parameters` is a JSON Schema object."""

    name: str
    description: str
    parameters: JsonObject


@dataclass(frozen=True)
class LlmRequest:
    """One model call (one hop)."""

    model: str
    language: str
    messages: tuple[Message, ...]
    system_prompt: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    reasoning_effort: str | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: str | None = None  # auto, none, required, or a tool's name prefixed with "tool:"
    parallel_tool_calls: bool | None = None


class TextDelta(NamedTuple):
    """A piece of the answer. A tuple, because an answer has a thousand of them."""

    text: str


@dataclass(frozen=True)
class LlmUsage:
    """Tokens, as the provider counted them, or `estimated` where it does not.

    `truncated`: the limit of tokens ended the answer.
    """

    prompt_tokens: int
    completion_tokens: int
    estimated: bool = False
    truncated: bool = False


LlmEvent = TextDelta | ToolCall | LlmUsage


# --- text to speech ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TtsRequest:
    """Speak a text."""

    model: str
    language: str
    text: str
    voice: str | None = None
    speed: float | None = None
    instructions: str | None = None


@dataclass(frozen=True)
class AudioChunk:
    """Bytes of one continuous stream in `content_type` (the same for every chunk of a call)."""

    data: bytes
    content_type: str


# --- the ports --------------------------------------------------------------------------------------------------------


class SttAdapter(Protocol):
    """Speech to text."""

    def transcribe(self, request: SttRequest, credential: Credential | None) -> AsyncIterator[Transcript]:
        """Yield interim transcripts and at least one final one.

        Raises:
            ProviderError: as `FailureKind` says.
        """
        ...


@runtime_checkable
class LiveSttAdapter(Protocol):
    """Speech to text while somebody speaks, for the models that the catalogue gives the option `live`."""

    def listen(
        self, request: SttRequest, audio: AsyncIterator[bytes], credential: Credential | None
    ) -> AsyncIterator[Transcript]:
        """Yield interim and final transcripts as they are known; hearing no words is no failure.

        `audio` is 16-bit mono at 16 kHz; an empty piece asks for the final text of what was said so far. `request` has
        no recording.

        Raises:
            ProviderError: as `FailureKind` says.
        """
        ...


class LlmAdapter(Protocol):
    """Chat completion."""

    def complete(self, request: LlmRequest, credential: Credential | None) -> AsyncIterator[LlmEvent]:
        """Yield deltas and tool calls, then one `LlmUsage`.

        Raises:
            ProviderError: as `FailureKind` says.
        """
        ...


class TtsAdapter(Protocol):
    """Text to speech."""

    def synthesize(self, request: TtsRequest, credential: Credential | None) -> AsyncIterator[AudioChunk]:
        """Yield audio as it comes.

        Raises:
            ProviderError: as `FailureKind` says.
        """
        ...


class Availability(Protocol):
    """Which catalogued models can run on this machine; asked at every listing and plan, so it must be cheap."""

    def available_models(self) -> frozenset[str]:
        """Model ids that would work now."""
        ...


@dataclass(frozen=True)
class Provider:
    """One vendor: its adapters by modality. `closers` release processes and connections.

    Without an `availability` every catalogued model is taken to be reachable.
    """

    vendor: str
    stt: SttAdapter | None = None
    llm: LlmAdapter | None = None
    tts: TtsAdapter | None = None
    s2s: "RealtimeAdapter | None" = None
    sandbox: bool = False
    needs_key: bool = True
    closers: tuple["Closer", ...] = field(default=(), repr=False)
    availability: Availability | None = field(default=None, repr=False)

    def has_model(self, model: str) -> bool:
        """False when `model` needs something this machine does not have, such as a speech engine."""
        return self.availability is None or model in self.availability.available_models()


class Closer(Protocol):
    """Something to release at shutdown."""

    async def aclose(self) -> None:
        """Release it; safe to call twice."""
        ...
