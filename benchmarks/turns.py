"""What this product adds to a turn: end of the caller's speech to the agent's first audio, against the same pipeline.

Two sessions of livekit-agents with the same settings hear the same speech in turn. One has our plugins, a gateway in
another process and the fake providers behind it; the other has the same fakes as plugins, and no gateway.

    python -m benchmarks.turns --turns 20
"""

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
from livekit.agents import Agent, AgentSession, ConversationItemAddedEvent, llm

from benchmarks.turn_fakes import DirectLLM, DirectSTT, DirectTTS
from speko_core.sessions.plan import PlanIntent, PlanTurnTaking, SessionPlan
from speko_worker.http import gateway_client
from speko_worker.media.audio_in import QueuedAudioInput
from speko_worker.media.audio_out import PacedAudioOutput
from speko_worker.pipeline import Sinks, build_session, build_vad
from speko_worker.plugins import SpekoClient
from speko_worker.plugins.legs import ignore_call, ignore_leg
from speko_worker.plugins.llm import ignore_action
from tests.worker.speech import speech_pcm

RATE, FRAME_S = 16_000, 0.02
TARGET_P50_MS, TARGET_P95_MS = 60.0, 120.0
ANSWER_TIMEOUT_S = 15.0


class Nobody:
    """Where the agent's audio goes."""

    def send_audio(self, pcm: bytes) -> None:
        """Not kept."""

    def clear_audio(self) -> None:
        """Nothing to clear."""


class Line:
    """One session and its caller's microphone."""

    def __init__(self, session: AgentSession[None]) -> None:
        self._session = session
        self._input, self._output = QueuedAudioInput(RATE), PacedAudioOutput(Nobody(), 24_000)
        session.input.audio, session.output.audio = self._input, self._output
        self._answers: asyncio.Queue[float] = asyncio.Queue()
        session.on("conversation_item_added", self._on_item)

    async def open(self, agent: Agent) -> None:
        """Let the conversation begin."""
        await self._session.start(agent, record=False)

    async def turn(self, speech: bytes) -> float:
        """Speak and be answered; returns the milliseconds from the last sound to the first."""
        size = round(RATE * FRAME_S) * 2
        pieces = [speech[at : at + size].ljust(size, b"\0") for at in range(0, len(speech), size)]
        microphone = asyncio.create_task(self._play(pieces))
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await self._answers.get()
        finally:
            microphone.cancel()
            await asyncio.gather(microphone, return_exceptions=True)

    async def aclose(self) -> None:
        """Hang up."""
        await self._session.aclose()
        await self._output.aclose()

    async def _play(self, pieces: list[bytes]) -> None:
        loop = asyncio.get_running_loop()
        due, at = loop.time(), 0
        while True:
            self._input.push(pieces[at] if at < len(pieces) else bytes(len(pieces[0])))
            at, due = at + 1, due + FRAME_S
            await asyncio.sleep(max(0.0, due - loop.time()))

    def _on_item(self, event: ConversationItemAddedEvent) -> None:
        item = event.item
        if isinstance(item, llm.ChatMessage) and item.role == "assistant":
            self._answers.put_nowait(float(item.metrics.get("e2e_latency") or float("nan")) * 1000)


def plan() -> SessionPlan:
    """The settings of both sessions."""
    return SessionPlan(
        session_id="bench",
        organization_id="org",
        mode="live",
        agent_id=None,
        agent_name=None,
        intent=PlanIntent(language="en"),
        system_prompt="You answer for a shop.",
        turn_taking=PlanTurnTaking(min_endpointing_s=0.3),
        expires_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        max_duration_s=3_600,
    )


@contextlib.asynccontextmanager
async def gateway() -> AsyncIterator[tuple[str, str]]:
    """Our gateway with the fake providers, in a process of its own: address and key."""
    with tempfile.TemporaryDirectory() as folder:
        command = (sys.executable, "-m", "benchmarks.turn_fakes", folder)
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        try:
            assert process.stdout is not None
            told = json.loads(await process.stdout.readline())
            yield told["url"], told["key"]
        finally:
            process.terminate()
            await process.wait()


async def measure(turns: int) -> dict[str, list[float]]:
    """Milliseconds of every turn, by session; the first turn of each warms up and is left out."""
    sinks, vad = Sinks(ignore_leg, ignore_call, ignore_action), build_vad(ThreadPoolExecutor(2))
    speech = speech_pcm("what time do you open", RATE)
    found: dict[str, list[float]] = {"direct": [], "speko": []}
    async with gateway() as (url, key), gateway_client() as http:
        speko = SpekoClient(url, key, http)
        lines = {name: Line(build_session(plan(), speko, vad, sinks)) for name in found}
        await lines["speko"].open(Agent(instructions="Answer."))
        await lines["direct"].open(Agent(instructions="Answer.", stt=DirectSTT(), llm=DirectLLM(), tts=DirectTTS()))
        for _ in range(turns + 1):
            for name, line in lines.items():
                found[name].append(await line.turn(speech))
        for line in lines.values():
            await line.aclose()
    return {name: values[1:] for name, values in found.items()}


def report(found: dict[str, list[float]]) -> dict[str, object]:
    """Percentiles of both, and what lies between them."""
    p50 = {name: statistics.median(values) for name, values in found.items()}
    p95 = {name: float(np.percentile(values, 95)) for name, values in found.items()}
    return {
        "turns": len(found["speko"]),
        "directMs": {"p50": round(p50["direct"]), "p95": round(p95["direct"])},
        "spekoMs": {"p50": round(p50["speko"]), "p95": round(p95["speko"])},
        "addedMs": {"p50": round(p50["speko"] - p50["direct"]), "p95": round(p95["speko"] - p95["direct"])},
        "targetMs": {"p50": TARGET_P50_MS, "p95": TARGET_P95_MS},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=20)
    print(json.dumps(report(asyncio.run(measure(parser.parse_args().turns))), indent=2))
