"""The fakes are proven by the vendors' own SDKs: what they accept and how they read the answers."""

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fakes.vendors.anthropic_llm import FakeAnthropic
from tests.fakes.vendors.behaviour import refusing
from tests.fakes.vendors.google_llm import FakeGemini
from tests.fakes.vendors.llm import WEATHER
from tests.fakes.vendors.openai_llm import FakeGroqChat, FakeOpenAiChat, FakeXaiChat
from tests.sdks import anthropic, genai, groq, openai

CITY = {"type": "object", "properties": {"city": {"type": "string"}}}
CHAT_TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": CITY}}]
HI = [{"role": "user", "content": "Hi"}]
CHAT = [
    (FakeOpenAiChat, openai, "/v1", "gpt-4.1"),
    (FakeXaiChat, openai, "/v1", "grok-4.3"),
    (FakeGroqChat, groq, "", "openai/gpt-oss-20b"),
]
every_chat = pytest.mark.parametrize(("fake", "sdk", "base", "model"), CHAT, ids=["openai", "xai", "groq"])


# google-genai 3.4 subclasses aiohttp's session, which aiohttp discourages.
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")


@pytest.fixture(autouse=True)
def _no_keys_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.endswith(("_API_KEY", "_AUTH_TOKEN", "_BASE_URL"))]:
        monkeypatch.delenv(name)


def chat_client(sdk: Any, vendor: Any, base: str) -> Any:
    """The SDK's asynchronous client of a fake."""
    make = sdk.AsyncGroq if sdk is groq else sdk.AsyncOpenAI
    return make(api_key=vendor.key, base_url=vendor.url + base, max_retries=0)


@every_chat
async def test_a_chat_sdk_streams_text_calls_and_usage(fake: type, sdk: Any, base: str, model: str) -> None:
    """RTE-16"""
    async with fake().serving() as vendor, chat_client(sdk, vendor, base) as client:
        vendor.reply = WEATHER
        wants_usage = {} if sdk is groq else {"stream_options": {"include_usage": True}}
        stream = await client.chat.completions.create(
            model=model, messages=HI, tools=CHAT_TOOLS, stream=True, **wants_usage
        )
        text, args, names, finish, usage = "", "", [], None, None
        async for chunk in stream:
            usage = chunk.usage or usage
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finish = choice.finish_reason or finish
                for call in choice.delta.tool_calls or ():
                    names += [call.function.name] if call.function.name else []
                    args += call.function.arguments or "" if call.index == 0 else ""
    assert (text, finish, names, args) == ("One moment.", "tool_calls", ["get_weather", "get_time"], '{"city":"Paris"}')
    assert wants_usage == {} or (usage and usage.total_tokens == 18)


@every_chat
async def test_a_chat_sdk_reads_whole_answers_and_errors(fake: type, sdk: Any, base: str, model: str) -> None:
    """RTE-16: the errors are of the SDK's own classes, with the vendor's code."""
    async with fake().serving() as vendor, chat_client(sdk, vendor, base) as client:
        whole = await client.chat.completions.create(model=model, messages=HI)
        assert whole.choices[0].message.content == "Hello there."
        vendor.then(refusing(429), refusing(503))
        with pytest.raises(sdk.RateLimitError):
            await client.chat.completions.create(model=model, messages=HI, stream=True)
        with pytest.raises(sdk.InternalServerError):
            await client.chat.completions.create(model=model, messages=HI, stream=True)
        with pytest.raises(sdk.BadRequestError):
            await client.chat.completions.create(model=model, messages=HI, tool_choice="auto")
        with pytest.raises(sdk.NotFoundError):
            await client.chat.completions.create(model="no-such-model", messages=HI)
        client.api_key = "wrong"
        with pytest.raises(sdk.AuthenticationError):
            await client.chat.completions.create(model=model, messages=HI)


async def test_the_fake_refuses_what_openai_documents_as_refused() -> None:
    """RTE-16: old names, sampling and effort on reasoning models."""
    async with FakeOpenAiChat().serving() as vendor:
        client: Any = openai.AsyncOpenAI(api_key=vendor.key, base_url=vendor.base_url, max_retries=0)
        for refused in (
            {"max_tokens": 5},
            {"temperature": 0.3},
            {"tools": CHAT_TOOLS},
            {"tools": CHAT_TOOLS, "reasoning_effort": "low"},
            {"parallel_tool_calls": True},
        ):
            with pytest.raises(openai.BadRequestError):
                await client.chat.completions.create(model="gpt-5.6-luna", messages=HI, **refused)
        await client.close()


