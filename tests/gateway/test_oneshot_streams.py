"""One-shot streams over real sockets: pace, silence, disconnects, aborted audio."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import orjson
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from speko_core.audio import wav_bytes
from speko_core.deps import Deps
from speko_core.errors import SpekoError
from speko_core.oneshot.complete import open_complete
from speko_core.oneshot.patience import Timing
from speko_core.oneshot.schemas import CompleteInput
from speko_core.oneshot.usage import Usage
from speko_core.principal import ALL_SCOPES, Principal
from speko_core.providers.base import FailureKind, TextDelta
from speko_gateway.app import create_app
from speko_gateway.envelope import on_speko_error
from speko_gateway.streams.oneshot_answers import EventAnswer
from tests.fakes.scripted_providers import FOREVER, HEARD, HELLO, SPOKEN, Pause, Step, cast, failure
from tests.gateway.oneshot_door import bare_deps, known_key, with_cast
from tests.serving import served

__all__ = ["bare_deps"]

# It takes under 100 ms on a free machine; a busy one must not fail the suite.
CANCEL_WITHIN_S = 1.0
BODY = {"messages": [{"role": "user", "content": "Hi"}], "text": "Hi", "intent": {"language": "en"}}
FIRST = {"/v1/complete": HELLO[0], "/v1/transcribe": HEARD[0], "/v1/synthesize": SPOKEN[0]}


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[int]:
    """The app behind a real HTTP server on a free port."""
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=1)
    async with served(config) as url:
        yield int(url.rpartition(":")[2])


def request_bytes(path: str, key: str, wanted: str = "balanced") -> bytes:
    transcribes = path == "/v1/transcribe"
    body = {**BODY, "intent": {"language": "en", "optimizeFor": wanted}}
    content = wav_bytes(b"\x00\x01" * 800, 16_000) if transcribes else orjson.dumps(body)
    extra = b'x-speko-intent: {"language":"en"}\r\n' if transcribes else b""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: {len(content)}\r\n"
    return head.encode() + extra + b"\r\n" + content


@pytest.mark.parametrize("path", FIRST)
@pytest.mark.parametrize("started", [False, True], ids=["before the first event", "after it"])
async def test_a_client_that_goes_away_cancels_the_upstream_at_once(bare_deps: Deps, path: str, started: bool) -> None:
    """ONE-7"""
    steps: tuple[Step, ...] = (FIRST[path], Pause(FOREVER)) if started else (Pause(FOREVER),)
    scripted = cast(acme=steps, other=HELLO)
    async with serving(create_app(with_cast(bare_deps, scripted))) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_bytes(path, known_key(bare_deps)))
        async with asyncio.timeout(5):
            await scripted.scripts["acme"].called.wait()
        if started:
            async with asyncio.timeout(5):
                await reader.readuntil(b"\r\n\r\n")
                await reader.read(1)
        writer.close()
        gone = time.perf_counter()
        async with asyncio.timeout(5):
            await scripted.scripts["acme"].closed.wait()
        assert time.perf_counter() - gone < CANCEL_WITHIN_S
        assert scripted.scripts["other"].requests == []


async def test_events_are_sent_as_they_come(bare_deps: Deps) -> None:
    """ONE-4: the first words are there while the provider still thinks."""
    scripted = cast(acme=(TextDelta("Hel"), Pause(FOREVER)))
    async with serving(create_app(with_cast(bare_deps, scripted))) as port, httpx.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {known_key(bare_deps)}"}
        url = f"http://127.0.0.1:{port}/v1/complete"
        async with client.stream("POST", url, json=BODY, headers=headers) as answer, asyncio.timeout(5):
            seen = b""
            async for piece in answer.aiter_raw():
                seen += piece
                if b'{"text":"Hel"}\n\n' in seen:
                    break
        assert seen.startswith(b"event: meta\n")


async def test_events_that_arrive_together_leave_in_one_piece(bare_deps: Deps) -> None:
    """ONE-4: one send per upstream read keeps a token cheap."""
    sent: list[bytes] = []

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.body":
            sent.append(bytes(message["body"]))  # type: ignore[call-overload]

    burst = tuple(TextDelta(str(number)) for number in range(100))
    scripted = cast(acme=burst)
    app = create_app(with_cast(bare_deps, scripted))
    key, body = known_key(bare_deps), [{"type": "http.request", "body": orjson.dumps(BODY), "more_body": False}]

    async def receive() -> dict[str, object]:
        if body:
            return body.pop()
        await asyncio.sleep(FOREVER)
        return {}

    scope = {
        "type": "http", "method": "POST", "path": "/v1/complete", "raw_path": b"/v1/complete", "query_string": b"",
        "headers": [(b"authorization", f"Bearer {key}".encode())], "app": app, "root_path": "", "scheme": "http",
        "server": ("x", 80), "http_version": "1.1", "asgi": {"version": "3.0"},
    }  # fmt: skip
    await app(scope, receive, send)  # type: ignore[arg-type]
    assert [piece.count(b"event: delta\n") for piece in sent] == [100, 0]
    assert sent[0].startswith(b"event: meta\n")
    assert sent[1].startswith(b"event: done\n")


async def test_audio_that_breaks_off_cuts_the_connection(bare_deps: Deps) -> None:
    """ONE-6: a shorter body that ends well would be a silent truncation."""
    scripted = cast(acme=(SPOKEN[0], failure(FailureKind.UPSTREAM)), other=SPOKEN)
    async with serving(create_app(with_cast(bare_deps, scripted))) as port, httpx.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {known_key(bare_deps)}"}
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(f"http://127.0.0.1:{port}/v1/synthesize", json=BODY, headers=headers)
    assert scripted.scripts["other"].requests == []


async def test_a_hundred_calls_share_one_client(bare_deps: Deps) -> None:
    """SES-10: official clients are built once and used by all."""
    scripted = cast(acme=HELLO)
    async with serving(create_app(with_cast(bare_deps, scripted))) as port, httpx.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {known_key(bare_deps)}"}
        url = f"http://127.0.0.1:{port}/v1/complete"
        answers = await asyncio.gather(*(client.post(url, json=BODY, headers=headers) for _ in range(100)))
    assert {answer.content.count(b"event: done\n") for answer in answers} == {1}


class Ledger:
    """Keeps usage for the test."""

    def __init__(self) -> None:
        self.seen: list[Usage] = []
        self.told = asyncio.Event()

    async def record(self, usage: Usage) -> None:
        self.seen.append(usage)
        self.told.set()


def patient_app(deps: Deps, timing: Timing, ledger: Ledger | None = None, hold_s: float = 0.05) -> Starlette:
    """One route that answers as `/v1/complete` does, with limits short enough to watch."""

    async def endpoint(request: Request) -> Response:
        principal = Principal("api_key", "key_1", "org_1", ALL_SCOPES, "live")
        data = CompleteInput.model_validate(BODY)
        call = await open_complete(deps, principal, data, timing=timing, usage=ledger or Ledger(), session_id="s_1")
        return EventAnswer(call, hold_s=hold_s, beat_s=0.05)

    return Starlette(routes=[Route("/", endpoint, methods=["POST"])], exception_handlers={SpekoError: on_speko_error})


async def post(app: Starlette) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as client:
        return await client.post("/")


async def test_a_slow_start_opens_the_stream_with_comments_and_meta_tells_who_answered(bare_deps: Deps) -> None:
    """ONE-4: clients give up after 30 s without a byte, so the stream opens before the first event."""
    scripted = cast(slow=(Pause(0.2), failure(FailureKind.NETWORK)), other=HELLO)
    answer = await post(patient_app(with_cast(bare_deps, scripted), Timing(5, 5, 10)))
    assert answer.headers["x-speko-provider"] == "slow"
    assert answer.content.startswith(b": ping\n\n")
    after_pings = answer.content.replace(b": ping\n\n", b"")
    assert after_pings.startswith(b'event: meta\ndata: {"provider":"other","model":"m-other","failoverCount":1,')


async def test_silence_in_the_middle_is_filled_with_comments(bare_deps: Deps) -> None:
    """ONE-4: a comment in every period of silence."""
    scripted = cast(acme=(HELLO[0], Pause(0.2), *HELLO[1:]))
    answer = await post(patient_app(with_cast(bare_deps, scripted), Timing(5, 5, 10)))
    assert answer.content.count(b": ping\n\n") >= 2
    assert answer.content.endswith(b"\n\n")
    assert b"\r" not in answer.content
    assert b"event: done\n" in answer.content


async def test_a_provider_that_says_nothing_is_given_up_in_time(bare_deps: Deps) -> None:
    """RTE-9: a timeout before the first event moves on, and the silent call is closed."""
    scripted = cast(silent=(Pause(FOREVER),), other=HELLO)
    answer = await post(patient_app(with_cast(bare_deps, scripted), Timing(0.1, 5, 10), hold_s=10))
    assert answer.headers["x-speko-provider"] == "other"
    assert answer.headers["x-speko-failover-count"] == "1"
    assert scripted.scripts["silent"].closed.is_set()


async def test_all_candidates_together_have_a_limit(bare_deps: Deps) -> None:
    """RTE-10"""
    scripted = cast(a=(Pause(FOREVER),), b=(Pause(FOREVER),), c=(Pause(FOREVER),))
    app = patient_app(with_cast(bare_deps, scripted), Timing(0.3, 5, 0.45), hold_s=10)
    answer = await post(app)
    assert (answer.status_code, answer.json()["code"]) == (500, "COMPLETE_FAILED")
    assert "a:m-a did not answer in time; b:m-b did not answer in time" in answer.json()["error"]
    assert scripted.scripts["c"].requests == []


async def test_a_provider_that_stalls_in_the_middle_ends_with_an_error_event(bare_deps: Deps) -> None:
    """ONE-6"""
    scripted = cast(acme=(HELLO[0], Pause(FOREVER)))
    answer = await post(patient_app(with_cast(bare_deps, scripted), Timing(5, 0.12, 10)))
    assert answer.content.endswith(
        b'event: error\ndata: {"error":"The answer stopped in the middle: acme:m-acme did not answer in time.",'
        b'"code":"COMPLETE_FAILED","causes":[{"provider":"acme","model":"m-acme","reason":"timeout"}]}\n\n'
    )
    assert scripted.scripts["acme"].closed.is_set()


@pytest.mark.parametrize(
    ("steps", "outcome", "tokens"),
    [
        (HELLO, "completed", (14, 4)),
        ((HELLO[0], failure(FailureKind.UPSTREAM)), "failed", (0, 1)),
    ],
)
async def test_what_was_consumed_is_metered_once(
    bare_deps: Deps, steps: tuple[Step, ...], outcome: str, tokens: tuple[int, int]
) -> None:
    """ONE-7: also when the answer broke off; estimated where the provider did not count."""
    ledger = Ledger()
    await post(patient_app(with_cast(bare_deps, cast(acme=steps)), Timing(5, 5, 10), ledger))
    (usage,) = ledger.seen
    assert (usage.vendor, usage.model, usage.outcome) == ("acme", "m-acme", outcome)
    assert (usage.units.prompt_tokens, usage.units.completion_tokens) == tokens
    assert usage.attribution.session_id == "s_1"
    assert usage.units.estimated == (outcome == "failed")


async def test_what_a_client_consumed_before_it_left_is_metered(bare_deps: Deps) -> None:
    """ONE-7"""
    ledger = Ledger()
    scripted = cast(acme=(TextDelta("x" * 40), Pause(FOREVER)))
    app = patient_app(with_cast(bare_deps, scripted), Timing(5, 5, 10), ledger)
    async with serving(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        async with asyncio.timeout(5):
            await reader.readuntil(b"\r\n\r\n")
            writer.close()
            await ledger.told.wait()
    (usage,) = ledger.seen
    assert (usage.outcome, usage.units.completion_tokens) == ("cancelled", 10)
