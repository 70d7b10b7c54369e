"""A speech-to-speech conversation with no account anywhere (SES-6, RTE-17)."""

from speko_core.deps import Deps
from tests.conftest import Tenant, on_sqlite, rest_client
from tests.realtime.kit import serving

pytestmark = on_sqlite


async def spoken(deps: Deps, key: str, text: str) -> bytes:
    """A sentence as PCM at 24 kHz."""
    async with rest_client(deps, key) as client:
        asked = {"text": text, "intent": {"language": "en-US"}}
        answer = await client.post("/v1/synthesize", json=asked, headers={"Accept": "audio/pcm;rate=24000"}, timeout=30)
    assert answer.status_code == 200
    return answer.content


async def test_a_test_key_talks_to_this_machine(deps: Deps, tenant: Tenant) -> None:
    """SES-6, SES-7, RTE-17: spoken question, spoken answer, both in the transcript, and it is labelled."""
    speech = await spoken(deps, tenant.test_key, "what are your opening hours")
    prompt = "Our opening hours are nine to five."
    async with serving(deps, tenant) as house:
        made = await house.create(
            tenant.test_key, s2s={"systemPrompt": prompt, "provider": "openai", "model": "gpt-realtime"}
        )
        assert (made["status"], made["provider"], made["model"]) == (201, "local", "cascade"), made
        async with house.call(made) as talk:
            ready = await talk.until("ready")
            await talk.say(
                *(speech[at : at + 960] for at in range(0, len(speech), 960)), {"t": "control", "action": "commit"}
            )
            await talk.until("transcript", role="user", final=True)
            await talk.until("transcript", role="assistant", final=True)
            await talk.until("usage")
        session = await house.ended(made["sessionId"])
        turns = (await house.get(f"/v1/sessions/{made['sessionId']}/transcript"))["entries"]

    assert (ready["inputSampleRate"], ready["outputSampleRate"]) == (24000, 24000)
    assert len(talk.audio) > 24_000
    assert (session["status"], session["endReason"], session["plan"]["offline"]) == ("ended", "user", True)
    assert [turn["source"] for turn in turns] == ["user", "agent"]
    assert "opening hours" in turns[0]["text"]
    assert "nine" in turns[1]["text"]
    assert turns[1]["provider"] == "local"