@pytest.fixture
async def messages() -> AsyncIterator[tuple[FakeAnthropic, Any]]:
    async with FakeAnthropic().serving() as vendor:
        client = anthropic.AsyncAnthropic(api_key=vendor.key, base_url=vendor.url, max_retries=0)
        yield vendor, client
        await client.close()


async def test_the_anthropic_sdk_streams_and_assembles(
    messages: tuple[FakeAnthropic, Any],
) -> None:
    """RTE-16"""
    vendor, client = messages
    vendor.reply = WEATHER
    tools = [{"name": "get_weather", "input_schema": CITY}]
    async with client.messages.stream(model="claude-haiku-5-5", max_tokens=99, messages=HI, tools=tools) as stream:
        text = "".join([piece async for piece in stream.text_stream])
        final = await stream.get_final_message()
    uses = [(block.name, block.input) for block in final.content if block.type == "tool_use"]
    assert text == "One moment."
    assert uses == [("get_weather", {"city": "Paris"}), ("get_time", {})]
    assert (final.stop_reason, final.usage.output_tokens) == ("tool_use", 7)


async def test_the_anthropic_sdk_reads_whole_answers_and_errors(
    messages: tuple[FakeAnthropic, Any],
) -> None:
    """RTE-16: sampling parameters are a 400 on the version the SDK sends."""
    vendor, client = messages
    call = {"model": "claude-sonnet-5", "max_tokens": 9, "messages": HI}
    whole = await client.messages.create(**call)
    assert whole.content[0].text == "Hello there."
    with pytest.raises(anthropic.BadRequestError):
        await client.messages.create(**call, extra_body={"temperature": 1.0})
    vendor.then(refusing(529), refusing(429))
    with pytest.raises(anthropic.InternalServerError):
        await client.messages.create(**call)
    with pytest.raises(anthropic.RateLimitError):
        await client.messages.create(**call)


@pytest.fixture
async def gemini() -> AsyncIterator[tuple[FakeGemini, Any]]:
    async with FakeGemini().serving() as vendor:
        client = genai.Client(api_key=vendor.key, http_options=genai.types.HttpOptions(base_url=vendor.url))
        yield vendor, client.aio
        await client.aio.aclose()
        client.close()


async def test_the_google_sdk_streams_text_and_calls(gemini: tuple[FakeGemini, Any]) -> None:
    """RTE-16"""
    vendor, client = gemini
    vendor.reply = WEATHER
    declared = genai.types.FunctionDeclaration(name="get_weather", parameters_json_schema=CITY)
    config = genai.types.GenerateContentConfig(
        system_instruction="Be brief.",
        tools=[genai.types.Tool(function_declarations=[declared])],
        automatic_function_calling=genai.types.AutomaticFunctionCallingConfig(disable=True),
    )
    parts: list[Any] = []
    usage: Any = None
    async for chunk in await client.models.generate_content_stream(
        model="gemini-3.6-flash", contents="Weather?", config=config
    ):
        parts += chunk.candidates[0].content.parts or []
        usage = chunk.usage_metadata or usage
    calls = [(part.function_call.name, part.function_call.args) for part in parts if part.function_call]
    assert "".join(part.text for part in parts if part.text) == "One moment."
    assert calls == [("get_weather", {"city": "Paris"}), ("get_time", {})]
    assert usage.total_token_count == 18


async def test_the_google_sdk_reads_whole_answers_and_errors(
    gemini: tuple[FakeGemini, Any],
) -> None:
    """RTE-16"""
    vendor, client = gemini
    whole = await client.models.generate_content(model="gemini-2.5-flash", contents="Hi")
    assert whole.text == "Hello there."
    vendor.key = "another"
    with pytest.raises(genai.errors.ClientError) as refused:
        await client.models.generate_content(model="gemini-2.5-flash", contents="Hi")
    assert refused.value.status == "INVALID_ARGUMENT"
