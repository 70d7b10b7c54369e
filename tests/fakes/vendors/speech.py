"""What fake voices have in common: a tone in the formats that are asked for, in pieces that split samples."""

from collections.abc import Sequence

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from speko_core.audio import wav_bytes
from speko_core.audio.transcode import AudioTarget, Transcoder
from tests.fakes.vendors.base import FakeVendor, Played
from tests.fakes.vendors.behaviour import Trouble

RATE = 24_000
SECONDS = 0.25


def spoken(rate: int = RATE, seconds: float = SECONDS) -> bytes:
    """What every voice says: a 440 Hz tone as 16-bit mono PCM."""
    time = np.arange(round(seconds * rate)) / rate
    return (8_000 * np.sin(2 * np.pi * 440 * time)).astype("<i2").tobytes()


def rendered(container: str, rate: int = RATE) -> tuple[bytes, str]:
    """The tone in a container, and its content type."""
    if container == "pcm":
        return spoken(rate), "audio/pcm"
    if container == "wav":
        return wav_bytes(spoken(rate), rate), "audio/wav"
    transcoder = Transcoder(f"audio/pcm;rate={rate}", AudioTarget("mp3"))
    return transcoder.feed(spoken(rate)) + transcoder.flush(), "audio/mpeg"


def pieces(audio: bytes) -> Sequence[bytes]:
    """Four pieces of odd length, but for the last."""
    step = len(audio) // 4 | 1
    return [audio[start : start + step] for start in range(0, len(audio), step)]


class RawVoice(FakeVendor):
    """A vendor whose body is the audio. Bytes of sound cannot be malformed, so its bad answer is a text under 200."""

    def play(self, request: Request, played: Played) -> Response:
        following = self._next[0] if self._next else self.always
        if following.trouble is Trouble.MALFORMED:
            self.behave()
            return Response(b'{"status": "secret prompt"}', 200, media_type="application/json")
        return super().play(request, played)

    def sound(self, request: Request, audio: bytes, content_type: str) -> Response:
        """Answer with `audio`, or as told."""
        return self.play(request, Played(pieces(audio), content_type))
