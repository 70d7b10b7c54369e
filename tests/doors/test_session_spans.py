"""The spans of a session: kept by its worker, read over both doors and drawn on its page."""

from typing import Any

import httpx
import pytest

from speko_core.deps import Deps
from speko_gateway.web.spans import Row, spans_by_turn
from tests.conftest import Tenant
from tests.core.sessions_kit import running
from tests.doors.doors import open_door


def span(name: str, begin_ms: int, duration_ms: float, *children: dict[str, Any], **attributes: object) -> Any:
    return {
        "spanId": "00f067aa0ba902b7",
        "name": name,
        "startTime": f"2026-01-01T00:00:{begin_ms / 1000:06.3f}Z",
        "endTime": f"2026-01-01T00:00:{(begin_ms + duration_ms) / 1000:06.3f}Z",
        "durationMs": duration_ms,
        "status": "ok",
        "attributes": attributes,
        "children": [*children],
    }


CHAT = span("chat m-1", 1_500, 500.0, **{"gen_ai.provider.name": "acme", "speko.leg": "llm"})
TURN = span("turn", 1_000, 2_000.0, span("vad", 1_000, 200.0), CHAT, **{"speko.turn.answer": 1})
TRACE = {"traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanTree": span("invoke_agent Clinic", 0, 9_000.0, TURN)}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("door_name", ["rest", "mcp"])
async def test_the_spans_of_a_session_are_read_as_its_worker_kept_them(
    door_name: str, deps: Deps, rest: httpx.AsyncClient, tenant: Tenant
) -> None:
    """SES-9: null until there are any; the last report counts."""
    async with running(deps, rest, tenant.agent_id) as session, open_door(door_name, deps, tenant.key) as door:
        before = (await door.call("sessions.spans", id=session.id)).value
        path = f"/internal/sessions/{session.id}/spans"
        for sent in ({**TRACE, "spanTree": span("invoke_agent Clinic", 0, 1.0)}, TRACE):
            assert (await session.client.post(path, json=sent)).status_code == 200
        after = (await door.call("sessions.spans", id=session.id)).value
        assert (await session.client.post(path, json={**TRACE, "spanTree": {"name": "x"}})).status_code == 400
    assert (before["traceId"], before["spanTree"]) == (None, None)
    assert after["sessionId"] == session.id
    assert (after["traceId"], after["spanTree"]) == (TRACE["traceId"], TRACE["spanTree"])


def test_spans_are_drawn_where_they_lie_in_their_turn() -> None:
    """SES-9: in thousandths of the turn, and under the answer that they led to."""
    assert spans_by_turn(TRACE["spanTree"]) == {
        1: [Row("vad", "vad", "", 200, 0, 100, False), Row("llm", "chat m-1", "acme", 500, 250, 250, False)]
    }
    assert spans_by_turn(None) == {}
