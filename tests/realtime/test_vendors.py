"""Conversations with each vendor, from the caller's socket to the vendor's and back."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from speko_core.audio import wav_bytes
from speko_core.metering.models import LedgerEntry, UsageEvent
from tests.fakes.vendors.realtime_script import ANSWER, HEARD, PIECE, Answer, Call
from tests.gateway.oneshot_door import program_of
from tests.realtime.kit import House
from tests.realtime.vendors import FAKES, QUESTION, house_of

TOOL = {"name": "get_weather", "description": "Weather.", "parameters": {"type": "object", "properties": {}}}
# Answers without being called.
WEBHOOK = {
    "source": {"kind": "webhook", "url": "https://example.com/hook"},
    "simulation": {"mode": "mock", "response": {"result": "Order 7 has left."}},
}
MODELS = {
    "openai": "gpt-realtime-2.1",
    "google": "gemini-3.8-live",
    "xai": "grok-voice-beta",
    "inworld": "openai/gpt-4o-mini",
}
# What one answer costs at the catalogue's prices, in micro-USD: tokens, minutes of audio, characters.
COSTS = {
    # 30 text and 80 audio not cached, 30 cached; 8 text and 50 audio out.
    "openai": 30 * 4 + 80 * 32 + 30 * 0.4 + 8 * 24 + 50 * 64,
    "google": 40 * 0.75 + 100 * 3 + 8 * 4.5 + 50 * 12,
    # 0.9 s up and 0.3 s down.
    "xai": 80_000 * 1.2 / 60,
    "inworld": 140 * 0.15 + 58 * 0.6 + len("".join(ANSWER)) * 35 + round(5_834 * 0.9 / 60),
}


async def booked(house: House) -> tuple[list[UsageEvent], list[LedgerEntry]]:
    """Usage and ledger of the organization."""
    async with house.deps.database.transaction(house.tenant.organization_id, read_only=True) as db:
        usage = (await db.execute(select(UsageEvent).where(UsageEvent.modality == "s2s"))).scalars().all()
        ledger = (await db.execute(select(LedgerEntry).where(LedgerEntry.metric == "minutes"))).scalars().all()
    return list(usage), list(ledger)


@pytest.mark.parametrize("vendor", FAKES)
async def test_a_conversation_with_each_vendor(vendor: str, tmp_path: Path, migrated_sqlite: Path) -> None:
    """SES-6, SES-7, MTR-1: heard, answered, written down, charged, and ended at the vendor."""
    async with house_of(tmp_path, migrated_sqlite, vendor) as (house, fakes):
        made = await house.create(s2s={"provider": vendor, "model": MODELS[vendor], "systemPrompt": "Be brief."})
        assert made["status"] == 201, made
        async with house.call(made) as talk:
            assert talk.socket.subprotocol == made["wsToken"]
            await talk.until("ready", inputSampleRate=24000, outputSampleRate=24000)
            await talk.say(*QUESTION)
            used = await talk.until("usage")
        session = await house.ended(made["sessionId"])
        turns = (await house.get(f"/v1/sessions/{made['sessionId']}/transcript"))["entries"]
        usage, ledger = await booked(house)

    assert [frame["t"] for frame in talk.frames][0] == "ready"
    said = [(frame["role"], frame["text"]) for frame in talk.frames if frame["t"] == "transcript" and frame["final"]]
    assert set(said) >= {("user", HEARD), ("assistant", "".join(ANSWER))}
    assert len(talk.audio) == len(PIECE * len(ANSWER))
    assert used["outputAudioTokens"] == (50 if vendor in ("openai", "google") else 0)
    assert [(turn["source"], turn["text"]) for turn in turns] == [("user", HEARD), ("agent", "".join(ANSWER))]
    assert (turns[1]["provider"], turns[1]["model"]) == (vendor, made["model"])
    assert (session["status"], session["endReason"], session["recordingStatus"]) == ("ended", "user", "suppressed")
    assert sum(event.cost_micro_usd for event in usage) == pytest.approx(COSTS[vendor], abs=3)
    assert -sum(entry.amount_micro_usd for entry in ledger if entry.usage_id in {event.id for event in usage}) == sum(
        event.cost_micro_usd for event in usage
    )
    assert usage[0].key_source == "MANAGED"
    assert fakes[vendor].answering == 0


@pytest.mark.parametrize("vendor", ["openai", "google"])
async def test_tools_run_here_and_at_the_caller(vendor: str, tmp_path: Path, migrated_sqlite: Path) -> None:
    """SES-6, SES-7: the agent's tool is made here, the request's is handed out; the model speaks on after both."""
    calls = (Call("call_1", "find_order", '{"id": "7"}'), Call("call_2", "get_weather", '{"city": "Paris"}'))
    async with house_of(tmp_path, migrated_sqlite, vendor) as (house, fakes):
        fakes[vendor].answers.append(Answer((), calls))
        await house.add_tool("find_order", **WEBHOOK)
        made = await house.create(agentId=house.tenant.agent_id, s2s={"provider": vendor, "tools": [TOOL]})
        async with house.call(made) as talk:
            await talk.until("ready")
            await talk.say(*QUESTION)
            asked = await talk.until("tool_call")
            await talk.say({"t": "tool_result", "callId": asked["callId"], "output": "Sunny."})
            await talk.until("transcript", role="assistant", final=True)
        await house.ended(made["sessionId"])
        turns = (await house.get(f"/v1/sessions/{made['sessionId']}/transcript"))["entries"]

    assert (asked["callId"], asked["name"]) == ("call_2", "get_weather")
    assert [frame["status"] for frame in talk.frames if frame["t"] == "server_tool_call"] == ["started", "completed"]
    told = str(fakes[vendor].heard)
    assert "Order 7 has left." in told
    assert "Sunny." in told
    assert [call["name"] for call in turns[-1]["toolCalls"]] == ["find_order", "get_weather"]


@pytest.mark.parametrize("vendor", ["openai", "google"])
async def test_who_speaks_over_an_answer_stops_it(vendor: str, tmp_path: Path, migrated_sqlite: Path) -> None:
    """SES-6, SES-9: the caller is told to stop playing, the turn is kept as far as it came."""
    async with house_of(tmp_path, migrated_sqlite, vendor) as (house, fakes):
        fakes[vendor].answers.append(Answer(("One,", " two,") + (" three",) * 50, gap_s=0.05))
        made = await house.create(s2s={"provider": vendor})
        async with house.call(made) as talk:
            await talk.until("ready")
            await talk.say(*QUESTION)
            await talk.until("audio")
            await talk.say(*QUESTION)
            cut = await talk.until("interruption")
            await talk.until("transcript", text="".join(ANSWER), final=True)
        await house.ended(made["sessionId"])
        turns = (await house.get(f"/v1/sessions/{made['sessionId']}/transcript"))["entries"]

    assert cut["at"] == "user"
    agents = [(turn["interrupted"], turn["text"][:4]) for turn in turns if turn["source"] == "agent"]
    assert agents == [(True, "One,"), (False, "Hell")]
    if vendor == "openai":
        assert 0 <= fakes[vendor].received("conversation.item.truncate")[0]["audio_end_ms"] < 1_000


async def test_commit_and_interrupt_reach_the_vendor(tmp_path: Path, migrated_sqlite: Path) -> None:
    """SES-6: a turn without a pause is answered when it is committed, an answer stops when it is interrupted."""
    async with house_of(tmp_path, migrated_sqlite, "openai") as (house, fakes):
        fakes["openai"].answers.append(Answer(("One,",) + (" two",) * 50, gap_s=0.05))
        made = await house.create(s2s={"provider": "openai", "model": "gpt-realtime", "voice": "alloy"})
        async with house.call(made) as talk:
            await talk.until("ready")
            await talk.say(QUESTION[0], {"t": "dance"}, {"t": "control", "action": "commit"})
            await talk.socket.send("{nonsense")
            await talk.until("audio")
            await talk.say({"t": "interrupt"})
            await talk.until("usage")
        fake = fakes["openai"]

    assert (len(fake.received("response.cancel")), len(fake.received("response.create"))) == (1, 1)
    assert fake.sessions[0]["audio"]["output"]["voice"] == "alloy"
    assert fake.seen[0].query == [("model", "gpt-realtime")]


async def test_google_s_farewell_moves_the_conversation(tmp_path: Path, migrated_sqlite: Path) -> None:
    """SES-6: the caller does not notice; the second connection goes on with the handle of the first."""
    async with house_of(tmp_path, migrated_sqlite, "google") as (house, fakes):
        fakes["google"].leaves = 1
        made = await house.create(s2s={"provider": "google", "inputSampleRate": 16000})
        async with house.call(made) as talk:
            await talk.until("ready", inputSampleRate=16000)
            for _ in range(2):
                await talk.say(*QUESTION)
                await talk.until("usage")

    assert [setup["sessionResumption"] for setup in fakes["google"].setups] == [{}, {"handle": "h1"}]
    assert len(talk.audio) == 2 * len(PIECE * len(ANSWER))


async def test_the_agent_speaks_first_where_it_shall(tmp_path: Path, migrated_sqlite: Path) -> None:
    """SES-7: the first message is asked for before the caller has said anything."""
    async with house_of(tmp_path, migrated_sqlite, "xai") as (house, fakes):
        made = await house.create(s2s={"provider": "xai"}, firstMessage="Good morning from Acme.")
        async with house.call(made) as talk:
            await talk.until("transcript", role="assistant", final=True)

    asked = fakes["xai"].received("response.create")[0]["response"]["instructions"]
    assert "Good morning from Acme." in asked


async def test_the_agent_ends_the_conversation_after_its_farewell(tmp_path: Path, migrated_sqlite: Path) -> None:
    """SES-7: `end_call` lets the model say goodbye, and the caller hear it."""
    async with house_of(tmp_path, migrated_sqlite, "openai") as (house, fakes):
        fakes["openai"].answers.extend([Answer((), (Call("call_1", "end_call", "{}"),)), Answer(("Bye.",))])
        await house.add_tool("end_call", source={"kind": "builtin", "name": "end_call"})
        made = await house.create(agentId=house.tenant.agent_id, s2s={"provider": "openai"})
        async with house.call(made) as talk:
            await talk.until("ready")
            await talk.say(*QUESTION)
            code = await talk.to_the_end()
        session = await house.ended(made["sessionId"])

    assert (code, talk.frames[-1], bytes(talk.audio)) == (1000, {"t": "end", "reason": "agent"}, PIECE)
    assert (session["status"], session["endReason"]) == ("ended", "agent")


async def test_the_page_s_program_works(
    tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """SES-6: as it stands in docs/realtime.md, for a question as WAV."""
    (tmp_path / "question.wav").write_bytes(wav_bytes(QUESTION[0], 24_000))
    monkeypatch.chdir(tmp_path)
    async with house_of(tmp_path, migrated_sqlite, "openai") as (house, _):
        monkeypatch.setenv("SPEKO_API_KEY", house.tenant.key)
        program = program_of("realtime.md").replace("http://127.0.0.1:8484", house.url)
        await asyncio.to_thread(exec, program, {"__name__": "__main__"})

    assert "'t': 'usage'" in capsys.readouterr().out
    assert (tmp_path / "answer.wav").stat().st_size > len(PIECE)
