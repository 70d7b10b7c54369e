"""The plugins by themselves: documented names and messages, and what they put on the wire."""

import io
import struct
import subprocess
import sys
from collections.abc import AsyncIterator

import av
import httpx
import numpy as np
import pytest
from livekit import rtc
from livekit.agents import APIConnectOptions, APIError, APIStatusError, function_tool, llm

import speko_worker
from speko_core.types import JsonObject
from speko_worker import plugins
from speko_worker.plugins import (
    Constraints,
    Intent,
    LlmOptions,
    SpekoAdapterError,
    SpekoClient,
    SpekoLLM,
    SpekoSTT,
    SpekoTTS,
    TtsOptions,
    chat_context_to_speko,
    decode_synthesis_result,
    frames_to_wav,
    parse_wav,
    pcm_sample_rate_from_content_type,
    validate_intent,
)
from speko_worker.plugins.audio import wav_header
from speko_worker.plugins.decoding import StreamDecoder
from speko_worker.plugins.errors import SpekoApiError, to_livekit
from speko_worker.plugins.legs import Leg
from speko_worker.plugins.sse import SseEvent, read_events
from tests.worker.fake_gateway import FakeGateway, tone_pcm

INTENT = Intent("en-US", "global", "latency")
ONCE = APIConnectOptions(max_retry=0)
CONSTRAINTS = Constraints(stt=("deepgram",), tts=("cartesia:sonic-2",))


@pytest.fixture
async def speko(gateway: FakeGateway) -> AsyncIterator[SpekoClient]:
    async with httpx.AsyncClient() as http:
        yield SpekoClient(gateway.url, "sk_test_1", http, session_id="s1")


def _frame(pcm: bytes, rate: int = 16_000, channels: int = 1) -> rtc.AudioFrame:
    return rtc.AudioFrame(
        data=pcm, sample_rate=rate, num_channels=channels, samples_per_channel=len(pcm) // 2 // channels
    )


# --- intent and helpers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("intent", "expected"),
    [
        (Intent(""), r"SpekoAdapter:.*intent\.language"),
        (Intent("en", None, "speed"), r'SpekoAdapter:.*optimizeFor "speed".*balanced, accuracy, latency, cost'),
    ],
)
def test_a_broken_intent_is_refused_at_construction(intent: Intent, expected: str) -> None:
    """SES-3: the documented messages."""
    with pytest.raises(ValueError, match=expected):
        validate_intent(intent)


async def test_labels_and_names_are_the_documented_ones(speko: SpekoClient) -> None:
    """SES-3: dashboards and traces of livekit-agents show them."""
    stt, model, voice = SpekoSTT(speko, INTENT), SpekoLLM(speko, INTENT), SpekoTTS(speko, INTENT)
    assert (stt.label, model.label, voice.label) == ("speko.STT", "speko.LLM", "speko.TTS")
    assert {part.provider for part in (stt, model, voice)} == {"speko"}
    assert {part.model for part in (stt, model, voice)} == {"speko-router"}
    assert not stt.capabilities.streaming
    assert not voice.capabilities.streaming
    assert (voice.sample_rate, voice.num_channels) == (24_000, 1)


@pytest.mark.parametrize("part", ["SpekoSTT", "SpekoTTS"])
async def test_streams_point_to_the_adapter(speko: SpekoClient, part: str) -> None:
    """SES-3: the documented way out is in the message."""
    with pytest.raises(NotImplementedError, match=rf"{part}.*StreamAdapter.*createSpekoComponents"):
        (SpekoSTT(speko, INTENT) if part == "SpekoSTT" else SpekoTTS(speko, INTENT)).stream()


def test_wav_round_trip_and_mono_only() -> None:
    """SES-3: 44-byte header, PCM16, the frames' own rate."""
    wav = frames_to_wav([_frame(b"\1\0" * 160), _frame(b"\2\0" * 160)])
    decoded = parse_wav(wav)
    assert (decoded.pcm, decoded.sample_rate, decoded.channels) == (b"\1\0" * 160 + b"\2\0" * 160, 16_000, 1)
    assert len(wav) == 44 + 640
    with pytest.raises(ValueError, match=r"SpekoSTT:.*mono audio \(1 channel\), got 2"):
        frames_to_wav(_frame(bytes(640), channels=2))


