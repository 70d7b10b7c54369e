"""The documented packets between a client and the agent, over a real data channel."""

import pytest

from tests.e2e.test_recording import door
from tests.livekit.calls import in_call
from tests.livekit.conftest import Installation
from tests.worker.conftest import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(100), pytest.mark.asyncio(loop_scope="session")]
NOISE: tuple[bytes, ...] = (b"\xff\xfe not text", b"{", b"[]", b'{"type": 7}', b'{"type": "cursor", "x": 1}')


async def test_a_client_overrides_types_and_tells_and_other_data_is_ignored(installation: Installation) -> None:
    """SES-3: the packets of the data-channel page, both ways; joining makes a room anew that the server forgot."""
    agent = {
        "name": "Typist", "systemPrompt": "You are the night porter.", "intent": {"language": "en-US"},
        "firstMessage": "Good evening and welcome to our hotel, we are so glad that you have come to stay with us.",
    }  # fmt: skip
    async with door(installation.product) as rest:
        agent_id = (await rest.post("/v1/agents", json=agent)).json()["id"]
        async with in_call(rest, agent_id, forgotten_by=installation.livekit) as (caller, _):
            await caller.send({"type": "overrides", "overrides": {"agent": {"firstMessage": "Night desk."}}})
            for data in NOISE:
                await caller.send(data)
            await until(lambda: "Night desk." in [turn["text"] for turn in caller.of("turn")], 20)
            await caller.send({"type": "contextual_update", "text": "the page shows room prices"})
            await caller.send({"type": "user_message", "text": " Hello there "})
            await until(lambda: caller.of("turn")[-1]["text"] not in ("Night desk.", "Hello there"), 20)
    assert [packet["text"] for packet in caller.of("user_message_echo")] == ["Hello there"]
    assert [turn["text"] for turn in caller.of("turn") if turn["source"] == "user"] == ["Hello there"]
    finals = [packet["text"] for packet in caller.of("agent_message") if packet["isFinal"]]
    assert finals[-2:] == [turn["text"] for turn in caller.of("turn") if turn["source"] == "agent"][-2:]
    assert caller.of("error") == []
