"""From the format a provider answers in to the format a caller asked for, piece by piece (ONE-10)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from speko_core.audio.content_type import MAX_RATE, MIN_RATE, media_type, pcm_content_type, pcm_format_from_content_type
from speko_core.audio.resample import StreamResampler
from speko_core.audio.stream_decode import StreamDecoder, UnreadableAudio, stream_decoder
from speko_core.audio.stream_encode import (
    MP3_RATE,
    OPUS_RATES,
    Mp3Encoder,
    OpusEncoder,
    PcmEncoder,
    StreamEncoder,
    WavEncoder,
)
from speko_core.errors import InvalidInput

Container = Literal["pcm", "wav", "mp3", "ogg"]
CONTENT_TYPES: Final[Mapping[Container, str]] = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg;codecs=opus",
}
_NAMES: Final[Mapping[str, Container]] = {
    "audio/pcm": "pcm",
    "audio/wav": "wav",
    "audio/wave": "wav",
    "audio/x-wav": "wav",
    "audio/vnd.wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/ogg": "ogg",
    "application/ogg": "ogg",
    "audio/opus": "ogg",
}
_MAKEABLE: Final = "audio/wav, audio/mpeg, audio/ogg or audio/pcm;rate=N"


@dataclass(frozen=True)
class AudioTarget:
    """A format to answer in. `rate` in Hz belongs to PCM; None keeps the provider's."""

    container: Container
    rate: int | None = None

    def is_native(self, content_type: str) -> bool:
        """True when audio of `content_type` is already what was asked for."""
        raw = pcm_format_from_content_type(content_type)
        if raw is not None:
            return self.container == "pcm" and self.rate in (None, raw.rate) and raw.channels == 1
        return self.container != "pcm" and _NAMES.get(media_type(content_type)) == self.container

    @property
    def inexpensive(self) -> bool:
        """True when encoding takes no codec, only copying or a sample-rate filter."""
        return self.container in ("pcm", "wav")


def requested_target(accept: str) -> AudioTarget | None:
    """What an `Accept` header asks for; None when the provider's own format will do.

    The kinds are tried in the order of their `q`, then as written. Kinds that are no audio say nothing about it.

    Raises:
        InvalidInput: only formats are accepted that cannot be made, or PCM has no usable rate.
    """
    wanted = sorted(filter(None, map(_kind, accept.split(","))), key=lambda kind: -kind.weight)
    unknown: list[str] = []
    for kind in wanted:
        if kind.name in ("*/*", "audio/*", "application/octet-stream"):
            return None
        container = _NAMES.get(kind.name)
        if container is not None:
            return AudioTarget(container, _pcm_rate(kind.parameters) if container == "pcm" else None)
        unknown += [kind.name] if kind.name.startswith("audio/") else []
    if unknown:
        raise InvalidInput(f"Audio cannot be made in {', '.join(unknown[:3])}.", hint=f"Accept {_MAKEABLE}.")
    return None


@dataclass(frozen=True)
class _Kind:
    name: str
    weight: float
    parameters: Mapping[str, str]


def _kind(part: str) -> _Kind | None:
    pairs = (item.partition("=") for item in part.split(";")[1:])
    parameters = {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
    try:
        weight = float(parameters.get("q", "1"))
    except ValueError:
        weight = 1.0
    return _Kind(media_type(part), weight, parameters) if weight > 0 else None


def _pcm_rate(parameters: Mapping[str, str]) -> int | None:
    text = parameters.get("rate")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and MIN_RATE <= int(text[:9]) <= MAX_RATE):
        raise InvalidInput(f"The rate of raw PCM must be a whole number from {MIN_RATE} to {MAX_RATE}.")
    return int(text)


class Transcoder:
    """One continuous stream from `content_type` to `target`.

    Blocking and costly where codecs are involved. `content_type` is the result's and is known with its first bytes.
    """

    def __init__(self, content_type: str, target: AudioTarget) -> None:
        """Prepare.

        Raises:
            UnreadableAudio: there is no decoder for `content_type`.
        """
        self.content_type = ""
        self._decoder: StreamDecoder = stream_decoder(content_type)
        self._target = target
        self._out: _Out | None = None

    def feed(self, data: bytes) -> bytes:
        """What can be sent so far; may be empty.

        Raises:
            UnreadableAudio: the bytes are not what `content_type` says.
        """
        return self._encoded(self._decoder.feed(data))

    def flush(self) -> bytes:
        """The tail; empty when there was no sound at all."""
        rest = self._encoded(self._decoder.flush())
        return rest + self._out.flush() if self._out else b""

    def _encoded(self, pcm16: bytes) -> bytes:
        if not pcm16:
            return b""
        if self._out is None:
            self._out = _Out(self._decoder.rate, self._target)
            self.content_type = self._out.content_type
        return self._out.feed(pcm16)


class _Out:
    """The second half: resample, encode."""

    def __init__(self, rate: int, target: AudioTarget) -> None:
        out_rate = _rate_for(rate, target)
        makers: Mapping[Container, Callable[[], StreamEncoder]] = {
            "pcm": PcmEncoder,
            "wav": lambda: WavEncoder(out_rate),
            "mp3": Mp3Encoder,
            "ogg": lambda: OpusEncoder(out_rate),
        }
        self.content_type = CONTENT_TYPES.get(target.container) or pcm_content_type(out_rate)
        self._resampler, self._encoder = StreamResampler(rate, out_rate), makers[target.container]()

    def feed(self, pcm16: bytes) -> bytes:
        return self._encoder.feed(self._resampler.feed(pcm16))

    def flush(self) -> bytes:
        return self._encoder.feed(self._resampler.flush()) + self._encoder.flush()


def _rate_for(rate: int, target: AudioTarget) -> int:
    if target.container == "mp3":
        return MP3_RATE
    if target.container == "ogg":
        return next((known for known in OPUS_RATES if known >= rate), OPUS_RATES[-1])
    return target.rate or rate


__all__ = ["CONTENT_TYPES", "AudioTarget", "Transcoder", "UnreadableAudio", "requested_target"]