def _wav(fmt: bytes, *, tail: bytes = b"data\x04\0\0\0\1\0\2\0") -> bytes:
    body = b"WAVE" + fmt + tail
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _fmt(kind: int = 1, channels: int = 1, rate: int = 16_000, bits: int = 16) -> bytes:
    return b"fmt " + struct.pack("<IHHIIHH", 16, kind, channels, rate, rate * 2, 2, bits)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"RIFF", "WAV response too small"),
        (bytes(60), "RIFF"),
        (_wav(b"LIST" + struct.pack("<I", 20) + bytes(20)), "`fmt `"),
        (_wav(_fmt(kind=3)), "unsupported WAV format 3"),
        (_wav(_fmt(bits=24)), "bit depth 24"),
        (_wav(_fmt(), tail=b"LIST\x04\0\0\0abcd"), "`data`"),
    ],
)
def test_wav_that_is_not_pcm16_is_named(data: bytes, expected: str) -> None:
    """SES-3: the documented messages."""
    with pytest.raises(ValueError, match=f"SpekoTTS:.*{expected}"):
        parse_wav(data)


def test_wav_chunks_between_format_and_data_are_skipped() -> None:
    """SES-3: encoders put `LIST` there."""
    wav = _wav(_fmt(), tail=b"LIST\x03\0\0\0abc\0data\x04\0\0\0\1\0\2\0")
    assert parse_wav(wav).pcm == b"\1\0\2\0"


@pytest.mark.parametrize(
    ("content_type", "rate"),
    [
        ("audio/pcm;rate=24000", 24_000),
        ("audio/pcm", 16_000),
        ("audio/pcm;rate=abc", 16_000),
        ("AUDIO/PCM; RATE=8000", 8_000),
    ],
)
def test_the_rate_is_read_from_the_content_type(content_type: str, rate: int) -> None:
    """SES-3: case-insensitive, with a fallback."""
    assert pcm_sample_rate_from_content_type(content_type, 16_000) == rate


def test_whole_answers_are_decoded_by_type() -> None:
    """SES-3: PCM and mono WAV only, and the message names the rest."""
    assert decode_synthesis_result(b"\1\0", "audio/pcm", "cartesia").sample_rate == 24_000
    with pytest.raises(ValueError, match=r"SpekoTTS:.*2 channels"):
        decode_synthesis_result(_wav(_fmt(channels=2)), "audio/wav", "x")
    with pytest.raises(ValueError, match=r'SpekoTTS: unsupported content type "text/html".*nobody'):
        decode_synthesis_result(b"", "text/html", "nobody")


def _mp3(pcm: bytes, rate: int) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp3") as file:
        stream = file.add_stream("libmp3lame", rate=rate, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, "<i2").repeat(2).reshape(1, -1), "s16", "stereo")
        frame.sample_rate = rate
        file.mux([*stream.encode(frame), *stream.encode(None)])
    return out.getvalue()


def _loudest_hz(pcm: bytes, rate: int) -> float:
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    return float(np.fft.rfftfreq(len(samples), 1 / rate)[np.abs(np.fft.rfft(samples)).argmax()])


def test_mp3_is_decoded_to_mono_whole_and_as_it_streams() -> None:
    """SES-3: whatever the provider's rate, at the pitch it was spoken."""
    sent = _mp3(tone_pcm(0.5, 44_100), 44_100)
    whole = decode_synthesis_result(sent, "audio/mpeg", "elevenlabs")
    assert (whole.sample_rate, whole.channels) == (44_100, 1)
    assert _loudest_hz(whole.pcm, 44_100) == pytest.approx(300, abs=5)
    decoder = StreamDecoder("audio/mpeg", "elevenlabs", 24_000, resample=True)
    pieces = [decoder.feed(sent[at : at + 700]) for at in range(0, len(sent), 700)]
    assert len(pieces[1]) > 0
    streamed = b"".join(pieces) + decoder.finish()
    assert len(streamed) / 2 / 24_000 == pytest.approx(0.5, abs=0.08)
    assert _loudest_hz(streamed, 24_000) == pytest.approx(300, abs=5)
    with pytest.raises(ValueError, match="provider returned audio at 44100 Hz"):
        StreamDecoder("audio/mpeg", "elevenlabs", 24_000, resample=False).feed(sent)
    with pytest.raises(ValueError, match=r"audio/mpeg.*could not be decoded"):
        decode_synthesis_result(b"not music" * 100, "audio/mpeg", "elevenlabs")


