"""Runs in the official SDK's own environment: its agent tools resource and a completion that calls one, sync and async.

`python tools.py BASE_URL API_KEY AGENT_ID HOOK_URL SECRET` prints one JSON object of what came back.
"""

import asyncio
import json
import sys

from spekoai import AsyncSpeko, Speko
from spekoai.errors import SpekoApiError
from spekoai.models import ChatToolSourceBuiltin

base_url, key, agent_id, hook, secret = sys.argv[1:6]
PARAMETERS = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string", "description": "First name of the pet."}},
}
LOOKUP = {
    "name": "lookup_pet",
    "description": "Look up a pet by name. ALWAYS call this when the user asks about a specific pet.",
    "parameters": PARAMETERS,
    "source": {"kind": "webhook", "url": hook, "secret": secret},
}
# A typed source is sent without its kind.
HANG_UP = {
    "name": "hang_up",
    "description": "End the call.",
    "parameters": {"type": "object"},
    "source": ChatToolSourceBuiltin(name="end_call"),
}
QUESTION = [{"role": "user", "content": "Can you look up the pet named Luna?"}]
INTENT = {"language": "en-US"}


def sync() -> dict[str, object]:
    with Speko(api_key=key, base_url=base_url) as speko:
        tools = speko.agents.tools
        made = tools.create(agent_id, LOOKUP)
        ended = tools.create(agent_id, HANG_UP)
        changed = tools.update(agent_id, made.id, {"description": "Look up any pet.", "preToolSpeech": "never"})
        listed = [row.name for row in tools.list(agent_id, available=True)]
        got = tools.get(agent_id, made.id)
        gone = tools.delete(agent_id, ended.id)
        answer = speko.complete(messages=QUESTION, intent=INTENT, tools=tools.list_chat_tools(agent_id))
        try:
            tools.get(agent_id, ended.id)
            missing = ""
        except SpekoApiError as error:
            missing = f"{error.status} {error.code}"
    return {
        "made": [made.source.kind, made.source.secret_ref, ended.source.kind, made.simulation, made.tool_sound],
        "changed": [changed.description, changed.pre_tool_speech, got.source.url == hook],
        "listed": listed,
        "gone": [gone, missing],
        "answer": answer.text,
    }


async def later() -> dict[str, object]:
    async with AsyncSpeko(api_key=key, base_url=base_url) as speko:
        tools = speko.agents.tools
        offered = await tools.list_chat_tools(agent_id, available=True)
        seen = []
        async for event in speko.complete_stream(messages=QUESTION, intent=INTENT, tools=offered):
            seen.append([event.type, getattr(event, "status", None) or getattr(event, "hop", None)])
        row = (await tools.list(agent_id))[0]
        mocked = await tools.update(agent_id, row.id, {"simulation": {"mode": "mock", "response": {"name": "Mocky"}}})
        live = await tools.update(agent_id, row.id, {"simulation": None})
        again = await tools.get(agent_id, row.id)
        ended = await tools.create(agent_id, HANG_UP)
        gone = [await tools.delete(agent_id, row.id), await tools.delete(agent_id, ended.id)]
    return {
        "events": [event for event in seen if event[0] != "delta"],
        "simulation": [mocked.simulation.response, live.simulation, again.pre_tool_speech],
        "made": [ended.name, ended.source.kind],
        "gone": gone,
    }


print(json.dumps({"sync": sync(), "async": asyncio.run(later())}))
