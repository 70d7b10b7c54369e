"""`POST /v1/chat/completions` with OpenAI's own SDK (ONE-9)."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from speko_core.deps import Deps
from speko_core.metering.models import UsageEvent
from speko_core.providers.base import FailureKind, LlmRequest, LlmUsage, TextDelta, ToolCall
from tests.fakes.scripted_providers import FOREVER, HELLO, Pause, cast, failure
from tests.gateway.compat_door import openai_client
from tests.gateway.oneshot_door import bare_deps, program_of
from tests.sdks import openai

__all__ = ["bare_deps"]

USER: Any = [{"role": "user", "content": "Hi"}]
WEATHER: Any = {
    "type": "function",
    "function": {"name": "weather", "description": "Of a place.", "parameters": {"type": "object"}},
}
CALLS = (ToolCall("call_1", "weather", '{"place":"Ulm"}'), ToolCall("call_2", "weather", '{"place":"Bonn"}'))


async def test_the_sdk_gets_a_completion(bare_deps: Deps) -> None:
    """ONE-9: whole, typed, with who answered in `model` and the routing headers."""
    async with openai_client(bare_deps, cast(acme=HELLO)) as client:
        raw = await client.chat.completions.with_raw_response.create(model="auto", messages=USER)
    answer = raw.parse()

    assert (answer.object, answer.model, answer.id[:9]) == ("chat.completion", "acme:m-acme", "chatcmpl_")
    assert [(choice.message.content, choice.finish_reason) for choice in answer.choices] == [("Hello", "stop")]
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (14, 4, 18)
    assert raw.headers["x-speko-provider"] == "acme"


async def test_the_sdk_gets_a_stream_with_usage_at_its_end(bare_deps: Deps) -> None:
    """ONE-9: the last chunk has no choice, every other one no usage."""
    async with openai_client(bare_deps, cast(acme=HELLO)) as client:
        stream = await client.chat.completions.create(
            model="auto", messages=USER, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]

    deltas = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert deltas == ["", "Hel", "lo", None]
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]] == [None, None, None, "stop"]
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * 4
    assert chunks[-1].usage is not None
    assert (chunks[-1].choices, chunks[-1].usage.total_tokens) == ([], 18)
    assert len({chunk.id for chunk in chunks}) == 1


@pytest.mark.parametrize("streamed", [False, True])
async def test_parallel_tool_calls_come_back(bare_deps: Deps, streamed: bool) -> None:
    """ONE-9: with the choice and the parallel flag passed on."""
    scripted = cast(acme=(*CALLS, LlmUsage(20, 9)))
    async with openai_client(bare_deps, scripted) as client:
        asked: Any = {"type": "function", "function": {"name": "weather"}}
        options: Any = {"tools": [WEATHER], "tool_choice": asked, "parallel_tool_calls": True, "stream": streamed}
        answer: Any = await client.chat.completions.create(model="auto", messages=USER, **options)
        if streamed:
            chunks = [chunk async for chunk in answer]
            calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
            assert [call.index for call in calls] == [0, 1]
            finish = chunks[-1].choices[0].finish_reason
        else:
            calls, finish = answer.choices[0].message.tool_calls, answer.choices[0].finish_reason
            assert answer.choices[0].message.content is None

    assert [(call.id, call.function.name, call.function.arguments) for call in calls] == [
        (call.id, call.name, call.args) for call in CALLS
    ]
    assert finish == "tool_calls"
    request = scripted.request("acme")
    assert isinstance(request, LlmRequest)
    assert (request.tool_choice, request.parallel_tool_calls) == ("tool:weather", True)


async def test_a_conversation_with_tool_results_is_understood(bare_deps: Deps) -> None:
    """ONE-9: developer messages, content in parts, calls and their answers."""
    scripted = cast(acme=HELLO)
    messages: Any = [
        {"role": "developer", "content": [{"type": "text", "text": "Be "}, {"type": "text", "text": "brief."}]},
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"place":"Ulm"}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "Rain"},
    ]
    async with openai_client(bare_deps, scripted) as client:
        await client.chat.completions.create(
            model="auto", messages=messages, max_completion_tokens=50, temperature=0.3, reasoning_effort="low"
        )
    request = scripted.request("acme")

    assert isinstance(request, LlmRequest)
    assert [(message.role, message.content) for message in request.messages] == [
        ("system", "Be brief."),
        ("user", "Weather?"),
        ("assistant", ""),
        ("tool", "Rain"),
    ]
    assert request.messages[2].tool_calls == CALLS[:1]
    assert (request.max_tokens, request.temperature, request.reasoning_effort) == (50, 0.3, "low")


async def test_an_answer_cut_by_its_limit_says_so(bare_deps: Deps) -> None:
    """ONE-9: `length` is what the provider said, not what was counted."""
    async with openai_client(bare_deps, cast(acme=(TextDelta("Hel"), LlmUsage(3, 1, truncated=True)))) as client:
        answer = await client.chat.completions.create(model="auto", messages=USER, max_tokens=1)

    assert answer.choices[0].finish_reason == "length"


@pytest.mark.parametrize("model", ["second", "second:m-second", "second/m-second", "m-second"])
async def test_a_named_model_is_the_only_candidate(bare_deps: Deps, model: str) -> None:
    """ONE-9: by vendor, with a colon or a slash, or as clients that know no vendors name it."""
    scripted = cast(sandbox=True, first=HELLO, second=HELLO)
    async with openai_client(bare_deps, scripted) as client:
        answer = await client.chat.completions.create(model=model, messages=USER)

    assert answer.model == "second:m-second"
    assert scripted.scripts["first"].requests == []


async def test_the_intent_comes_in_headers_or_beside_the_request(bare_deps: Deps) -> None:
    """ONE-9: and without either the call is English."""
    scripted = cast(acme=HELLO)
    async with openai_client(bare_deps, scripted) as client:
        ask = client.chat.completions.create
        await ask(model="auto", messages=USER)
        await ask(model="auto", messages=USER, extra_headers={"X-Speko-Intent": '{"language":"es-MX"}'})
        await ask(model="auto", messages=USER, extra_body={"intent": {"language": "es", "optimizeFor": "latency"}})
        only_other = {"constraints": {"allowedProviders": {"llm": ["nobody"]}}}
        with pytest.raises(openai.BadRequestError, match="nobody"):
            await ask(model="auto", messages=USER, extra_body=only_other)

    languages = [request.language for request in scripted.scripts["acme"].requests]  # type: ignore[attr-defined]
    assert languages == ["en", "es-MX", "es"]


async def test_failover_is_invisible_and_the_last_failure_is_openais(bare_deps: Deps) -> None:
    """ONE-6, ONE-9: an error of the provider is told in our words and their shape."""
    down = failure(FailureKind.UPSTREAM)
    async with openai_client(bare_deps, cast(first=(down,), second=HELLO)) as client:
        stream = await client.chat.completions.create(model="auto", messages=USER, stream=True)
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    async with openai_client(bare_deps, cast(first=(down,), second=(down,))) as client:
        with pytest.raises(openai.InternalServerError, match="All providers failed") as caught:
            await client.chat.completions.create(model="auto", messages=USER)

    assert text == "Hello"
    assert (caught.value.code, caught.value.type) == ("COMPLETE_FAILED", "server_error")
    assert "secret" not in str(caught.value)


async def test_a_stream_that_breaks_raises_in_the_sdk(bare_deps: Deps) -> None:
    """ONE-6: never a silent end."""
    async with openai_client(bare_deps, cast(acme=(HELLO[0], failure(FailureKind.NETWORK)))) as client:
        stream = await client.chat.completions.create(model="auto", messages=USER, stream=True)
        with pytest.raises(openai.APIError, match="stopped in the middle"):
            [chunk async for chunk in stream]


async def test_leaving_a_stream_cancels_the_provider(bare_deps: Deps) -> None:
    """ONE-7"""
    scripted = cast(acme=(HELLO[0], Pause(FOREVER)))
    async with openai_client(bare_deps, scripted) as client:
        stream = await client.chat.completions.create(model="auto", messages=USER, stream=True)
        await anext(stream)
        await stream.close()
        async with asyncio.timeout(5):
            await scripted.scripts["acme"].closed.wait()


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"n": 2}, "n"),
    ({"stop": ["END"]}, "stop"),
    ({"response_format": {"type": "json_object"}}, "response_format"),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
        "messages[0].content",
    ),
    ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools[0].type"),
    ({"temperature": 3}, "temperature"),
    ({"messages": []}, "messages"),
]


async def test_what_cannot_be_had_is_refused_by_name(bare_deps: Deps) -> None:
    """RTE-20: and before a provider is called."""
    scripted = cast(acme=HELLO)
    async with openai_client(bare_deps, scripted) as client:
        for fields, param in REFUSED:
            with pytest.raises(openai.BadRequestError) as caught:
                await client.chat.completions.create(**{"model": "auto", "messages": USER, **fields})
            assert (caught.value.param, caught.value.type) == (param, "invalid_request_error")

    assert scripted.scripts["acme"].requests == []


async def test_what_only_shapes_an_answer_is_left_out_and_named(bare_deps: Deps) -> None:
    """RTE-20: so that clients which always send it still work; the value that asks for nothing is not named."""
    async with openai_client(bare_deps, cast(acme=HELLO)) as client:
        raw = await client.chat.completions.with_raw_response.create(
            model="auto", messages=USER, top_p=0.5, seed=7, presence_penalty=0, n=1, user="me", store=False
        )

    assert raw.headers["x-speko-ignored-options"] == "top_p,seed"


async def test_calls_are_counted_and_metered_like_native_ones(bare_deps: Deps) -> None:
    """MTR-1, ORG-10, ONE-9: one usage row a call, and the rate limit's headers."""
    async with openai_client(bare_deps, cast(acme=HELLO)) as client:
        raw = await client.chat.completions.with_raw_response.create(model="auto", messages=USER)
    async with bare_deps.database.transaction("org_1", read_only=True) as db:
        rows = (await db.execute(select(UsageEvent))).scalars().all()

    assert [(row.provider, row.prompt_tokens, row.completion_tokens) for row in rows] == [("acme", 14, 4)]
    assert "ratelimit-remaining" in raw.headers


