"""Listening to a recording in the dashboard."""

import httpx

from speko_core.deps import Deps
from tests.conftest import Tenant
from tests.core.sessions_kit import running
from tests.gateway.web_visitor import visitor


async def test_a_session_plays_its_recording_to_those_who_may_hear_it(
    deps: Deps, rest: httpx.AsyncClient, tenant: Tenant
) -> None:
    """SES-4: every play gets a fresh URL; without a recording there is nothing to play."""
    async with running(deps, rest, tenant.agent_id) as session:
        await session.finish()
        person, path = visitor(deps), f"/sessions/{session.id}"
        async with person.client:
            assert (await person.client.get(f"{path}/recording")).headers["location"].startswith("/sign-in")
            await person.sign_in(deps, tenant)
            assert "<audio" not in (await person.see(path)).text
            assert (await person.client.get(f"{path}/recording")).status_code == 404
            headers = {"x-speko-duration-ms": "1000"}
            await session.client.put(f"/internal{path}/recording", content=b"OggS", headers=headers)
            assert f'src="{path}/recording"' in (await person.see(path)).text
            for _ in range(2):
                found = await person.client.get(f"{path}/recording")
                assert (found.status_code, found.headers["cache-control"]) == (302, "no-store")
                assert (await person.client.get(found.headers["location"])).content == b"OggS"
