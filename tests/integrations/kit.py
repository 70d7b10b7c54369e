"""An installation with both apps set up against fakes, an owner with a browser, and a scripted model."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr

from speko_core.deps import Deps, build_deps
from speko_core.providers.base import LlmRequest, LlmUsage, TextDelta, ToolCall
from speko_core.settings import Settings
from tests.conftest import MASTER_KEY, Tenant, add_tenant, migrated_database, rest_client
from tests.fakes.apps.google import FakeGoogle
from tests.fakes.apps.oauth import CLIENT_ID, CLIENT_SECRET
from tests.fakes.apps.slack import FakeSlack
from tests.fakes.scripted_providers import Calls
from tests.fakes.scripted_providers import cast as cast_of
from tests.gateway.oneshot_door import JSON
from tests.gateway.web_visitor import Visitor, visitor

SAID = (TextDelta("Done."), LlmUsage(20, 3))
EVENT = {
    "title": "Haircut",
    "start": "2026-07-03T15:00:00",
    "end": "2026-07-03T15:30:00",
    "timeZone": "Europe/Berlin",
}


@dataclass
class Desk:
    """One organization at the doors of one installation."""

    deps: Deps
    google: FakeGoogle
    slack: FakeSlack
    tenant: Tenant
    rest: httpx.AsyncClient
    browser: Visitor

    def fake(self, app: str) -> FakeGoogle | FakeSlack:
        return self.google if app == "google_calendar" else self.slack

    async def leave(self, app: str) -> str:
        """Ask to connect over REST, allow it at the app: the path the app sends the browser back to."""
        asked = await self.rest.post(f"/v1/integrations/{app}/connect")
        assert asked.status_code == 200, asked.text
        return await consent(asked.json()["url"])

    async def connect(self, app: str) -> str:
        """Connect the account; its installation id."""
        back = await self.browser.see(await self.leave(app))
        assert (back.status_code, back.headers["location"]) == (303, "/integrations?done=connected"), back.text
        return str((await self.installations(app=app))[0]["id"])

    async def installations(self, **query: str) -> list[dict[str, Any]]:
        listed = await self.rest.get("/v1/integrations/installations", params=query)
        return cast(list[dict[str, Any]], listed.json()["installations"])

    async def tool(self, app: str, action: str, config: dict[str, object] | None = None) -> dict[str, object]:
        """Register a tool named like its action; the row that is sent back as a tool of a completion."""
        (installation,) = await self.installations(app=app)
        source = {"kind": "integration", "installationId": installation["id"], "appKey": app, "actionKey": action}
        body = {
            "name": action,
            "description": "Acts.",
            "parameters": {"type": "object"},
            "source": {**source, "config": config or {}},
        }
        made = await self.rest.post(f"/v1/agents/{self.tenant.agent_id}/tools", json=body)
        assert made.status_code == 201, made.text
        return {**made.json(), "executionMode": "integration"}

    async def call(
        self,
        tool: dict[str, object],
        arguments: object,
        key: str | None = None,
        times: int = 1,
        session: str | None = None,
    ) -> "Told":
        """A completion whose model calls the tool: what the model was told of it."""
        calls = [ToolCall(f"c{at}", str(tool["name"]), json.dumps(arguments)) for at in range(times)]
        scripted = cast_of(acme=Calls(((*calls, LlmUsage(10, 2)), SAID)))
        deps = replace(self.deps, providers=scripted.registry)
        body = {"messages": [{"role": "user", "content": "Go."}], "intent": {"language": "en-US"}, "tools": [tool]}
        headers = {
            **JSON,
            **({"idempotency-key": key} if key else {}),
            **({"x-session-id": session} if session else {}),
        }
        async with rest_client(deps, self.tenant.key) as client:
            answer = await client.post("/v1/complete", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        first, second = (cast(LlmRequest, scripted.request("acme", at)) for at in (0, 1))
        told = second.messages[-1]
        return Told(told.content, bool(told.is_error), first.tools[0].parameters)


@dataclass(frozen=True)
class Told:
    """What the model learned of its call, and what it was offered."""

    text: str
    failed: bool
    parameters: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        """The JSON between the marks."""
        assert not self.failed, self.text
        return cast(dict[str, Any], json.loads(self.text.split("\n", 1)[1].rsplit("\n", 1)[0]))


async def consent(url: str) -> str:
    """What the person's browser does at the app; answers the path it is sent back to."""
    async with httpx.AsyncClient() as browser:
        sent = await browser.get(url)
    assert sent.status_code == 302, sent.text
    back = urlsplit(sent.headers["location"])
    return f"{back.path}?{back.query}"


async def signed_in(deps: Deps, tenant: Tenant) -> Visitor:
    """The tenant's owner at a browser."""
    browser = visitor(deps)
    await browser.sign_in(deps, tenant)
    return browser


def settings_for(folder: Path, database_url: str, google: FakeGoogle, slack: FakeSlack) -> Settings:
    """Both apps set up, at the fakes."""
    secret = SecretStr(CLIENT_SECRET)
    return Settings(
        data_dir=folder, database_url=database_url, master_key=MASTER_KEY, allow_insecure_webhooks=True, _env_file=None,
        google_client_id=CLIENT_ID, google_client_secret=secret, google_url=google.url,
        slack_client_id=CLIENT_ID, slack_client_secret=secret, slack_url=slack.url,
    )  # fmt: skip


@pytest.fixture
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    """Everything set up, nothing connected; on SQLite, or on the engine a test asks for."""
    async with AsyncExitStack() as stack:
        url = stack.enter_context(migrated_database(getattr(request, "param", "sqlite"), request, tmp_path))
        google = await stack.enter_async_context(FakeGoogle().serving())
        slack = await stack.enter_async_context(FakeSlack().serving())
        deps = build_deps(settings_for(tmp_path, url, google, slack))
        stack.push_async_callback(deps.aclose)
        tenant = await add_tenant(deps)
        rest = await stack.enter_async_context(rest_client(deps, tenant.key))
        yield Desk(deps, google, slack, tenant, rest, await signed_in(deps, tenant))
