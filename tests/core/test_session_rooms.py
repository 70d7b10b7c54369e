"""Rooms of a media server: made when a session is stored, removed when it is over, taken back when that fails."""

from dataclasses import dataclass, field

from speko_core.deps import Deps
from speko_core.ports.rooms import RoomAccess, RoomRequest, RoomsError, Transport
from tests.conftest import Tenant, rest_client, with_deps
from tests.core.sessions_kit import create, running, status
from tests.twins import MovedClock


@dataclass
class Server:
    """A media server in memory."""

    answers: bool = True
    rooms: dict[str, RoomRequest] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    transport: Transport = "livekit"
    sends_agents: bool = False

    async def admit(self, request: RoomRequest) -> RoomAccess:
        return RoomAccess("wss://media.example", f"token-of-{request.identity}")

    async def open(self, request: RoomRequest) -> None:
        self.rooms[request.room_name] = request
        if not self.answers:
            raise RoomsError

    async def close(self, room_name: str) -> None:
        self.removed.append(room_name)
        self.rooms.pop(room_name, None)

    async def aclose(self) -> None:
        """Nothing."""


async def test_a_session_has_its_room_when_the_answer_comes(deps: Deps, tenant: Tenant) -> None:
    """SES-1: the address and token are the server's; nothing but the session's id is known there."""
    server = Server()
    async with rest_client(with_deps(deps, rooms=server), tenant.key) as client:
        made = await create(client, tenant.agent_id, identity="ada", ttlSeconds=120)
        shown = await status(client, made["sessionId"])
    assert (made["transportUrl"], made["livekitUrl"]) == ("wss://media.example", "wss://media.example")
    assert made["transportToken"] == made["conversationToken"] == "token-of-ada"
    assert shown["transport"] == "livekit"
    request = RoomRequest(made["sessionId"], made["roomName"], "ada", 120)
    assert server.rooms == {f"speko_{made['sessionId']}": request}


async def test_a_session_without_its_room_is_not_left_behind(deps: Deps, tenant: Tenant) -> None:
    """SES-1: the row goes, and the room that the server may have made after all."""
    server = Server(answers=False)
    async with rest_client(with_deps(deps, rooms=server), tenant.key) as client:
        answer = await client.post("/v1/sessions", json={"agentId": tenant.agent_id})
        listed = (await client.get("/v1/sessions")).json()
    assert (answer.status_code, answer.json()["code"]) == (500, "SESSION_CREATE_FAILED")
    assert (listed["entries"], server.rooms) == ([], {})


async def test_a_room_that_could_not_be_had_is_asked_for_again(deps: Deps, tenant: Tenant) -> None:
    """SES-1, ORG-11: the same request with the same key is not answered with a session that is gone."""
    server = Server(answers=False)
    request = {"json": {"agentId": tenant.agent_id}, "headers": {"Idempotency-Key": "once"}}
    async with rest_client(with_deps(deps, rooms=server), tenant.key) as client:
        refused = await client.post("/v1/sessions", **request)
        server.answers = True
        made, replayed = [await client.post("/v1/sessions", **request) for _ in range(2)]
        shown = await status(client, made.json()["sessionId"])
    assert (refused.status_code, made.status_code, replayed.json()) == (500, 201, made.json())
    assert shown["status"] == "created"


async def test_without_a_worker_no_agent_can_be_sent(deps: Deps, tenant: Tenant) -> None:
    """SES-1"""
    server = Server(sends_agents=True)
    async with rest_client(with_deps(deps, rooms=server, clock=MovedClock()), tenant.key) as client:
        answer = await client.post("/v1/sessions", json={"agentId": tenant.agent_id})
        listed = (await client.get("/v1/sessions")).json()
    assert (answer.status_code, answer.json()["code"]) == (500, "SESSION_CREATE_FAILED")
    assert answer.json()["error"] == "No voice worker is available; try again shortly."
    assert (listed["entries"], server.rooms) == ([], {})


async def test_the_room_goes_with_the_session(deps: Deps, tenant: Tenant) -> None:
    """SES-3: whoever is still in it is sent out."""
    server = Server()
    with_server = with_deps(deps, rooms=server)
    async with rest_client(with_server, tenant.key) as client:
        async with running(with_server, client, tenant.agent_id) as session:
            await session.finish()
        for method, path in (("POST", "/end"), ("DELETE", "")):
            made = await create(client, tenant.agent_id)
            await client.request(method, f"/v1/sessions/{made['sessionId']}{path}")
    assert (len(server.removed), server.rooms) == (3, {})
