"""The guide on tool calling, followed word for word; then everything an endpoint can do wrong."""

import asyncio
import json

import httpx
import pytest

from tests.conftest import Tenant
from tests.gateway.oneshot_door import JSON, events
from tests.gateway.pet_shop import (
    PROMPT,
    PetShop,
    Reply,
    guide_deps,
    pet_shop,
    register,
    respond,
    rest,
    shop,
    tenant,
)

__all__ = ["guide_deps", "rest", "shop", "tenant"]


def ask(
    tool: dict[str, object], text: str = "Can you look up the pet named Luna?", **more: object
) -> dict[str, object]:
    return {
        "messages": [{"role": "user", "content": text}],
        "systemPrompt": PROMPT,
        "intent": {"language": "en-US", "optimizeFor": "latency"},
        "tools": [tool],
        **more,
    }


async def test_the_model_calls_the_endpoint_and_the_agent_says_the_answer(
    rest: httpx.AsyncClient, tenant: Tenant, shop: PetShop
) -> None:
    """AGT-3, ONE-4: the whole guide, over the event stream."""
    tool = await register(rest, tenant, shop)
    answer = await rest.post("/v1/complete", json=ask(tool))
    told = [(name, json.loads(data)) for name, data in events(answer.content)]
    assert [name for name, _ in told if name != "delta"] == [
        "meta", "server_tool_call", "server_tool_call", "meta", "done"
    ]  # fmt: skip
    assert [data["status"] for name, data in told if name == "server_tool_call"] == ["started", "completed"]
    assert [data["hop"] for name, data in told if name == "meta"] == [0, 1]
    assert shop.bodies == [{"name": "Luna"}]
    done = told[-1][1]
    assert "Luna" in done["text"]
    assert "corgi" in done["text"]
    assert "toolCalls" not in done
    assert done["text"] == "".join(data["text"] for name, data in told if name == "delta")
    assert done["usage"]["completionTokens"] > 0


async def test_the_same_as_one_object(rest: httpx.AsyncClient, tenant: Tenant, shop: PetShop) -> None:
    """ONE-2: the loop also answers in JSON."""
    tool = await register(rest, tenant, shop)
    answer = (await rest.post("/v1/complete", json=ask(tool), headers=JSON)).json()
    assert "corgi" in answer["text"]
    assert shop.refused == 0


async def _slow(writer: asyncio.StreamWriter, body: bytes) -> None:
    await asyncio.sleep(5)


async def _flood(writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.write(respond(200, b'"' + b"x" * 5_000_000 + b'"'))


async def _short(writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.write(respond(200, b'{"name": "Lu', length=5_000))


async def _broken(writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.write(respond(500, b"<html>oops</html>"))


async def _moved(writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.write(respond(302, b""))


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (_broken, "HTTP status 500"),
        (_slow, "did not answer in time"),
        (_short, "broke off"),
        (_flood, "too large"),
        (_moved, "redirect"),
    ],
)
async def test_an_endpoint_that_fails_is_told_to_the_model_and_never_breaks_the_answer(
    rest: httpx.AsyncClient, tenant: Tenant, shop: PetShop, reply: Reply, said: str
) -> None:
    """AGT-3: errors are surfaced so that the agent can apologize."""
    tool = await register(rest, tenant, shop, timeoutMs=300)
    shop.reply = reply
    answer = await rest.post("/v1/complete", json=ask(tool))
    told = [(name, json.loads(data)) for name, data in events(answer.content)]
    assert [data["status"] for name, data in told if name == "server_tool_call"] == ["started", "failed"]
    assert told[-1][0] == "done"
    assert "didn't work" in told[-1][1]["text"]
    assert len(shop.bodies) == 1


async def test_an_answer_of_404_is_a_failure_with_the_endpoints_reason(
    rest: httpx.AsyncClient, tenant: Tenant, shop: PetShop
) -> None:
    """AGT-3: "couldn't find" is what the endpoint said."""
    tool = await register(rest, tenant, shop)
    answer = (await rest.post("/v1/complete", json=ask(tool, "Look up the pet named Rex"), headers=JSON)).json()
    assert "Pet not found" in answer["text"]


async def test_an_endpoint_that_is_down_is_a_failure(rest: httpx.AsyncClient, tenant: Tenant) -> None:
    """AGT-3: nobody listens."""
    async with pet_shop() as gone:
        tool = await register(rest, tenant, gone)
    answer = (await rest.post("/v1/complete", json=ask(tool), headers=JSON)).json()
    assert "didn't work" in answer["text"]
