"""A caller speaks and is answered, through the real worker and real audio."""

import pytest

from speko_core.types import JsonObject
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


@pytest.mark.usefixtures("worker")
async def test_a_recognizer_that_hears_live_is_listened_to_while_the_caller_speaks(gateway: FakeGateway) -> None:
    """SES-3, SES-5: interim words reach the caller and are not stored; each final ends one utterance."""
    session = gateway.create(hearsLive=True, sttKeywords=("Acme",))
    events: list[JsonObject] = []
    speech = speech_wav("what time do you open")
    result = await talk(gateway.media_url(session), "t", speech, options=QUICK, on_event=events.append)
    assert [(turn["source"], turn["text"]) for turn in result.turns] == [
        ("user", "what time do you open"),
        ("agent", "We open at nine in the morning."),
    ]
    words = [event for event in events if (event["type"], event.get("source")) == ("transcript", "user")]
    heard = [(event["text"], event["isFinal"]) for event in words]
    assert heard == [("what", False), ("what time do you open", True)]
    assert result.turns[0]["legs"] == {"stt": {"provider": "acme", "model": "ear-1"}}
    assert isinstance(result.latency, dict)
    assert 40 <= int(str(result.latency["sttMs"])) < 2_000
    (opening,) = gateway.calls_to("live")
    assert opening["options"] == {"keywords": ["Acme"]}
    assert (opening["sampleRate"], opening["sessionId"], opening["_auth"]) == (16_000, "s1", "Bearer st_s1")
    await until(lambda: session.finished is not None)
    assert [text for _, text in session.texts] == ["what time do you open", "We open at nine in the morning."]
