"""The conversation behind `speko talk`: session over REST, audio over its transport, transcript over REST."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import httpx

from speko_core.accounts.operations import KEYS_CREATE, KEYS_REVOKE
from speko_core.deps import build_deps
from speko_core.settings import Settings, load_settings
from speko_core.types import JsonObject, JsonValue
from speko_gateway import exit_codes
from speko_gateway.cli.local import call_in, check_installed, organization_id
from speko_worker.talk import TalkError, TalkOptions, TalkResult, talk

REQUEST_TIMEOUT_S = 15.0
STEPS = 3
# The last turns reach the transcript a moment after the call.
_TRANSCRIPT_WITHIN_S = 5.0
_POLL_S = 0.2
_KEY_LIFE = timedelta(hours=1)
FINAL = ("ended", "failed", "expired")


class TalkFailed(Exception):
    """The conversation did not take place; the text is a sentence for the person."""

    def __init__(self, sentence: str, exit_code: int = exit_codes.FAILED) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


@dataclass(frozen=True)
class Conversation:
    """What the person asked for."""

    agent: str
    wav: bytes | None
    text: str | None
    url: str | None
    api_key: str | None
    timeout_s: float


async def converse(wanted: Conversation, step: Callable[[], None]) -> tuple[JsonObject, bytes]:
    """Hold the conversation; returns the report and the agent's audio as WAV. `step` is called `STEPS` times.

    Raises:
        TalkFailed: it did not take place.
    """
    settings = load_settings()
    async with _api_key(wanted, settings) as key:
        headers = {"Authorization": f"Bearer {key}"}
        base = wanted.url or settings.internal_url
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=REQUEST_TIMEOUT_S) as http:
            agent = await _find_agent(http, wanted.agent)
            session = _object(await _ask(http, "POST", "/v1/sessions", {"agentId": agent["id"]}))
            step()
            options = TalkOptions(timeout_s=wanted.timeout_s, typed=wanted.text)
            try:
                url, token = str(session["transportUrl"]), str(session["transportToken"])
                result = await talk(url, token, wanted.wav, options=options)
            except TalkError as error:
                raise TalkFailed(str(error)) from None
            step()
            entries, status = await _final_transcript(http, str(session["sessionId"]))
            step()
    return _report(session, agent, result, entries, status), result.reply_wav()


def _report(
    session: JsonObject, agent: JsonObject, result: TalkResult, entries: list[JsonValue], status: str
) -> JsonObject:
    return {
        "sessionId": session["sessionId"],
        "agentId": agent["id"],
        "agentName": agent["name"],
        "status": status,
        "endReason": result.end_reason,
        "timedOut": result.timed_out,
        "firstAudioMs": round(result.first_audio_ms, 1) if result.first_audio_ms is not None else None,
        "replySeconds": round(len(result.reply_pcm) / 2 / result.sample_rate, 2),
        "turns": entries,
    }


@asynccontextmanager
async def _api_key(wanted: Conversation, settings: Settings) -> AsyncIterator[str]:
    if wanted.api_key:
        yield wanted.api_key
        return
    if wanted.url:
        raise TalkFailed("Set SPEKO_API_KEY to a key of that server.", exit_codes.USAGE)
    check_installed(settings)
    deps = build_deps(settings)
    try:
        organization = await organization_id(deps, None)
        expires = (datetime.now(UTC) + _KEY_LIFE).isoformat()
        wish = {"name": "speko talk", "mode": "test", "expiresAt": expires}
        created = _object(await call_in(deps, KEYS_CREATE, wish, organization))
        try:
            yield str(created["key"])
        finally:
            await call_in(deps, KEYS_REVOKE, {"id": str(created["id"])}, organization)
    finally:
        await deps.aclose()


async def _find_agent(http: httpx.AsyncClient, wanted: str) -> JsonObject:
    agents = await _ask(http, "GET", "/v1/agents")
    listed = [_object(agent) for agent in agents] if isinstance(agents, list) else []
    for agent in listed:
        if wanted in (agent["id"], agent["name"]):
            return agent
    names = ", ".join(str(agent["name"]) for agent in listed)
    raise TalkFailed(f"There is no agent named {wanted}; there are: {names}.")


async def _final_transcript(http: httpx.AsyncClient, session_id: str) -> tuple[list[JsonValue], str]:
    deadline = asyncio.get_running_loop().time() + _TRANSCRIPT_WITHIN_S
    while True:
        status = str(_object(await _ask(http, "GET", f"/v1/sessions/{session_id}"))["status"])
        if status in FINAL or asyncio.get_running_loop().time() > deadline:
            transcript = _object(await _ask(http, "GET", f"/v1/sessions/{session_id}/transcript"))
            return cast(list[JsonValue], transcript["entries"]), status
        await asyncio.sleep(_POLL_S)


async def _ask(http: httpx.AsyncClient, method: str, path: str, body: JsonObject | None = None) -> JsonValue:
    try:
        answer = await http.request(method, path, json=body)
        parsed = cast(JsonValue, answer.json())
    except (httpx.HTTPError, ValueError):
        place = f"{http.base_url}".rstrip("/")
        raise TalkFailed(
            f"No Speko server answers at {place}; start one with `speko up`.", exit_codes.UNAVAILABLE
        ) from None
    if answer.is_error:
        problem = _object(parsed)
        raise TalkFailed(f"{problem.get('error')} ({problem.get('code')})")
    return parsed


def _object(value: JsonValue) -> JsonObject:
    assert isinstance(value, dict)
    return value
