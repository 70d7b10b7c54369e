"""Speech over plain HTTP, as every vendor has it: a text goes up, audio comes down in one of three framings.

A vendor says how its request looks (`SpeechWire`). What comes back is told as what it is: a WAV around the samples is
taken off, a format other than the one asked for keeps its own name, and text under status 200 is a failure.
"""

import base64
import binascii
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Final, NoReturn, Protocol

import httpx
import orjson

from speko_core.audio.content_type import media_type, pcm_content_type, pcm_format_from_content_type
from speko_core.audio.wav_stream import WavStream
from speko_core.errors import InvalidInput
from speko_core.providers.base import AudioChunk, Credential, FailureKind, ProviderError, TtsRequest
from speko_core.providers.families.http import Answer, VendorHttp
from speko_core.providers.families.passages import passages
from speko_core.types import JsonValue

# What we ask vendors for where they have it: players and the media path take it without a decoder.
RATE: Final = 24_000
# The longest passage where a vendor names no limit.
UNSTATED_LIMIT: Final = 5_000
_UNNAMED: Final = frozenset(
    {"", "application/octet-stream", "binary/octet-stream", "audio/l16", "audio/x-pcm", "audio/raw", "audio/x-raw"}
)
_KNOWN: Final[Mapping[str, str]] = {
    "audio/mp3": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/opus": "audio/ogg",
    "application/ogg": "audio/ogg",
    "audio/x-flac": "audio/flac",
    "audio/aacp": "audio/aac",
    "audio/mulaw": "audio/basic",
}
# Formats in which one stream may follow another, so that a text in passages stays one answer.
_JOINABLE: Final = ("audio/pcm", "audio/mpeg", "audio/ogg", "audio/aac", "audio/basic")


class Framing(Protocol):
    """Finds the audio in the bytes of an answer."""

    def feed(self, data: bytes) -> bytes:
        """The audio that `data` completes.

        Raises:
            ProviderError: the vendor reports a failure, or the bytes cannot be read.
        """
        ...

    def end(self) -> None:
        """The answer ended.

        Raises:
            ProviderError: too early.
        """
        ...


class Raw:
    """The body is the audio."""

    def feed(self, data: bytes) -> bytes:
        """See `Framing`."""
        return data

    def end(self) -> None:
        """See `Framing`. Only the transfer itself could show that something is missing."""


class SpeechWire(Protocol):
    """One vendor's requests and answers."""

    def request(self, request: TtsRequest, credential: Credential | None) -> httpx.Request:
        """The call for one passage, asking for PCM at `RATE`.

        Raises:
            ProviderError: `AUTH` without a key.
        """
        ...

    def framing(self) -> Framing:
        """A framing for one answer; `Raw` bytes are read as their content type says, others as PCM at `RATE`."""
        ...

    def longest(self, model: str) -> int:
        """Characters the vendor takes at once."""
        ...


class HttpSpeech:
    """The `TtsAdapter` of one vendor."""

    def __init__(self, http: VendorHttp, wire: SpeechWire) -> None:
        self._http, self._wire = http, wire

    async def synthesize(self, request: TtsRequest, credential: Credential | None) -> AsyncIterator[AudioChunk]:
        """Yield audio as it comes, passage after passage.

        Raises:
            ProviderError: as `FailureKind` says; `EMPTY` for a passage without sound.
        """
        content_type = ""
        for text in passages(request.text, self._wire.longest(request.model)):
            if content_type and media_type(content_type) not in _JOINABLE:
                raise ProviderError(FailureKind.UPSTREAM, "a long text in a format that cannot be continued")
            async with aclosing(self._passage(replace(request, text=text), credential)) as chunks:
                async for chunk in chunks:
                    content_type = chunk.content_type
                    yield chunk

    async def _passage(self, request: TtsRequest, credential: Credential | None) -> AsyncGenerator[AudioChunk, None]:
        spoke, answered, framing = False, False, self._wire.framing()
        async with self._http.stream(self._wire.request(request, credential)) as answer:
            sound = Sound(_told(answer) if isinstance(framing, Raw) else pcm_content_type(RATE))
            async with aclosing(answer.chunks()) as chunks:
                async for data in chunks:
                    answered = answered or bool(data)
                    if audio := sound.feed(framing.feed(data)):
                        spoke = True
                        yield AudioChunk(audio, sound.content_type)
            if answered:
                framing.end()
        if audio := sound.flush():
            spoke = True
            yield AudioChunk(audio, sound.content_type)
        if not spoke:
            raise ProviderError(FailureKind.EMPTY, "no audio")


class Sound:
    """Audio of one passage: knows a WAV by its first bytes, takes it off, and gives whole samples."""

    def __init__(self, content_type: str) -> None:
        self.content_type = content_type
        self._wav = WavStream() if media_type(content_type) == "audio/wav" else None
        self._undecided = self._wav is None and media_type(content_type) == "audio/pcm"
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Audio in `content_type`, which is settled once there is some.

        Raises:
            ProviderError: the WAV is not one.
        """
        if self._undecided:
            data, self._held = self._held + data, b""
            if b"RIFF".startswith(data[:4]) and len(data) < 4:
                self._held = data
                return b""
            self._undecided = False
            self._wav = WavStream() if data[:4] == b"RIFF" else None
        if self._wav is not None:
            data = self._unwrapped(self._wav, data)
        return self._whole(data) if media_type(self.content_type) == "audio/pcm" else data

    def flush(self) -> bytes:
        """What was held back to see whether it begins a WAV; half a sample is dropped."""
        held, self._held = self._held, b""
        return self._whole(held) if self._undecided else b""

    def _unwrapped(self, wav: WavStream, data: bytes) -> bytes:
        try:
            samples = wav.feed(data)
        except InvalidInput as error:
            raise ProviderError(FailureKind.UPSTREAM, error.message) from None
        if wav.info is not None:
            channels = f";channels={wav.info.channels}" if wav.info.channels > 1 else ""
            self.content_type = pcm_content_type(wav.info.sample_rate) + channels
        return samples

    def _whole(self, data: bytes) -> bytes:
        data = self._held + data
        whole = len(data) & ~1
        self._held = data[whole:]
        return data[:whole]


def _told(answer: Answer) -> str:
    """The content type of an answer that is all audio, in our spelling.

    Raises:
        ProviderError: `UPSTREAM` when it is no audio.
    """
    header = answer.headers.get("content-type", "")
    name = media_type(header)
    if name in _UNNAMED:
        return pcm_content_type(RATE)
    if name == "audio/pcm":
        return pcm_content_type(_rate(header))
    if not name.startswith("audio/") and name not in _KNOWN:
        raise ProviderError(FailureKind.UPSTREAM, "an answer that is not audio")
    return _KNOWN.get(name, name)


def _rate(header: str) -> int:
    try:
        found = pcm_format_from_content_type(header) if "rate" in header else None
    except InvalidInput:
        found = None
    return found.rate if found else RATE


def json_body(**fields: JsonValue) -> bytes:
    """A JSON body without the fields that are None: vendors read an explicit null as a value."""
    return orjson.dumps({name: value for name, value in fields.items() if value is not None})


def base64_audio(text: object) -> bytes:
    """The audio in a JSON field; none where the field is absent or empty.

    Raises:
        ProviderError: `UPSTREAM` when it is not base64.
    """
    if not text:
        return b""
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else _not_base64()
    except binascii.Error:
        return _not_base64()


def _not_base64() -> NoReturn:
    raise ProviderError(FailureKind.UPSTREAM, "audio that is not base64")