@pytest.mark.parametrize("size", [1, 3, 50, 10_000])
def test_a_streamed_wav_decodes_the_same_in_any_pieces(size: int) -> None:
    """SES-3: headers and samples may be split anywhere; what follows the samples is not played."""
    pcm = tone_pcm(0.05, 24_000)
    wav = wav_header(24_000, len(pcm)) + pcm + b"LIST\x04\0\0\0abcd"
    decoder = StreamDecoder("audio/wav", "x", 24_000, resample=False)
    pieces = [decoder.feed(wav[at : at + size]) for at in range(0, len(wav), size)]
    assert b"".join(pieces) + decoder.finish() == pcm


def test_another_rate_is_converted_where_that_was_asked_for() -> None:
    """SES-3: half the rate is twice the samples, and the sound stays."""
    pcm = tone_pcm(0.5, 12_000)
    decoder = StreamDecoder("audio/pcm;rate=12000", "x", 24_000, resample=True)
    out = decoder.feed(pcm) + decoder.finish()
    assert len(out) == pytest.approx(2 * len(pcm), abs=64)
    assert max(struct.unpack(f"<{len(out) // 2}h", out)) == pytest.approx(8000, rel=0.1)


async def test_server_sent_events_are_read_however_they_arrive() -> None:
    """SES-3: pieces, comments, CRLF, a last frame without its blank line."""
    stream = b': ping\n\nevent: meta\r\ndata: {"a": 1}\r\n\r\nevent: done\ndata: {"b":\ndata: 2}'

    async def _bytes() -> AsyncIterator[bytes]:
        for at in range(0, len(stream), 7):
            yield stream[at : at + 7]

    events = [event async for event in read_events(_bytes())]
    assert events == [SseEvent("meta", {"a": 1}), SseEvent("done", {"b": 2})]


# --- on the wire ------------------------------------------------------------------------------------------------------


async def test_keywords_and_a_hint_go_along_with_every_utterance(gateway: FakeGateway, speko: SpekoClient) -> None:
    """SES-1"""
    stt = SpekoSTT(speko, INTENT, keywords=("Speko",), prompt="A café order.")
    for _ in range(2):
        await stt.recognize(_frame(tone_pcm(0.5, 16_000)), conn_options=ONCE)
    for call in gateway.calls_to("stt"):
        assert call["stt-options"] == {"keywords": ["Speko"], "prompt": "A café order."}
        assert call["intent"] == INTENT.to_wire()


async def test_an_utterance_becomes_one_final_transcript(gateway: FakeGateway, speko: SpekoClient) -> None:
    """SES-3: one WAV up, the text and the serving model back."""
    legs: list[tuple[str, Leg]] = []
    stt = SpekoSTT(speko, INTENT, constraints=CONSTRAINTS, on_leg=lambda name, leg: legs.append((name, leg)))
    event = await stt.recognize(_frame(tone_pcm(0.5, 16_000)), conn_options=ONCE)
    (spoken,) = event.alternatives
    assert (spoken.text, spoken.confidence, str(spoken.language)) == ("what time do you open", 0.9, "en-US")
    (call,) = gateway.calls_to("stt")
    assert (call["_session"], call["bytes"], call["stt-options"]) == ("s1", 44 + 16_000, {})
    assert [(name, leg.provider, leg.model) for name, leg in legs] == [("stt", "local", "sphinx-free")]


async def test_a_reply_streams_and_carries_what_was_asked(gateway: FakeGateway, speko: SpekoClient) -> None:
    """SES-3: deltas as they come, usage at the end, options and constraints in the body."""
    model = SpekoLLM(speko, INTENT, options=LlmOptions(0.7, 400), constraints=CONSTRAINTS)
    context = llm.ChatContext.empty()
    context.add_message(role="developer", content="Be brief.")
    context.add_message(role="user", content="Hi")
    chunks = [chunk async for chunk in model.chat(chat_ctx=context, conn_options=ONCE)]
    text = "".join(chunk.delta.content or "" for chunk in chunks if chunk.delta)
    assert text.strip() == "We open at nine in the morning."
    assert len(chunks) > 3
    assert chunks[-1].usage is not None
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.total_tokens) == (9, 13)
    (body,) = gateway.calls_to("llm")
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    assert body["intent"] == {"language": "en-US", "region": "global", "optimizeFor": "latency"}
    assert (body["temperature"], body["maxTokens"]) == (0.7, 400)
    assert body["constraints"] == {"allowedProviders": {"stt": ["deepgram"], "tts": ["cartesia:sonic-2"]}}
    assert "tools" not in body


