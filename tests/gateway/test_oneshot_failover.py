"""Failures of candidates, seen from the REST door: kind by modality, position and form of the answer."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import orjson
import pytest

from speko_core.audio import wav_bytes
from speko_core.deps import Deps
from speko_core.providers.base import AudioChunk, FailureKind, LlmUsage, TextDelta, Transcript
from tests.fakes.scripted_providers import HEARD, HELLO, SPOKEN, Cast, Step, cast, failure, merged
from tests.gateway.oneshot_door import JSON, bare_deps, door, events

__all__ = ["bare_deps"]

INTENT = {"language": "en"}
SECRET = "upstream secret text"
MOVES_ON = [kind for kind in FailureKind if kind is not FailureKind.INVALID]


@dataclass(frozen=True)
class Endpoint:
    """How to call one endpoint, and what a good and a broken answer of its provider look like."""

    path: str
    code: str
    good: tuple[Step, ...]
    empties: tuple[tuple[Step, ...], ...]
    broken: tuple[Step, ...]

    async def call(self, client: httpx.AsyncClient, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.ask(client, INTENT, headers or {}, {"messages": [{"role": "user", "content": "Hi"}]})

    async def ask(
        self,
        client: httpx.AsyncClient,
        intent: Mapping[str, str],
        headers: Mapping[str, str],
        body: Mapping[str, object],
    ) -> httpx.Response:
        if self.path == "/v1/transcribe":
            given = {**headers, "x-speko-intent": orjson.dumps(intent).decode(), "Content-Type": "audio/wav"}
            return await client.post(self.path, content=wav_bytes(b"\x00\x01" * 800, 16_000), headers=given)
        return await client.post(self.path, json={"intent": intent, "text": "Hi", **body}, headers=headers)


STOP = failure(FailureKind.UPSTREAM)
COMPLETE = Endpoint(
    "/v1/complete",
    "COMPLETE_FAILED",
    HELLO,
    ((), (LlmUsage(5, 0),), (TextDelta(""), LlmUsage(5, 0))),
    (TextDelta("Hel"), STOP),
)
TRANSCRIBE = Endpoint(
    "/v1/transcribe",
    "TRANSCRIBE_FAILED",
    HEARD,
    ((), (Transcript("", is_final=True),), (Transcript("  ", is_final=False), Transcript(" ", is_final=True))),
    (Transcript("hel", is_final=False), STOP),
)
SYNTHESIZE = Endpoint(
    "/v1/synthesize", "SYNTHESIZE_FAILED", SPOKEN, ((), (AudioChunk(b"", "audio/mpeg"),)), (SPOKEN[0], STOP)
)
ENDPOINTS = [COMPLETE, TRANSCRIBE, SYNTHESIZE]
EVENTS = [COMPLETE, TRANSCRIBE]
by_path = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
by_event_path = pytest.mark.parametrize("endpoint", EVENTS, ids=lambda endpoint: endpoint.path)
by_form = pytest.mark.parametrize("form", [{}, JSON], ids=["events", "json"])


def chain(first: tuple[Step, ...], second: tuple[Step, ...]) -> Cast:
    return cast(first=first, second=second)


@by_path
@by_form
@pytest.mark.parametrize("kind", MOVES_ON)
async def test_a_failing_first_candidate_is_invisible(
    bare_deps: Deps, endpoint: Endpoint, form: dict[str, str], kind: FailureKind
) -> None:
    """RTE-9: the next candidate answers, and the headers say that one was given up."""
    scripted = chain((failure(kind),), endpoint.good)
    async with door(bare_deps, scripted) as client:
        answer = await endpoint.call(client, form)
    assert answer.status_code == 200
    assert answer.headers["x-speko-provider"] == "second"
    assert answer.headers["x-speko-failover-count"] == "1"
    assert SECRET not in answer.text
    assert scripted.scripts["first"].closed.is_set()


@by_path
@by_form
@pytest.mark.parametrize("kind", MOVES_ON)
async def test_when_the_last_candidate_fails_too_the_documented_code_comes_with_the_causes(
    bare_deps: Deps, endpoint: Endpoint, form: dict[str, str], kind: FailureKind
) -> None:
    """RTE-10: 500, every candidate named in our words, nothing of the upstream's."""
    async with door(bare_deps, chain((failure(FailureKind.NETWORK),), (failure(kind),))) as client:
        answer = await endpoint.call(client, form)
    assert (answer.status_code, answer.json()["code"]) == (500, endpoint.code)
    assert answer.json()["error"].startswith(
        "All providers failed: first:m-first could not be reached; second:m-second"
    )
    assert SECRET not in answer.text


@by_path
@by_form
async def test_the_callers_mistake_is_returned_at_once(
    bare_deps: Deps, endpoint: Endpoint, form: dict[str, str]
) -> None:
    """RTE-9: another provider would not help, so none is asked."""
    scripted = chain((failure(FailureKind.INVALID),), endpoint.good)
    async with door(bare_deps, scripted) as client:
        answer = await endpoint.call(client, form)
    code = "INVALID_AUDIO" if endpoint is TRANSCRIBE else "VALIDATION_ERROR"
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert scripted.scripts["second"].requests == []
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("endpoint", "empty"), [(endpoint, empty) for endpoint in ENDPOINTS for empty in endpoint.empties]
)
@by_form
async def test_a_success_with_nothing_in_it_is_a_failure(
    bare_deps: Deps, endpoint: Endpoint, empty: tuple[Step, ...], form: dict[str, str]
) -> None:
    """ONE-11"""
    async with door(bare_deps, chain(empty, endpoint.good)) as client:
        answer = await endpoint.call(client, form)
    assert answer.headers["x-speko-provider"] == "second"
    async with door(bare_deps, chain(empty, empty)) as client:
        answer = await endpoint.call(client, form)
    assert (answer.status_code, answer.json()["code"]) == (500, endpoint.code)
    assert "answered with nothing" in answer.json()["error"]


