"""The parts of a call in a room that need no server: admission, packets, the agent's track."""

import asyncio
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from speko_core.sessions.plan import PlanTurnTaking
from speko_core.types import JsonObject
from speko_worker.call import CallOptions
from speko_worker.frames import ContextualUpdate, Hangup, UserMessage
from speko_worker.pipeline import _turn_handling
from speko_worker.rooms.agents import RoomAgents, RoomsOptions
from speko_worker.rooms.packets import MAX_PACKET_BYTES, read_packet, to_packet
from speko_worker.rooms.speaker import Speaker
from tests.worker.conftest import until

SESSION = "01a1fce6-645b-808d-9daf-b6f13baeef33"


@dataclass
class Dispatch:
    """A job request of the framework, as far as admission looks at it."""

    metadata: str
    answers: list[str] = field(default_factory=list)

    @property
    def job(self) -> SimpleNamespace:
        return SimpleNamespace(metadata=self.metadata)

    async def accept(self, *, name: str) -> None:
        self.answers.append(f"accept as {name}")

    async def reject(self, *, terminate: bool) -> None:
        self.answers.append(f"reject {terminate}")


def _agents(*, full: bool) -> RoomAgents:
    options = RoomsOptions("ws://127.0.0.1:1", "key", "s" * 32, "speko", 1, 1, 1.0)
    call = CallOptions("http://127.0.0.1:1", "token", Path("journal"), Path("recordings"))
    return RoomAgents(options, call, lambda: full)


@pytest.mark.parametrize(
    ("full", "metadata", "answer"),
    [
        (False, SESSION, "accept as Agent"),
        # Another worker may take it.
        (True, SESSION, "reject False"),
        (False, '{"sessionId": "x"}', "reject False"),
    ],
)
async def test_a_dispatch_is_taken_while_there_is_room_and_it_names_a_session(
    full: bool, metadata: str, answer: str
) -> None:
    """SES-3: calls are counted; how busy the machine is otherwise refuses nobody."""
    dispatch = Dispatch(metadata)
    await _agents(full=full)._answer(dispatch)  # type: ignore[arg-type]
    assert dispatch.answers == [answer]


async def test_the_framework_is_told_nothing_that_phones_home_or_gives_up() -> None:
    """SES-3: no weights of the turn detector, no refusal by load, no end of attempts to reach the server."""
    server = _agents(full=False)._server
    assert os.environ["LIVEKIT_AGENTS_PRELOAD_LOCAL_INFERENCE"] == "0"
    assert server._load_threshold == float("inf")
    assert server._max_retry > 1_000_000
    assert server._host == "127.0.0.1"


def test_turns_are_taken_on_this_machine_and_no_tool_runs_for_a_guess() -> None:
    """SES-3: the defaults stream audio to a hosted detector where its keys are around, and complete speculatively."""
    taken = _turn_handling(SimpleNamespace(turn_taking=PlanTurnTaking()))  # type: ignore[arg-type]
    assert (taken["turn_detection"], taken["interruption"]["mode"]) == ("vad", "vad")
    assert taken["preemptive_generation"] == {"enabled": False}


def test_the_bundled_models_are_run_by_the_framework_alone() -> None:
    """SES-3: their licence allows nothing else; we only have them loaded early."""
    folder = Path(__file__).parents[2] / "speko_worker"
    uses = {use for path in folder.rglob("*.py") for use in re.findall(r"local_inference\.(\w+)", path.read_text())}
    assert uses == {"init_vad"}


def test_what_an_agent_says_is_an_agent_message() -> None:
    """SES-3"""
    said: JsonObject = {"type": "transcript", "source": "agent", "segmentId": "a", "text": "Hi", "isFinal": True}
    heard: JsonObject = {**said, "source": "user"}
    assert to_packet(said) == {"type": "agent_message", "segmentId": "a", "text": "Hi", "isFinal": True}
    assert to_packet(heard) == heard
    assert to_packet({"type": "clear"}) is None


@pytest.mark.parametrize(
    ("data", "event"),
    [
        (b'{"type": "user_message", "text": " Hello "}', UserMessage("Hello")),
        (b'{"type": "contextual_update", "text": "page 2"}', ContextualUpdate("page 2")),
        (b'{"type": "end"}', Hangup()),
        (b'{"type": "cursor"}', None),
        (b'{"type": "user_message", "text": ""}', None),
        (b"\xff\xfe", None),
        (b"[1]", None),
        (b'{"type": "user_message", "text": "' + b"x" * MAX_PACKET_BYTES + b'"}', None),
    ],
)
def test_packets_that_are_not_part_of_the_protocol_are_ignored(data: bytes, event: object) -> None:
    """SES-3"""
    assert read_packet(data) == event


async def test_a_track_that_does_not_take_its_audio_is_noticed() -> None:
    """SES-9: more than it can hold makes it wait, and then it has caught up."""
    speaker = Speaker(24_000)
    try:
        assert speaker.stuck_since is None
        for _ in range(20):
            speaker.send_audio(bytes(960))
        await until(lambda: speaker.stuck_since is not None, 2)
        speaker.clear_audio()
        await until(lambda: speaker.stuck_since is None, 2)
    finally:
        await asyncio.wait_for(speaker.aclose(), 2)
