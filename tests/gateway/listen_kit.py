"""A served gateway and recognizers that hear live, for tests of the transcription socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import orjson
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from speko_core.deps import Deps
from speko_core.providers.adapters import ProviderRegistry
from speko_core.providers.base import Credential, Modality, Provider, ProviderError, SttRequest, Transcript, Word
from speko_core.providers.catalog import ModelFacts, Price, VendorFacts
from speko_gateway.app import create_app
from tests.gateway.oneshot_door import known_key
from tests.serving import served

TENTH = 3_200
QUIET = bytes(TENTH)
LOUD = (np.sin(np.arange(1_600) * 0.2) * 9_000).astype("<i2").tobytes()
START: dict[str, Any] = {"intent": {"language": "en"}}


@dataclass
class Recognizer:
    """Counts tenths of a second: an interim for each, a final at every wish for one. `fails` ends it at that piece.

    `deaf`: it hears nothing. `stuck`: it takes no audio after so many pieces.
    """

    fails: tuple[int, ProviderError] | None = None
    deaf: bool = False
    stuck: int | None = None
    heard: list[bytes] = field(default_factory=list)
    requests: list[SttRequest] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(
        self, request: SttRequest, audio: AsyncIterator[bytes], credential: Credential | None
    ) -> AsyncIterator[Transcript]:
        self.requests.append(request)
        self.called.set()
        pieces = 0
        try:
            async for piece in audio:
                if self.fails and self.fails[0] == len(self.heard):
                    raise self.fails[1]
                if self.stuck == len(self.heard):
                    await asyncio.Event().wait()
                self.heard.append(piece)
                pieces += bool(piece)
                if not self.deaf:
                    yield Transcript(f"{pieces} tenths", not piece)
            if pieces and not self.deaf:
                yield Transcript(f"{pieces} tenths.", True, 0.9, (Word("tenths.", 0.0, 1.0),), ("Nearly.",))
        finally:
            self.closed.set()

    async def transcribe(self, request: SttRequest, credential: Credential | None) -> AsyncIterator[Transcript]:
        self.requests.append(request)
        self.called.set()
        yield Transcript(f"{len(request.pcm) // TENTH} tenths", True, None, (Word("tenths", 0.1, 0.2),))


def a_minute(micro_usd: int) -> Price:
    """A price for a minute of audio."""
    return Price(unit="minute", micro_usd=micro_usd, source="test", date=date(2026, 11, 1))


def registry(live: bool = True, **recognizers: Recognizer) -> ProviderRegistry:
    """Vendors by name, ranked in this order, each with the model `m-VENDOR`."""
    options = ("words", "keywords", *(("live",) if live else ()))
    catalog = {
        name: VendorFacts(
            vendor=name,
            name=name,
            models=(
                ModelFacts(
                    id=f"m-{name}",
                    modality=Modality.STT,
                    rank=rank,
                    options=options,
                    languages=("en",),
                    prices=(a_minute(6_000),),
                    live_prices=(a_minute(3_000),),
                ),
            ),
        )
        for rank, name in enumerate(recognizers)
    }
    providers = {name: Provider(name, stt=one, needs_key=False) for name, one in recognizers.items()}
    return ProviderRegistry(providers, catalog)


@asynccontextmanager
async def gateway(deps: Deps) -> AsyncIterator[str]:
    """The web role on a free port; yields the socket's URL."""
    config = uvicorn.Config(create_app(deps), log_level="critical", lifespan="off", ws="websockets-sansio")
    config.timeout_graceful_shutdown = 1
    async with served(config) as url:
        yield f"{url.replace('http', 'ws', 1)}/v1/transcribe/stream"


def dial(url: str, deps: Deps, key: str | None = None) -> connect:
    """The caller's side."""
    headers = {"Authorization": f"Bearer {key or known_key(deps)}"}
    return connect(url, additional_headers=headers, compression=None, proxy=None, open_timeout=10)


async def say(caller: ClientConnection, *frames: bytes | dict[str, Any]) -> None:
    """Send audio and commands."""
    for frame in frames:
        await caller.send(frame if isinstance(frame, bytes) else orjson.dumps(frame).decode())


async def answers(caller: ClientConnection) -> list[dict[str, Any]]:
    """Every event until the gateway closes."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(15):
        try:
            async for message in caller:
                found.append(orjson.loads(message))
        except ConnectionClosed:
            pass
    return found


async def until(caller: ClientConnection, text: str) -> dict[str, Any]:
    """The next transcript with this text."""
    async with asyncio.timeout(10):
        while True:
            event: dict[str, Any] = orjson.loads(await caller.recv())
            if event.get("text") == text:
                return event