async def test_runtime_tools_and_their_results_travel_inline(gateway: FakeGateway, speko: SpekoClient) -> None:
    """SES-3: a call that the framework ran is told back to the model."""

    @function_tool
    async def look_up(name: str) -> str:
        """Find a customer."""
        return name

    context = llm.ChatContext.empty()
    context.add_message(role="user", content="Who is Ada?")
    context.insert(llm.FunctionCall(call_id="c1", name="look_up", arguments='{"name": "Ada"}'))
    context.insert(llm.FunctionCallOutput(call_id="c1", name="look_up", output="A customer.", is_error=False))
    async for _ in SpekoLLM(speko, INTENT).chat(chat_ctx=context, tools=[look_up], conn_options=ONCE):
        pass
    (body,) = gateway.calls_to("llm")
    assert body["messages"] == [
        {"role": "user", "content": "Who is Ada?"},
        {
            "role": "assistant",
            "content": "",
            "toolCalls": [{"id": "c1", "name": "look_up", "args": '{"name": "Ada"}'}],
        },
        {"role": "tool", "content": "A customer.", "toolCallId": "c1"},
    ]
    tools = body["tools"]
    assert isinstance(tools, list)
    assert [(tool["name"], tool["description"]) for tool in tools if isinstance(tool, dict)] == [
        ("look_up", "Find a customer.")
    ]
    assert chat_context_to_speko(context) == [{"role": "user", "content": "Who is Ada?"}]


async def test_an_empty_context_is_the_adapters_own_error(speko: SpekoClient) -> None:
    """SES-3: code INVALID_CONTEXT."""
    with pytest.raises(SpekoAdapterError) as refused:
        async for _ in SpekoLLM(speko, INTENT).chat(chat_ctx=llm.ChatContext.empty(), conn_options=ONCE):
            pass
    assert refused.value.code == "INVALID_CONTEXT"


async def test_speech_of_another_rate_is_refused_or_converted(gateway: FakeGateway, speko: SpekoClient) -> None:
    """SES-3: refused by default with both rates and the option; our own worker converts."""
    with pytest.raises(APIError) as refused:
        await SpekoTTS(speko, INTENT).synthesize("Hello there.", conn_options=ONCE).collect()
    message = str(refused.value)
    assert "SpekoTTS: provider returned audio at 16000 Hz" in message
    assert "configured for 24000 Hz" in message
    assert "sample_rate=16000" in message
    assert not refused.value.retryable
    converted = SpekoTTS(speko, INTENT, options=TtsOptions(voice="amy", speed=1.2, resample=True))
    frame = await converted.synthesize("Hello there.", conn_options=ONCE).collect()
    assert frame.sample_rate == 24_000
    assert frame.duration == pytest.approx(len("Hello there.") * gateway.script.seconds_per_char, abs=0.02)
    body = gateway.calls_to("tts")[-1]
    assert (body["voice"], body["speed"], body["text"]) == ("amy", 1.2, "Hello there.")


async def test_an_answer_without_audio_is_a_failure(gateway: FakeGateway, speko: SpekoClient) -> None:
    """ONE-11: 200 with nothing in it."""
    gateway.script.seconds_per_char = 0
    with pytest.raises(APIError, match="SpekoTTS: provider returned empty audio"):
        await SpekoTTS(speko, INTENT, options=TtsOptions(resample=True)).synthesize("Hi", conn_options=ONCE).collect()


