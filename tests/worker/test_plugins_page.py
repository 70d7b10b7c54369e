"""The program of docs/livekit-plugins.md, run as it stands."""

from types import SimpleNamespace
from typing import Any

import pytest
from livekit.agents.types import NOT_GIVEN

from tests.gateway.oneshot_door import program_of
from tests.worker.conftest import until
from tests.worker.fake_gateway import FakeGateway


async def test_the_page_s_worker_greets_its_caller(gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """SES-3: all three plugins, made by one call; the room is the framework's."""
    monkeypatch.setenv("SPEKO_BASE_URL", gateway.url)
    monkeypatch.setenv("SPEKO_API_KEY", "sk_test_1")
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(program_of("livekit-plugins.md"), "livekit-plugins.md", "exec"), names)
    connected: list[bool] = []

    async def _connect() -> None:
        connected.append(True)

    await names["entry"](SimpleNamespace(room=NOT_GIVEN, connect=_connect))
    await until(lambda: bool(gateway.calls_to("llm")))
    (asked,) = gateway.calls_to("llm")
    assert connected == [True]
    assert (asked["intent"], asked["temperature"]) == ({"language": "en-US", "optimizeFor": "balanced"}, 0.4)
    assert asked["_auth"] == "Bearer sk_test_1"