async def test_errors_are_the_sdks_own_classes(bare_deps: Deps) -> None:
    """ONE-9: no key, no such model."""
    async with openai_client(bare_deps, cast(acme=HELLO)) as client:
        with pytest.raises(openai.NotFoundError) as missing:
            await client.chat.completions.create(model="gpt-9", messages=USER)
        with pytest.raises(openai.AuthenticationError) as stranger:
            await client.with_options(api_key="sk_live_wrong").chat.completions.create(model="auto", messages=USER)

    assert (missing.value.code, stranger.value.code) == ("model_not_found", "invalid_api_key")


async def test_the_blocking_client_works_too(bare_deps: Deps) -> None:
    """ONE-9"""
    async with openai_client(bare_deps, cast(acme=HELLO)) as client:
        with openai.OpenAI(api_key=client.api_key, base_url=client.base_url, max_retries=0) as blocking:

            def ask() -> str:
                with blocking.chat.completions.create(model="auto", messages=USER, stream=True) as stream:
                    return "".join(chunk.choices[0].delta.content or "" for chunk in stream)

            assert await asyncio.to_thread(ask) == "Hello"


async def test_the_page_s_program_works(bare_deps: Deps, capsys: pytest.CaptureFixture[str]) -> None:
    """ONE-9: as it stands in docs/openai-compatible.md."""
    async with openai_client(bare_deps, cast(acme=HELLO)) as client:
        program = program_of("openai-compatible.md").replace("http://127.0.0.1:8484/v1", str(client.base_url))
        program = program.replace("sk_live_...", client.api_key) + "client.close()\n"
        await asyncio.to_thread(exec, program, {})

    assert capsys.readouterr().out == "acme:m-acme Hello\n"
