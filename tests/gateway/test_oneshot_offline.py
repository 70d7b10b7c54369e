"""The one-shot doors with the real offline providers: speech out, speech in, a reply."""

from collections.abc import AsyncIterator

import httpx
import pytest

from speko_core.deps import Deps
from speko_core.principal import Mode
from tests.conftest import rest_client
from tests.gateway.oneshot_door import JSON, bare_deps, known_key

__all__ = ["bare_deps"]

INTENT = {"language": "en-US"}


@pytest.fixture(params=["live", "test"])
async def client(bare_deps: Deps, request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    mode: Mode = request.param
    async with rest_client(bare_deps, known_key(bare_deps, mode)) as door:
        door.timeout = httpx.Timeout(60)
        yield door


async def test_what_is_spoken_is_heard_again_with_no_account_anywhere(client: httpx.AsyncClient) -> None:
    """RTE-17: real speech in and out on this machine, labelled `local`."""
    spoken = await client.post(
        "/v1/synthesize", json={"text": "I would like to book an appointment.", "intent": INTENT}
    )
    assert spoken.headers["x-speko-provider"] == "local"
    assert spoken.headers["x-speko-audio-format"] == "audio/pcm;rate=24000"
    headers = {"Content-Type": spoken.headers["content-type"], "x-speko-intent": '{"language":"en-US"}', **JSON}
    heard = (await client.post("/v1/transcribe", content=spoken.content, headers=headers)).json()
    assert heard["provider"] == "local"
    assert "book an appointment" in heard["text"]


async def test_the_sandbox_answers_and_says_what_it_is(client: httpx.AsyncClient) -> None:
    """RTE-17"""
    body = {"messages": [{"role": "user", "content": "Hello!"}], "intent": INTENT}
    answer = (await client.post("/v1/complete", json=body, headers=JSON)).json()
    assert (answer["provider"], answer["model"]) == ("sandbox", "sandbox-1")
    assert "Sandbox mode" in answer["text"]


async def test_another_language_gets_a_voice_that_speaks_it(client: httpx.AsyncClient) -> None:
    """RTE-2: a model that does not serve the language is not in the chain."""
    spoken = await client.post("/v1/synthesize", json={"text": "Hola", "intent": {"language": "es-MX"}})
    assert spoken.headers["x-speko-model"] == "espeak"
    heard = await client.post(
        "/v1/transcribe",
        content=spoken.content,
        headers={"Content-Type": spoken.headers["content-type"], "x-speko-intent": '{"language":"es-MX"}'},
    )
    assert (heard.status_code, heard.json()["code"]) == (500, "TRANSCRIBE_FAILED")
    assert "local:sphinx-free: does not serve es-MX" in heard.json()["error"]
