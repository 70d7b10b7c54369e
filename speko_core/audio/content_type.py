"""The media types of raw PCM: `audio/pcm;rate=16000`, 16-bit little-endian, mono unless `channels=` says otherwise."""

from dataclasses import dataclass

from speko_core.errors import InvalidInput

MIN_RATE = 4_000
MAX_RATE = 192_000
MAX_CHANNELS = 8


@dataclass(frozen=True)
class PcmFormat:
    """Rate in Hz and number of interleaved channels of raw 16-bit PCM."""

    rate: int
    channels: int = 1


def media_type(content_type: str) -> str:
    """The bare lower-case type of a `Content-Type` value."""
    return content_type.partition(";")[0].strip().lower()


def pcm_format_from_content_type(content_type: str) -> PcmFormat | None:
    """Rate and channels of raw PCM, or None for any other type.

    Raises:
        InvalidInput: the type is `audio/pcm` and `rate` is missing or a parameter is not a usable number.
    """
    if media_type(content_type) != "audio/pcm":
        return None
    parameters = _parameters(content_type)
    if "rate" not in parameters:
        raise _bad_pcm("Raw PCM needs its sample rate.")
    rate = _number(parameters["rate"], "rate", MIN_RATE, MAX_RATE)
    channels = _number(parameters.get("channels", "1"), "channels", 1, MAX_CHANNELS)
    return PcmFormat(rate, channels)


def pcm_rate_from_content_type(content_type: str) -> int | None:
    """The sample rate in Hz of `audio/pcm;rate=N`, or None for any other type.

    Raises:
        InvalidInput: as `pcm_format_from_content_type`.
    """
    found = pcm_format_from_content_type(content_type)
    return None if found is None else found.rate


def pcm_content_type(rate: int) -> str:
    """The media type of 16-bit mono PCM at `rate` Hz."""
    return f"audio/pcm;rate={rate}"


def _parameters(content_type: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in content_type.split(";")[1:])
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _number(text: str, name: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and low <= int(text[:9]) <= high):
        raise _bad_pcm(f"The {name} of raw PCM must be a whole number from {low} to {high}.")
    return int(text)


def _bad_pcm(sentence: str) -> InvalidInput:
    return InvalidInput(
        sentence, "INVALID_AUDIO", hint="Send Content-Type: audio/pcm;rate=16000 with 16-bit mono samples."
    )
