"""Runs in the official SDK's own environment: its whole resource of knowledge bases, sync and async.

`python knowledge.py BASE_URL API_KEY` prints one JSON object of what came back.
"""

import asyncio
import json
import sys
from typing import Any

import httpx
from spekoai import AsyncSpeko, Speko
from spekoai.errors import SpekoApiError

DOCUMENT = {"filename": "returns.md", "content_type": "text/markdown", "data": b"# Returns\n\nWithin 30 days.\n"}
BROKEN = {"filename": "a.txt", "content_type": "text/plain", "data": b"\x00\x01\x02"}
TEXT = b"# Hours\n\nOpen by noon.\n"
REGISTERED = {"filename": "b.md", "content_type": "text/x-markdown", "size_bytes": len(TEXT)}
QUICKLY = {"interval_seconds": 0.2, "timeout_seconds": 60}


def put(upload: Any) -> None:
    """Send the bytes of a registered document to where the server said."""
    httpx.request(upload.method, upload.url, content=TEXT, headers=upload.headers).raise_for_status()


def sync(base_url: str, key: str) -> dict[str, object]:
    with Speko(api_key=key, base_url=base_url) as speko:
        agent = speko.agents.create({"name": "Knows", "systemPrompt": "Brief.", "intent": {"language": "en-US"}})
        bases = speko.knowledge_bases
        default = [base.name for base in bases.list(agent_id=agent.id)]
        base = bases.create({"agent_id": agent.id, "name": "Shop", "description": "All of it"})
        uploaded = bases.upload_document(base.id, {**DOCUMENT, "metadata": {"by": "sdk"}})
        ready = bases.poll_document_ready(base.id, uploaded.id, **QUICKLY)
        broken = bases.upload_document(base.id, BROKEN)
        try:
            bases.poll_document_ready(base.id, broken.id, **QUICKLY)
            failure = ""
        except SpekoApiError as error:
            failure = f"{error.code} {error}"
        registered = bases.create_document(base.id, REGISTERED)
        put(registered.upload)
        finalized = bases.finalize_document(base.id, registered.document.id).status
        bases.poll_document_ready(base.id, registered.document.id, **QUICKLY)
        seen = bases.get_document(base.id, registered.document.id).status
        counted = bases.get(base.id)
        documents = [(row.filename, row.status) for row in bases.list_documents(base.id)]
        deleted = [bases.delete_document(base.id, ready.id), bases.delete(base.id), speko.agents.delete(agent.id)]
    return {
        "default": default,
        "base": [base.name, base.description, bool(base.embedding_model)],
        "uploaded": uploaded.status,
        "ready": [ready.status, ready.chunk_count, ready.metadata, ready.ingested_at is not None],
        "failure": failure,
        "registered": [registered.document.status, registered.upload.method, finalized, seen],
        "counts": [counted.document_count, counted.chunk_count],
        "documents": documents,
        "deleted": [bool(result) for result in deleted],
    }


async def asynchronous(base_url: str, key: str) -> dict[str, object]:
    async with AsyncSpeko(api_key=key, base_url=base_url) as speko:
        agent = (await speko.agents.list())[0]
        bases = speko.knowledge_bases
        base = await bases.create({"agent_id": agent.id, "name": "Async"})
        uploaded = await bases.upload_document(base.id, DOCUMENT)
        ready = await bases.poll_document_ready(base.id, uploaded.id, **QUICKLY)
        created = await bases.create_document(base.id, REGISTERED)
        listed = [row.status for row in await bases.list_documents(base.id)]
        seen = (await bases.get_document(base.id, created.document.id)).status
        put(created.upload)
        finalized = (await bases.finalize_document(base.id, created.document.id)).status
        await bases.poll_document_ready(base.id, created.document.id, **QUICKLY)
        counted = await bases.get(base.id)
        deleted = [await bases.delete_document(base.id, created.document.id), await bases.delete(base.id)]
        gone = base.id not in [row.id for row in await bases.list()]
    return {
        "ready": ready.status,
        "upload": [created.upload.method, created.upload.expires_in_seconds],
        "listed": listed,
        "seen": [seen, finalized],
        "counts": [counted.document_count, counted.chunk_count],
        "deleted": deleted,
        "gone": gone,
    }


if __name__ == "__main__":
    url, api_key = sys.argv[1:3]
    print(json.dumps({"sync": sync(url, api_key), "async": asyncio.run(asynchronous(url, api_key))}))
