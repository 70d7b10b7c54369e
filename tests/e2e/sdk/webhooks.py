"""Runs in the official SDK's own environment: its webhooks resource, sync and async, with only the base URL changed.

`python webhooks.py BASE_URL API_KEY HOOK_URL DELIVERY_ID` prints one JSON object of what came back.
"""

import asyncio
import json
import sys

from spekoai import AsyncSpeko, Speko
from spekoai.errors import SpekoApiError

base_url, key, hook, delivery_id = sys.argv[1:5]
NEW = {
    "name": "From the SDK",
    "url": hook,
    "events": ["call.report", "call.transfer.failed", "sms.received"],
    "authHeaders": [{"name": "Authorization", "value": "Bearer hush"}],
    "filterTags": {"team": "sales"},
    "extractionFields": [{"name": "size", "type": "number", "description": "How many."}],
}


def sync() -> dict[str, object]:
    with Speko(api_key=key, base_url=base_url) as speko:
        created = speko.webhooks.create(NEW)
        changed = speko.webhooks.update(created.id, {"timeoutMs": 2000, "authHeaders": [{"name": "Authorization"}]})
        listed = [row.id for row in speko.webhooks.list()]
        page = speko.webhooks.deliveries.list(status="succeeded", limit=1)
        detail = speko.webhooks.deliveries.get(delivery_id)
        again = speko.webhooks.deliveries.redeliver(delivery_id)
        speko.webhooks.delete(created.id)
        try:
            speko.webhooks.get(created.id)
            missing = ""
        except SpekoApiError as error:
            missing = f"{error.status} {error.code}"
    return {
        "created": [created.name, created.events, created.extraction_fields[0].name, created.filter_tags],
        "changed": [changed.timeout_ms, changed.auth_headers[0].configured, changed.id in listed],
        "page": [page.data[0].id, page.data[0].attempts, page.next_cursor, page.endpoint_options[0].kind],
        "detail": [detail.attempt_count, detail.attempts[0].response_status, detail.request_payload["type"]],
        "again": [again.delivered, again.http_status, again.error],
        "missing": missing,
    }


async def later() -> dict[str, object]:
    async with AsyncSpeko(api_key=key, base_url=base_url) as speko:
        created = await speko.webhooks.create(NEW)
        changed = await speko.webhooks.update(created.id, {"name": "Later", "filterTags": None})
        got = await speko.webhooks.get(created.id)
        listed = [row.id for row in await speko.webhooks.list()]
        page = await speko.webhooks.deliveries.list(session_id="nobody")
        detail = await speko.webhooks.deliveries.get(delivery_id)
        again = await speko.webhooks.deliveries.redeliver(delivery_id)
        await speko.webhooks.delete(created.id)
    return {
        "changed": [changed.name, got.filter_tags, created.id in listed],
        "deliveries": [len(page.data), detail.attempts[-1].trigger, again.delivered],
    }


print(json.dumps({"sync": sync(), "async": asyncio.run(later())}))
