"""Who the caller is, behind proxies: believed from the trusted ones alone."""

import httpx
import pytest
from pydantic import ValidationError

from speko_core.deps import Deps
from speko_core.settings import Settings
from speko_gateway.app import create_app
from speko_gateway.serve import server_config
from tests.conftest import Tenant, on_sqlite, with_deps
from tests.serving import served

FORWARDED = {"X-Forwarded-For": "6.6.6.6, 203.0.113.7"}


@on_sqlite
@pytest.mark.parametrize(
    ("trusted", "seen"),
    [
        ("127.0.0.1, ::1", "203.0.113.7"),
        ("127.0.0.0/8, 203.0.113.7", "6.6.6.6"),
        ("10.0.0.0/8", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
async def test_the_last_address_that_is_no_trusted_proxy_is_the_callers(
    deps: Deps, tenant: Tenant, trusted: str, seen: str
) -> None:
    """ORG-9"""
    settings = deps.settings.model_copy(update={"trusted_proxies": trusted})
    app = create_app(with_deps(deps, settings=settings))
    headers = {"Authorization": f"Bearer {tenant.key}", **FORWARDED}
    async with served(server_config(app, settings)) as url, httpx.AsyncClient(base_url=url, headers=headers) as http:
        assert (await http.post("/v1/api-keys", json={"name": "spare"})).status_code == 201
        entries = (await http.get("/v1/audit-log")).json()["entries"]
    assert entries[0]["clientIp"] == seen


def test_what_is_no_address_is_refused_at_the_start() -> None:
    """OPS-6"""
    with pytest.raises(ValidationError, match="must be IP addresses and networks"):
        Settings(trusted_proxies="proxy.internal", _env_file=None)
