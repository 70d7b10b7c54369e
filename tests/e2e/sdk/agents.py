"""Runs in the official SDK's own environment: its agents and voices resources, every method, sync and async.

`python agents.py BASE_URL API_KEY` prints one JSON object of what came back.
"""

import asyncio
import inspect
import json
import sys
from typing import Any

import httpx
from spekoai import AsyncSpeko, Speko
from spekoai.errors import SpekoApiError

base_url, key = sys.argv[1:3]
AGENT = {
    "name": "Front desk",
    "system_prompt": "You are {{name}}, brief.",
    "voice": "rms",
    "intent": {"language": "en-US", "optimize_for": "latency"},
    "llm_options": {"temperature": 0.3, "max_tokens": 200},
    "stack_preferences": {"allowed_providers": {"tts": ["local"]}},
    "stt_options": {"keywords": ["Speko"]},
    "extraction_fields": [{"name": "mood", "type": "string", "description": "How they feel."}],
    "prompt_variables": [{"name": "name", "default_value": "Ava"}],
}
CHANGE = {"system_prompt": "Briefer.", "voice": None, "intent": {"language": "de-DE"}}
NUMBER = {"e164": "+14155550123", "sip_trunk_id": "ST_one", "direction": "both", "label": "Front desk"}
CENTURY = "2100-01-01T00:00:00Z"


async def of(answer: Any) -> Any:
    """What a method of either client gives: both go through the same steps."""
    return await answer if inspect.isawaitable(answer) else answer


def call(agent_id: str) -> None:
    """Begin a conversation; the SDK has no method for one without a phone."""
    headers = {"Authorization": f"Bearer {key}"}
    httpx.post(f"{base_url}/v1/sessions", json={"agentId": agent_id}, headers=headers).raise_for_status()


async def definitions(agents: Any) -> tuple[Any, dict[str, object]]:
    """Create, list, get, update."""
    made = await of(agents.create(AGENT))
    listed = [row.name for row in await of(agents.list())]
    got = await of(agents.get(made.id))
    changed = await of(agents.update(made.id, CHANGE))
    return made, {
        "made": [
            made.name, made.voice, made.intent.language, made.intent.optimize_for, made.llm_options.max_tokens,
            made.stack_preferences.allowed_providers.tts, made.stt_options.keywords, made.extraction_fields[0].name,
            made.prompt_variables[0].default_value,
        ],
        "listed": listed,
        "same": got == made,
        "changed": [changed.id == made.id, changed.system_prompt, changed.voice, changed.intent.language, changed.name],
    }  # fmt: skip


async def numbers(speko: Any, agent_id: str) -> list[object]:
    """Attach and detach a number of the organization's own."""
    number = await of(speko.phone_numbers.import_sip_trunk(NUMBER))
    attached = await of(speko.agents.attach_phone_number(agent_id, number.id))
    detached = await of(speko.agents.detach_phone_number(number.id))
    seen = [[row.agent_id == agent_id, row.setup_status.agent_ready] for row in (number, attached, detached)]
    return [*seen, detached.label, await of(speko.phone_numbers.delete(number.id))]


async def calls(agents: Any, agent_id: str) -> list[object]:
    """Pages of one, then everything, then nothing."""
    call(agent_id)
    call(agent_id)
    first = await of(agents.list_calls(agent_id, limit=1))
    second = await of(agents.list_calls(agent_id, limit=1, cursor=first.next_cursor))
    both = await of(agents.list_calls(agent_id))
    none = await of(agents.list_calls(agent_id, since=CENTURY))
    ids = [row.call_id for row in [*first.calls, *second.calls]]
    same = [row.call_id for row in both.calls] == [row.id for row in both.entries] == ids
    return [same, len(set(ids)), {row.agent_id for row in both.calls} == {agent_id}, both.next_cursor, none.calls]


async def voices(resource: Any) -> dict[str, object]:
    """The catalogue, whole and of one provider."""
    every, few = await of(resource.list()), await of(resource.list(provider="local"))
    return {
        "vendors": [len({voice.vendor for voice in every.voices}) > 1, sorted({voice.vendor for voice in few.voices})],
        "ours": "rms" in [voice.id for voice in few.voices],
        "live": [entry.key for entry in every.providers if entry.voices_fetched_live],
        "few": [[entry.key, bool(entry.models)] for entry in few.providers],
    }


async def through(speko: Any) -> dict[str, object]:
    """Everything, with either client."""
    made, report = await definitions(speko.agents)
    report |= {"numbers": await numbers(speko, made.id), "calls": await calls(speko.agents, made.id)}
    gone: list[object] = [await of(speko.agents.delete(made.id))]
    try:
        await of(speko.agents.get(made.id))
    except SpekoApiError as error:
        gone.append(f"{error.status} {error.code}")
    return {**report, "gone": gone, "voices": await voices(speko.voices)}


async def main() -> dict[str, object]:
    with Speko(api_key=key, base_url=base_url) as speko:
        first = await through(speko)
    async with AsyncSpeko(api_key=key, base_url=base_url) as later:
        return {"sync": first, "async": await through(later)}


print(json.dumps(asyncio.run(main())))
