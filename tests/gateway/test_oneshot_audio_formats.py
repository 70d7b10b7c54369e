"""`POST /v1/synthesize` with a wish for a format (ONE-10)."""

import httpx
import numpy as np
import pytest

from speko_core.audio import decode
from speko_core.audio.transcode import AudioTarget, requested_target
from speko_core.deps import Deps
from speko_core.errors import InvalidInput
from speko_core.providers.base import AudioChunk, FailureKind
from speko_gateway.app import create_app
from tests.core.audio_kit import RATE, SOURCES, length, pieces, source, tone
from tests.fakes.scripted_providers import SPOKEN, Pause, cast, failure
from tests.gateway.oneshot_door import bare_deps, door, known_key, with_cast
from tests.gateway.test_oneshot_streams import serving

__all__ = ["bare_deps"]

SAY = {"text": "Hello there.", "intent": {"language": "en"}}
ASKED = {
    "audio/wav": "audio/wav",
    "audio/mpeg": "audio/mpeg",
    "audio/ogg": "audio/ogg;codecs=opus",
    "audio/pcm;rate=8000": "audio/pcm;rate=8000",
    "audio/pcm;rate=44100": "audio/pcm;rate=44100",
}


def chunks(kind: str, seconds: float = 1.0) -> tuple[AudioChunk, ...]:
    """A tone as a provider would send it."""
    body, content_type = source(kind, seconds)
    cuts = [len(body) * part // 7 for part in range(1, 7)]
    return tuple(AudioChunk(piece, content_type) for piece in pieces(body, cuts))


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("accept", ASKED)
async def test_any_providers_audio_comes_in_the_format_asked_for(bare_deps: Deps, kind: str, accept: str) -> None:
    """ONE-10: the headers say the real format, and the length is kept within 50 ms."""
    async with door(bare_deps, cast(acme=chunks(kind))) as client:
        answer = await client.post("/v1/synthesize", json=SAY, headers={"Accept": accept})
    assert answer.status_code == 200
    native = accept == "audio/ogg" and kind == "ogg"
    assert answer.headers["content-type"] == ("audio/ogg" if native else ASKED[accept])
    assert answer.headers["x-speko-audio-format"] == answer.headers["content-type"]
    heard = decode(answer.content, answer.headers["content-type"])
    assert abs(heard.duration_s - length(kind, source(kind, 1.0)[0])) <= 0.05
    assert np.abs(np.frombuffer(heard.pcm16, dtype="<i2")).max() > 5_000


@pytest.mark.parametrize("accept", ["*/*", "audio/*", "application/octet-stream", "application/json", "audio/mpeg"])
async def test_without_a_wish_the_providers_bytes_pass_untouched(bare_deps: Deps, accept: str) -> None:
    """ONE-3, ONE-10: also when the wish is what the provider sends anyway."""
    sent = chunks("mp3")
    async with door(bare_deps, cast(acme=sent)) as client:
        answer = await client.post("/v1/synthesize", json=SAY, headers={"Accept": accept})
    assert answer.content == b"".join(chunk.data for chunk in sent)
    assert answer.headers["content-type"] == "audio/mpeg"


@pytest.mark.parametrize("broken", [b'{"error": "no"}' * 50, b"\x00" * 5_000, b"ID3"], ids=["json", "zeros", "tag"])
async def test_audio_that_cannot_be_decoded_is_a_failed_candidate(bare_deps: Deps, broken: bytes) -> None:
    """RTE-9, ONE-11: the next one answers, unseen."""
    scripted = cast(first=(AudioChunk(broken, "audio/mpeg"),), second=SPOKEN)
    async with door(bare_deps, scripted) as client:
        answer = await client.post("/v1/synthesize", json=SAY, headers={"Accept": "audio/wav"})
    assert answer.headers["x-speko-provider"] == "second"
    assert answer.headers["x-speko-failover-count"] == "1"


async def test_a_failure_in_the_middle_cuts_the_answer(bare_deps: Deps) -> None:
    """ONE-6: a converted answer is as honest as a native one."""
    steps = (AudioChunk(tone(1.0), f"audio/pcm;rate={RATE}"), Pause(0.05), failure(FailureKind.NETWORK))
    app = create_app(with_cast(bare_deps, cast(first=steps, second=SPOKEN)))
    headers = {"Authorization": f"Bearer {known_key(bare_deps)}", "Accept": "audio/mpeg"}
    async with serving(app) as port, httpx.AsyncClient() as client:
        url = f"http://127.0.0.1:{port}/v1/synthesize"
        async with client.stream("POST", url, json=SAY, headers=headers) as answer:
            assert answer.headers["content-type"] == "audio/mpeg"
            with pytest.raises(httpx.RemoteProtocolError):
                await answer.aread()


async def test_a_format_nobody_can_make_is_refused_before_a_provider_is_called(bare_deps: Deps) -> None:
    """ONE-10"""
    scripted = cast(acme=SPOKEN)
    async with door(bare_deps, scripted) as client:
        answer = await client.post("/v1/synthesize", json=SAY, headers={"Accept": "audio/midi"})
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert "audio/midi" in answer.json()["error"]
    assert scripted.scripts["acme"].requests == []


@pytest.mark.parametrize(
    ("accept", "target"),
    [
        ("", None),
        ("*/*", None),
        ("application/json", None),
        ("application/json, audio/wav", AudioTarget("wav")),
        ("audio/wav, audio/mpeg", AudioTarget("wav")),
        ("audio/wav;q=0.5, audio/mpeg", AudioTarget("mp3")),
        ("audio/midi, audio/mpeg;q=0.1", AudioTarget("mp3")),
        ("audio/midi, */*;q=0.1", None),
        ("audio/wav;q=0, */*", None),
        ("AUDIO/PCM; Rate=16000", AudioTarget("pcm", 16_000)),
        ("audio/pcm", AudioTarget("pcm")),
        ("audio/ogg; codecs=opus", AudioTarget("ogg")),
    ],
)
def test_the_accept_header_is_read_as_http_says(accept: str, target: AudioTarget | None) -> None:
    """ONE-10"""
    assert requested_target(accept) == target


@pytest.mark.parametrize("accept", ["audio/pcm;rate=0", "audio/pcm;rate=fast", "audio/pcm;rate=999999", "audio/midi"])
def test_a_wish_that_makes_no_sense_is_refused(accept: str) -> None:
    """ONE-10"""
    with pytest.raises(InvalidInput):
        requested_target(accept)
