"""Long work: the tool that reads it waits when asked to, and says when to ask again."""

import time

from speko_core.deps import Deps
from tests.conftest import Tenant, on_sqlite
from tests.mcp.client import Era, mcp_client
from tests.mcp.test_calls import call, era, error_of

__all__ = ["era"]

pytestmark = on_sqlite


async def test_an_answer_that_is_not_ready_says_when_to_come_back(deps: Deps, tenant: Tenant, era: Era) -> None:
    """MCP-8"""
    async with mcp_client(deps, tenant.key, era=era) as client:
        base = (
            await call(client, "create_knowledge_base", agentId=tenant.agent_id, name="handbook")
        ).structured_content
        faq = [{"question": "When are you open?", "answer": "At nine."}]
        added = await call(client, "add_knowledge_faq", id=base["id"], filename="faq.md", pairs=faq)
        document = {"id": base["id"], "documentId": added.structured_content["id"]}
        started = time.monotonic()
        waited = (await call(client, "get_knowledge_document", **document, waitSeconds=1)).structured_content
        elapsed = time.monotonic() - started
        at_once = (await call(client, "get_knowledge_document", **document)).structured_content
        wrong = error_of(await call(client, "get_knowledge_document", **document, waitSeconds=600))
    assert waited["status"] == at_once["status"] == "processing"
    assert waited["retry_after"] == at_once["retry_after"] == 5
    assert "get_knowledge_document" in waited["next_steps"][0]
    assert "stop" in waited["next_steps"][1]
    assert elapsed >= 1
    assert wrong["fields"] == [{"field": "waitSeconds", "problem": "must be an integer from 0 to 25"}]
