"""Credentials for LiveKit rooms, and the settings that choose them."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from speko_core.deps import build_deps
from speko_core.errors import ConfigurationError
from speko_core.ports.rooms import RoomRequest, RoomsError
from speko_core.settings import Settings, load_settings

api = pytest.importorskip("livekit.api")
from speko_core.adapters.livekit_rooms import LiveKitRooms  # noqa: E402 - needs the worker's packages

KEY, SECRET = "key", "a-secret-of-no-worth-in-any-other-place"
REQUEST = RoomRequest("session-1", "speko_session-1", "ada", 600)


def _rooms(url: str = "ws://127.0.0.1:1") -> LiveKitRooms:
    return LiveKitRooms(url, "wss://callers.example", KEY, SECRET, "speko")


async def test_a_caller_may_speak_listen_and_send_data_in_one_room_and_nothing_else() -> None:
    """SES-1, SES-12: for as long as the session lives, and nothing of the session is in the token but its id."""
    access = await _rooms().admit(REQUEST)
    claims = api.TokenVerifier(KEY, SECRET).verify(access.token)
    assert (access.url, claims.identity, claims.metadata) == ("wss://callers.example", "ada", "")
    granted = {name: value for name, value in vars(claims.video).items() if value not in (None, False)}
    assert granted == {
        "room_join": True,
        "room": "speko_session-1",
        "can_publish": True,
        "can_publish_sources": ["microphone"],
        "can_subscribe": True,
        "can_publish_data": True,
    }
    assert [(agent.agent_name, agent.metadata) for agent in claims.room_config.agents] == [("speko", "session-1")]


async def test_a_server_that_is_away_is_an_error_of_the_port() -> None:
    """SES-1"""
    rooms = _rooms()
    try:
        with pytest.raises(RoomsError):
            await rooms.open(REQUEST)
        with pytest.raises(RoomsError):
            await rooms.close("speko_session-1")
    finally:
        await rooms.aclose()


def test_livekits_own_variables_are_read_and_ours_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """OPS-1"""
    monkeypatch.setenv("LIVEKIT_URL", "https://rooms.example/")
    monkeypatch.setenv("LIVEKIT_API_KEY", "theirs")
    monkeypatch.setenv("LIVEKIT_API_SECRET", SECRET)
    monkeypatch.setenv("SPEKO_LIVEKIT_API_KEY", "ours")
    settings = load_settings()
    assert (settings.livekit_url, settings.livekit_api_key) == ("wss://rooms.example", "ours")
    assert settings.livekit_api_secret == SecretStr(SECRET)


def test_a_server_without_its_key_is_refused(tmp_path: Path) -> None:
    """OPS-1"""
    settings = Settings(data_dir=tmp_path, livekit_url="ws://127.0.0.1:7880", _env_file=None)
    with pytest.raises(ConfigurationError, match="SPEKO_LIVEKIT_API_KEY and SPEKO_LIVEKIT_API_SECRET"):
        build_deps(settings)
