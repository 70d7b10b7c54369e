"""What goes wrong at a vendor: another one takes over while nothing was told, and an end is never silent."""

import asyncio
from pathlib import Path

import httpx
import pytest

from speko_core.metering.schemas import GrantCreate
from tests.fakes.vendors.behaviour import Behaviour, Trouble, refusing
from tests.fakes.vendors.realtime_script import ANSWER, HEARD, Answer
from tests.realtime.kit import House
from tests.realtime.vendors import QUESTION, house_of

OPENAI = {"provider": "openai", "model": "gpt-realtime-2.1"}
BOTH = {"allowedProviders": {"s2s": ["openai:gpt-realtime-2.1", "xai:grok-voice-3.0"]}}
OPENING = {
    "wrong key": refusing(401),
    "down": refusing(503),
    "accepted, then refused": Behaviour(Trouble.EMPTY),
    "closed at once": Behaviour(Trouble.NOTHING),
}


@pytest.mark.parametrize("trouble", OPENING.values(), ids=OPENING)
async def test_another_vendor_takes_the_conversation(trouble: Behaviour, tmp_path: Path, migrated_sqlite: Path) -> None:
    """RTE-9, SES-6: the caller sees nothing but a conversation."""
    async with house_of(tmp_path, migrated_sqlite, "openai", "xai") as (house, fakes):
        fakes["openai"].then(trouble)
        made = await house.create(constraints=BOTH)
        assert made["provider"] == "openai"
        async with house.call(made) as talk:
            await talk.until("ready")
            await talk.say(*QUESTION)
            await talk.until("transcript", role="assistant", final=True)
        await house.ended(made["sessionId"])
        turns = (await house.get(f"/v1/sessions/{made['sessionId']}/transcript"))["entries"]

    assert [frame["t"] for frame in talk.frames if frame["t"] == "error"] == []
    assert turns[-1]["provider"] == "xai"


async def test_the_next_vendor_hears_everything_from_the_start(tmp_path: Path, migrated_sqlite: Path) -> None:
    """RTE-9, SES-6: the first took the session and died at the first word."""
    async with house_of(tmp_path, migrated_sqlite, "openai", "xai") as (house, fakes):
        fakes["openai"].dies_when_spoken_to = True
        made = await house.create(constraints=BOTH)
        async with house.call(made) as talk:
            await talk.until("ready")
            await talk.say(*QUESTION)
            await talk.until("transcript", role="user", final=True, text=HEARD)
            await talk.until("transcript", role="assistant", final=True, text="".join(ANSWER))

    assert bytes(fakes["xai"].audio) == b"".join(QUESTION)
    assert [frame["t"] for frame in talk.frames].count("ready") == 1


@pytest.mark.parametrize("trouble", [Trouble.MALFORMED, Trouble.CUT])
async def test_a_failure_after_the_first_word_ends_it(trouble: Trouble, tmp_path: Path, migrated_sqlite: Path) -> None:
    """RTE-9, SES-6: an error, the end, the code; what was said is kept."""
    async with house_of(tmp_path, migrated_sqlite, "openai", "xai") as (house, fakes):
        fakes["openai"].then(Behaviour(trouble))
        made = await house.create(constraints=BOTH)
        async with house.call(made) as talk:
            await talk.until("ready")
            await talk.say(*QUESTION)
            code = await talk.to_the_end()
        session = await house.ended(made["sessionId"])
        turns = (await house.get(f"/v1/sessions/{made['sessionId']}/transcript"))["entries"]

    assert (code, [frame["t"] for frame in talk.frames[-2:]]) == (4502, ["error", "end"])
    assert talk.frames[-2]["code"] == "PROVIDER_ERROR"
    assert (session["status"], session["endReason"], session["errorCode"]) == ("failed", "error", "PROVIDER_ERROR")
    assert (turns[-1]["text"], turns[-1]["interrupted"]) == (ANSWER[0], True)
    assert fakes["xai"].seen == []


async def test_when_nobody_takes_it_the_caller_is_told(tmp_path: Path, migrated_sqlite: Path) -> None:
    """RTE-10, SES-6: in our words, without the vendor's."""
    async with house_of(tmp_path, migrated_sqlite, "google") as (house, fakes):
        fakes["google"].always = Behaviour(Trouble.EMPTY)
        made = await house.create(s2s={"provider": "google", "model": "gemini-3.8-live"})
        async with house.call(made) as talk:
            code = await talk.to_the_end()
        session = await house.ended(made["sessionId"])

    assert (code, [frame["t"] for frame in talk.frames]) == (4502, ["error", "end"])
    assert "google:gemini-3.8-live" in talk.frames[0]["message"]
    assert "secret" not in str(talk.frames)
    assert (session["status"], session["errorCode"]) == ("failed", "SESSION_CREATE_FAILED")


async def test_a_caller_that_reads_nothing_slows_the_vendor_down(tmp_path: Path, migrated_sqlite: Path) -> None:
    """SES-6: what waits is what sockets hold, however much the vendor would say."""
    pieces = 10_000
    async with house_of(tmp_path, migrated_sqlite, "openai") as (house, fakes):
        fakes["openai"].answers.append(Answer(("x",) * pieces))
        made = await house.create(s2s={"provider": "openai"})
        async with house.call(made, reads_ahead=4) as talk:
            await talk.until("ready")
            await talk.say(*QUESTION)
            before = -1
            async with asyncio.timeout(10):
                while fakes["openai"].pieces > before or before < 1:
                    before = fakes["openai"].pieces
                    await asyncio.sleep(0.3)
            talk.socket.transport.abort()

    assert before < pieces / 2


async def test_without_credit_no_vendor_is_called(tmp_path: Path, migrated_sqlite: Path) -> None:
    """MTR-4: refused when it is created, and ended when the credit runs out in the middle."""
    async with house_of(tmp_path, migrated_sqlite, "openai", billing="prepaid") as (house, fakes):
        poor = await house.create(s2s=OPENAI)
        await _grant(house, 65_000)
        made = await house.create(s2s=OPENAI)
        async with house.call(made) as talk:
            await talk.until("ready")
            await talk.say(*QUESTION)
            code = await talk.to_the_end()
        session = await house.ended(made["sessionId"])

    assert (poor["status"], poor["code"]) == (402, "INSUFFICIENT_CREDITS")
    assert (code, talk.frames[-2]["code"]) == (4402, "INSUFFICIENT_CREDITS")
    assert (session["status"], session["errorCode"]) == ("failed", "INSUFFICIENT_CREDITS")
    assert len(fakes["openai"].seen) == 1


async def _grant(house: House, micro_usd: int) -> None:
    auth = {"Authorization": f"Bearer {house.tenant.key}"}
    async with httpx.AsyncClient(base_url=house.url, headers=auth) as client:
        body = GrantCreate(amount_micro_usd=micro_usd, note="test").model_dump(mode="json", by_alias=True)
        answer = await client.post("/v1/credits/grants", json=body)
    assert answer.status_code == 201, answer.text
    house.deps.standings.forget(house.tenant.organization_id)