@by_path
@pytest.mark.parametrize("error", [TimeoutError("x"), ConnectionResetError("x")])
async def test_a_bare_connection_error_of_an_adapter_moves_on_too(
    bare_deps: Deps, endpoint: Endpoint, error: Exception
) -> None:
    """RTE-9"""
    async with door(bare_deps, chain((error,), endpoint.good)) as client:
        answer = await endpoint.call(client)
    assert answer.headers["x-speko-provider"] == "second"


@by_path
@by_form
@pytest.mark.parametrize("kind", list(FailureKind))
@pytest.mark.parametrize("last", [False, True], ids=["first", "last"])
async def test_a_failure_in_the_middle_is_never_a_silent_end(
    bare_deps: Deps, endpoint: Endpoint, form: dict[str, str], kind: FailureKind, last: bool
) -> None:
    """ONE-6, RTE-9: what was shown ends with an error or a cut; a JSON answer has shown nothing, so it moves on."""
    breaks = (endpoint.broken[0], failure(kind))
    scripted = chain((failure(FailureKind.NETWORK),), breaks) if last else chain(breaks, endpoint.good)
    async with door(bare_deps, scripted) as client:
        answer = await endpoint.call(client, form)
    if endpoint is SYNTHESIZE:
        # That the connection is cut then is only seen on a real socket: test_oneshot_streams.
        assert answer.content == SPOKEN[0].data
    elif not form:
        name, data = events(answer.content)[-1]
        assert (name, orjson.loads(data)["causes"][0]["reason"]) == ("error", str(kind))
    elif kind is FailureKind.INVALID:
        assert answer.status_code == 400
    elif last:
        assert [cause["reason"] for cause in answer.json()["causes"]] == ["network", str(kind)]
    else:
        assert (answer.json()["provider"], answer.json()["failoverCount"]) == ("second", 1)
    assert SECRET not in answer.text
    assert all(script.closed.is_set() for script in scripted.scripts.values() if script.requests)


@by_event_path
async def test_an_error_after_the_first_event_ends_the_stream_with_an_error_event(
    bare_deps: Deps, endpoint: Endpoint
) -> None:
    """ONE-6: what was said is not taken back, and no second provider continues it."""
    scripted = chain(endpoint.broken, endpoint.good)
    async with door(bare_deps, scripted) as client:
        answer = await endpoint.call(client)
    seen = events(answer.content)
    assert [name for name, _ in seen][0] == "meta"
    assert "done" not in [name for name, _ in seen]
    assert seen[-1][0] == "error"
    assert orjson.loads(seen[-1][1]) == {
        "error": "The answer stopped in the middle: first:m-first failed.",
        "code": endpoint.code,
        "causes": [{"provider": "first", "model": "m-first", "reason": "upstream"}],
    }
    assert scripted.scripts["second"].requests == []


@by_event_path
async def test_a_json_answer_fails_over_in_the_middle_because_nothing_was_shown(
    bare_deps: Deps, endpoint: Endpoint
) -> None:
    """RTE-9"""
    async with door(bare_deps, chain(endpoint.broken, endpoint.good)) as client:
        answer = await endpoint.call(client, JSON)
    assert answer.json()["provider"] == "second"
    assert answer.json()["failoverCount"] == 1
    assert answer.json()["text"] == ("Hello" if endpoint is COMPLETE else "hello world")


@by_event_path
async def test_a_bug_in_an_adapter_still_ends_the_stream_with_an_error_event(
    bare_deps: Deps, endpoint: Endpoint
) -> None:
    """ONE-6: neither `done` nor `error` would leave the caller guessing."""
    async with door(bare_deps, cast(first=(endpoint.good[0], KeyError("bug")))) as client:
        answer = await endpoint.call(client)
    name, data = events(answer.content)[-1]
    assert (name, orjson.loads(data)["code"]) == ("error", "INTERNAL_ERROR")
    assert "bug" not in data


async def test_whitespace_alone_is_no_completion(bare_deps: Deps) -> None:
    """ONE-11"""
    async with door(bare_deps, chain((TextDelta("\n"), LlmUsage(1, 1)), HELLO)) as client:
        answer = await COMPLETE.call(client, JSON)
    assert answer.json()["text"] == "Hello"


async def test_candidates_that_failed_are_never_replaced_by_offline_ones(bare_deps: Deps) -> None:
    """RTE-17: a broken cloud provider is an error, not a robot voice."""
    scripted = merged(cast(cloud=(failure(FailureKind.NETWORK),)), cast(sandbox=True, offline=SPOKEN))
    async with door(bare_deps, scripted) as client:
        answer = await SYNTHESIZE.call(client)
    assert answer.status_code == 500
    assert scripted.scripts["offline"].requests == []
