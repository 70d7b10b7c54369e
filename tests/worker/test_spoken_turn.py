"""A caller speaks and is answered, through the real worker and real audio."""

import pytest

from speko_worker.talk import TalkOptions, talk
from tests.worker.conftest import until
from tests.worker.fake_gateway import FakeGateway
from tests.worker.speech import speech_wav

QUICK = TalkOptions(timeout_s=25, greeting_wait_s=0.2, quiet_s=0.5, no_answer_s=6)


@pytest.mark.usefixtures("worker")
async def test_a_spoken_turn_is_answered_with_its_latency_and_legs(gateway: FakeGateway) -> None:
    """SES-8: speech goes in over one WebSocket, the transcript and audible speech come back."""
    session = gateway.create()
    result = await talk(gateway.media_url(session), "t", speech_wav("what time do you open"), options=QUICK)
    assert not result.timed_out
    assert [(t["source"], str(t["text"]).strip()) for t in result.turns] == [
        ("user", "what time do you open"),
        ("agent", "We open at nine in the morning."),
    ]
    assert len(result.reply_pcm) / 2 / result.sample_rate > 0.7
    latency = result.latency
    assert latency is not None
    assert all(isinstance(value, int) and 0 <= value < 3000 for value in latency.values()), latency
    assert result.turns[1]["legs"] == {
        "llm": {"provider": "sandbox", "model": "sandbox-1"},
        "tts": {"provider": "local", "model": "flite-rms"},
    }
    assert result.turns[0]["legs"] == {"stt": {"provider": "local", "model": "sphinx-free"}}
    await until(lambda: session.finished is not None)
    assert sorted(session.turns) == [0, 1]
    assert session.finished is not None
    assert session.finished["status"] == "ended"
    assert session.finished["reason"] == "user"
