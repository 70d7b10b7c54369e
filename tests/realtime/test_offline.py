"""A speech-to-speech conversation with no account anywhere (SES-6, RTE-17)."""

import asyncio
from pathlib import Path

import pytest

from speko_core.audio import wav_bytes
from speko_core.deps import Deps
from speko_gateway.app import create_app
from speko_gateway.serve import server_config
from tests.conftest import Tenant, on_sqlite, with_deps
from tests.gateway.oneshot_door import program_of
from tests.realtime.kit import serving
from tests.realtime.spoken import spoken
from tests.serving import listening, served

pytestmark = on_sqlite


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


async def test_the_page_s_program_works(
    deps: Deps, tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """SES-6: as it stands in docs/realtime.md, for a question as WAV."""
    speech = await spoken(deps, tenant.test_key, "who are you")
    (tmp_path / "question.wav").write_bytes(wav_bytes(speech, 24_000))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPEKO_API_KEY", tenant.test_key)
    with listening() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        here = with_deps(deps, settings=deps.settings.model_copy(update={"public_url": url}))
        async with served(server_config(create_app(here), here.settings), listener):
            program = program_of("realtime.md").replace("http://127.0.0.1:8484", url)
            await asyncio.to_thread(exec, program, {"__name__": "__main__"})

    assert "'t': 'usage'" in capsys.readouterr().out
    assert (tmp_path / "answer.wav").stat().st_size > 24_000
