"""`POST /v1/audio/speech`: audio as it is made, or the same audio in events.

Source: https://platform.openai.com/docs/api-reference/audio/createSpeech and openai 3.52.0, read 2026-11-20.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from speko_core.audio.transcode import AudioTarget
from speko_core.errors import SpekoError
from speko_core.oneshot.parsing import parse_json, parse_object
from speko_core.oneshot.schemas import MAX_TEXT, SynthesizeInput
from speko_core.oneshot.synthesize import SynthesizeCall, open_synthesize
from speko_core.providers.base import AudioChunk, Modality
from speko_core.types import JsonObject
from speko_gateway.auth import deps_of, principal_with
from speko_gateway.streams.compat.envelope import error_object
from speko_gateway.streams.compat.frames import data
from speko_gateway.streams.compat.intent import Routed, Wish, refused, wish
from speko_gateway.streams.incoming import CLIENT_GONE, JSON_LIMIT_BYTES, SCOPE, body_of, session_of
from speko_gateway.streams.oneshot_answers import AudioAnswer, StreamAnswer

# OpenAI's `pcm` is 16-bit mono at this rate.
PCM_RATE: Final = 24_000
_TARGETS: Final[Mapping[str, AudioTarget]] = {
    "mp3": AudioTarget("mp3"),
    "opus": AudioTarget("ogg"),
    "wav": AudioTarget("wav"),
    "pcm": AudioTarget("pcm", PCM_RATE),
}
# The field is required there, so these leave the voice to the model.
_ANY_VOICE: Final = ("", "auto", "default")


def _by_id(voice: object) -> object:
    """A voice may also be written as an object with its id."""
    return voice.get("id", "") if isinstance(voice, dict) else voice


class SpeechRequest(Routed):
    """Body of `POST /v1/audio/speech`."""

    model_config = ConfigDict(alias_generator=None, extra="ignore")

    input: str = Field(max_length=MAX_TEXT)
    voice: Annotated[str | None, BeforeValidator(_by_id)] = Field(
        None, description="A voice's id, also as an object with `id`; `auto` is the model's default."
    )
    instructions: str | None = None
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] | None = None
    speed: float | None = Field(None, description="0.5 to 2.")
    stream_format: Literal["audio", "sse"] | None = None

    @property
    def target(self) -> AudioTarget:
        """The format to answer in.

        Raises:
            InvalidInput: it cannot be made.
        """
        name = self.response_format or "mp3"
        if name not in _TARGETS:
            raise refused("response_format", f"Audio cannot be made in {name}: ask for mp3, opus, wav or pcm.")
        return _TARGETS[name]


async def speech(request: Request) -> Response:
    """Speak a text."""
    deps, principal = deps_of(request), await principal_with(request, SCOPE)
    body = await body_of(request, JSON_LIMIT_BYTES)
    if body is None:
        return CLIENT_GONE
    said = parse_json(SpeechRequest, body)
    target, spoken = said.target, _synthesis_of(said, wish(deps, request, said, Modality.TTS))
    call = await open_synthesize(deps, principal, spoken, session_id=session_of(request), target=target)
    return SpeechEvents(call) if said.stream_format == "sse" else AudioAnswer(call)


def _synthesis_of(said: SpeechRequest, wish: Wish) -> SynthesizeInput:
    fields: JsonObject = {
        "text": said.input,
        "intent": wish.intent.model_dump(mode="json", by_alias=True),
        "constraints": wish.constraints.model_dump(mode="json", by_alias=True) if wish.constraints else None,
        "voice": None if said.voice in _ANY_VOICE else said.voice,
        "speed": said.speed,
        "instructions": said.instructions,
    }
    return parse_object(SynthesizeInput, fields)


class SpeechEvents(StreamAnswer[SynthesizeCall, AudioChunk]):
    """The audio in base64, event by event."""

    def _first(self) -> bytes:
        return b""

    def _frames(self, batch: Sequence[AudioChunk]) -> bytes:
        audio = b"".join(chunk.data for chunk in batch)
        if not audio:
            return b""
        return data({"type": "speech.audio.delta", "audio": base64.b64encode(audio).decode()})

    def _last(self) -> bytes:
        return data({"type": "speech.audio.done"})

    def _failed(self, error: SpekoError) -> bytes:
        return data(error_object(error))
