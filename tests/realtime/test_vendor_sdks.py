"""The fakes are proven by the vendors' own SDKs: what they accept and how they read the answers."""

import asyncio
import base64
import os
from pathlib import Path
from typing import Any

import openai
import pytest

from speko_core.late import LateModule
from tests.fakes.vendors.certificate import make_certificate
from tests.fakes.vendors.google_live import FakeGeminiLive
from tests.fakes.vendors.openai_realtime import FakeOpenAiRealtime
from tests.fakes.vendors.realtime_script import ANSWER, HEARD, LOUD, PIECE, Answer, Call

# Takes seconds to load, in every test process that collects this module.
genai, types = map(LateModule, ("google.genai", "google.genai.types"))
WEATHER = Answer((), (Call("call_1", "get_weather", '{"city": "Paris"}'),))

# google-genai 3.4 subclasses aiohttp's session, which aiohttp discourages.
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")


@pytest.fixture(autouse=True)
def _no_keys_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.endswith(("_API_KEY", "_AUTH_TOKEN", "_BASE_URL"))]:
        monkeypatch.delenv(name)


async def test_openais_sdk_holds_a_conversation() -> None:
    """RTE-16: session, audio, transcripts, a tool call and its result, usage."""
    async with FakeOpenAiRealtime().serving() as fake, asyncio.timeout(10):
        fake.answers.extend([WEATHER, Answer()])
        client = openai.AsyncOpenAI(api_key=fake.key, base_url=f"{fake.url}/v1")
        async with client, client.realtime.connect(model="gpt-realtime") as socket:
            await socket.session.update(session={"type": "realtime", "instructions": "Be brief."})
            await socket.input_audio_buffer.append(audio=base64.b64encode(LOUD * 4_800).decode())
            await socket.input_audio_buffer.append(audio=base64.b64encode(bytes(9_600)).decode())
            found: dict[str, Any] = {}
            answers, pcm = 0, b""
            async for event in socket:
                found[event.type] = event
                if event.type == "response.function_call_arguments.done":
                    item: Any = {"type": "function_call_output", "call_id": event.call_id, "output": "Sunny."}
                    await socket.conversation.item.create(item=item)
                elif event.type == "response.output_audio.delta":
                    pcm += base64.b64decode(event.delta)
                elif event.type == "response.done":
                    answers += 1
                    if answers == 2:
                        break
                    await socket.response.create()

    assert found["conversation.item.input_audio_transcription.completed"].transcript == HEARD
    assert found["response.function_call_arguments.done"].name == "get_weather"
    assert found["response.output_audio_transcript.done"].transcript == "".join(ANSWER)
    assert found["response.done"].response.usage.input_token_details.cached_tokens_details.audio_tokens == 20
    assert pcm == PIECE * len(ANSWER)


async def test_openais_sdk_is_refused_with_a_wrong_key() -> None:
    """RTE-16"""
    async with FakeOpenAiRealtime().serving() as fake, asyncio.timeout(10):
        client = openai.AsyncOpenAI(api_key="wrong", base_url=f"{fake.url}/v1")
        with pytest.raises(Exception, match="401"):
            async with client, client.realtime.connect(model="gpt-realtime"):
                pass


async def test_googles_sdk_holds_a_conversation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RTE-16: over TLS, which it insists on; setup, audio, fragments, a tool call and its result, usage."""
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    async with FakeGeminiLive().serving(certificate.files) as fake, asyncio.timeout(20):
        fake.answers.extend([WEATHER, Answer()])
        client = genai.Client(api_key=fake.key, http_options=types.HttpOptions(base_url=fake.url))
        config = {"response_modalities": ["AUDIO"], "input_audio_transcription": {}, "output_audio_transcription": {}}
        heard, said, pcm, calls, used = "", "", b"", [], None
        async with client.aio.live.connect(model="gemini-3.8-live", config=config) as session:
            for piece in (LOUD * 3_200, bytes(6_400)):
                await session.send_realtime_input(audio=types.Blob(data=piece, mime_type="audio/pcm;rate=16000"))
            async for message in session.receive():
                for call in message.tool_call.function_calls if message.tool_call else ():
                    calls.append((call.name, call.args))
                    result = types.FunctionResponse(id=call.id, name=call.name, response={"result": "Sunny."})
                    await session.send_tool_response(function_responses=[result])
                content = message.server_content
                heard += content.input_transcription.text if content and content.input_transcription else ""
                said += content.output_transcription.text if content and content.output_transcription else ""
                pcm += message.data or b""
                used = message.usage_metadata or used

    assert (heard, said, pcm) == (HEARD, "".join(ANSWER), PIECE * len(ANSWER))
    assert calls == [("get_weather", {"city": "Paris"})]
    assert used.response_tokens_details[1].token_count == 50
