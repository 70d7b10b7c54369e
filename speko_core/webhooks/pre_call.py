"""Asking before a call begins: `call.pre_call` is sent while the caller waits, and its answer may change the call."""

import asyncio
import json
from collections.abc import Mapping
from typing import Final

from speko_core.deps import Deps
from speko_core.types import JsonObject
from speko_core.webhooks import service
from speko_core.webhooks.attempts import run_claimed
from speko_core.webhooks.service import FIRST_CLAIM

BUDGET_S = 4.0
EVENT: Final = "call.pre_call"
# What an answer may change; everything else in it is ignored.
OVERRIDES = frozenset({
    "intent", "constraints", "voice", "systemPrompt", "firstMessage", "firstMessageMode", "llm", "ttsOptions",
    "sttOptions", "backgroundAudio", "tools", "speechNormalization", "pronunciationDictionary", "textReplacements",
    "idleReprompt", "metadata",
})  # fmt: skip


async def pre_call(
    deps: Deps,
    organization_id: str,
    payload: JsonObject,
    *,
    session_id: str,
    agent_id: str | None = None,
    environment: str | None = None,
    webhook_tags: Mapping[str, str] | None = None,
) -> JsonObject:
    """Ask everybody who hears of `call.pre_call`, all at once, and return the overrides of the answer that counts.

    The agent's own webhook counts before the organization's endpoints, those in order of their creation. An endpoint
    that fails, is late or answers no JSON object changes nothing: a call never fails for it. Takes at most
    `BUDGET_S` seconds and opens its own transactions. The values are the caller's to validate.
    """
    async with deps.database.transaction(organization_id) as db:
        delivery_ids = await service.emit(
            db,
            organization_id,
            EVENT,
            payload,
            occurred_at=deps.clock.now(),
            session_id=session_id,
            agent_id=agent_id,
            environment=environment,
            webhook_tags=webhook_tags,
            sent_by_caller=True,
        )
    asked = (run_claimed(deps, organization_id, delivery_id, FIRST_CLAIM, BUDGET_S) for delivery_id in delivery_ids)
    results = [ran.result for ran in await asyncio.gather(*asked)]
    offered = (_overrides(result.body) for result in results if result and result.ok and not result.truncated)
    return next((overrides for overrides in offered if overrides), {})


def _overrides(body: bytes) -> JsonObject:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    if not isinstance(answer, dict):
        return {}
    nested = answer.get("pipelineConfig") or answer.get("pipeline_config")
    offered = {**(nested if isinstance(nested, dict) else {}), **answer}
    return {name: value for name, value in offered.items() if name in OVERRIDES}