@pytest.mark.parametrize("status", [400, 401, 402, 404, 408, 409, 429, 500, 503])
def test_only_what_can_pass_later_is_retried(status: int) -> None:
    """SES-3: and nothing once output has begun."""
    retryable = status in {408, 409, 429, 500, 503}
    error = SpekoApiError("Refused.", status, "CODE")
    fresh, started = to_livekit(error, started=False), to_livekit(error, started=True)
    assert isinstance(fresh, APIStatusError)
    assert (fresh.status_code, fresh.retryable, started.retryable) == (status, retryable, False)
    assert to_livekit(httpx.ReadTimeout(""), started=False).retryable
    assert not to_livekit(httpx.ConnectError(""), started=True).retryable


async def test_noise_without_words_is_an_empty_transcript(gateway: FakeGateway, speko: SpekoClient) -> None:
    """SES-3: every provider answered with nothing, which is no failure of the conversation."""
    gateway.script.transcripts = [""]
    heard = await SpekoSTT(speko, INTENT).recognize(_frame(bytes(640)), conn_options=ONCE)
    assert heard.alternatives[0].text == ""


async def test_an_error_status_reaches_the_caller_as_the_frameworks_own_error(
    gateway: FakeGateway, speko: SpekoClient
) -> None:
    """SES-3: raised from the gateway's, whose code stays readable."""
    gateway.script.fail = {"stt": 1}
    with pytest.raises(APIStatusError) as failed:
        await SpekoSTT(speko, INTENT).recognize(_frame(bytes(640)), conn_options=ONCE)
    cause = failed.value.__cause__
    assert isinstance(cause, SpekoApiError)
    assert (cause.status, cause.code) == (500, "TRANSCRIBE_FAILED")


# --- the agent's own tools ------------------------------------------------------------------------------------------


def _row(name: str, kind: str) -> JsonObject:
    fields = {"id": "tool_1", "agentId": "agent_1", "createdAt": "x", "simulation": None, "toolSound": None}
    shown = {"name": name, "description": kind, "parameters": {"type": "object"}, "preToolSpeech": "auto"}
    return {**fields, **shown, "source": {"kind": kind}}


async def test_an_agents_tools_are_offered_beside_the_frameworks(speko: SpekoClient, gateway: FakeGateway) -> None:
    """SES-3: loaded once, in the shape of `/v1/complete`; a registered tool wins over a runtime one of its name."""
    gateway.registered = [_row("lookup", "webhook"), _row("end_call", "builtin")]

    @function_tool
    async def lookup() -> str:
        """Runs here."""
        return ""

    @function_tool
    async def local() -> str:
        """Runs here too."""
        return ""

    model, context = SpekoLLM(speko, INTENT, agent_id="agent_1"), llm.ChatContext()
    context.add_message(role="user", content="hello")
    for _ in range(2):
        await model.chat(chat_ctx=context, tools=[lookup, local], conn_options=ONCE).collect()
    assert gateway.calls_to("tools") == [{"agent": "agent_1", "available": "1"}]
    for call in gateway.calls_to("llm"):
        offered = call["tools"]
        assert isinstance(offered, list)
        assert [tool["name"] for tool in offered] == ["lookup", "end_call", "local"]
        assert offered[0] == {
            "name": "lookup",
            "description": "webhook",
            "parameters": {"type": "object"},
            "preToolSpeech": "auto",
            "source": {"kind": "webhook"},
            "executionMode": "webhook",
        }


async def test_tools_that_cannot_be_loaded_cost_nothing_else(speko: SpekoClient, gateway: FakeGateway) -> None:
    """SES-3: told once, and the conversation goes on without them."""
    failures: list[Exception] = []
    model = SpekoLLM(speko, INTENT, agent_id="agent_1", on_registered_tools_error=failures.append)
    context = llm.ChatContext()
    context.add_message(role="user", content="hello")
    for _ in range(2):
        assert (await model.chat(chat_ctx=context, conn_options=ONCE).collect()).text
    assert [getattr(failure, "code", None) for failure in failures] == ["AGENT_NOT_FOUND"]
    assert "tools" not in gateway.calls_to("llm")[0]


def test_the_plugins_are_offered_by_the_package_itself_and_load_only_when_used() -> None:
    """SES-3: `from speko_worker import SpekoSTT`; talking needs no livekit-agents."""
    assert sorted(speko_worker.__all__) == sorted(plugins.__all__)
    assert speko_worker.SpekoSTT is SpekoSTT
    program = "import sys; from speko_worker import talk; sys.exit('livekit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
