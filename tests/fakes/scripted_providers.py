"""Providers that follow a script, with a catalogue of their own. A script is what one call does, step by step."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from speko_core.providers.adapters import ProviderRegistry
from speko_core.providers.base import (
    AudioChunk,
    Credential,
    FailureKind,
    LlmEvent,
    LlmRequest,
    LlmUsage,
    Modality,
    Provider,
    ProviderError,
    SttRequest,
    TextDelta,
    Transcript,
    TtsRequest,
)
from speko_core.providers.catalog import ModelFacts, VendorFacts, Voice

R = TypeVar("R")
E = TypeVar("E")
FOREVER = 3600.0


@dataclass(frozen=True)
class Pause:
    """Wait this long before the next step."""

    seconds: float


Step = object


class Calls(tuple[Sequence[Step], ...]):
    """A script for each call in turn; the last one ever after."""

    __slots__ = ()


@dataclass
class Script(Generic[R, E]):
    """Plays `steps`: events are yielded, exceptions raised, pauses slept. Records requests and how calls ended."""

    steps: Sequence[Step]
    requests: list[R] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def play(self, request: R) -> AsyncIterator[E]:
        self.requests.append(request)
        self.called.set()
        try:
            for step in self._steps():
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                elif isinstance(step, Exception):
                    raise step
                else:
                    yield step  # type: ignore[misc]  # the test writes events of its modality
        finally:
            self.closed.set()

    def _steps(self) -> Sequence[Step]:
        if not isinstance(self.steps, Calls):
            return self.steps
        return self.steps[min(len(self.requests), len(self.steps)) - 1]


@dataclass
class ScriptedVendor:
    """One vendor that plays the same script in every modality it is asked for."""

    script: Script[object, object]

    def transcribe(self, request: SttRequest, credential: Credential | None) -> AsyncIterator[Transcript]:
        return self.script.play(request)  # type: ignore[return-value]

    def complete(self, request: LlmRequest, credential: Credential | None) -> AsyncIterator[LlmEvent]:
        return self.script.play(request)  # type: ignore[return-value]

    def synthesize(self, request: TtsRequest, credential: Credential | None) -> AsyncIterator[AudioChunk]:
        return self.script.play(request)  # type: ignore[return-value]


@dataclass
class Cast:
    """A registry of scripted vendors, ranked in the order of their names, and their scripts by vendor."""

    registry: ProviderRegistry
    scripts: dict[str, Script[object, object]]

    def request(self, vendor: str, position: int = 0) -> object:
        """What the vendor was asked."""
        return self.scripts[vendor].requests[position]


ALL_OPTIONS = (
    "tools", "temperature", "reasoningEffort", "reasoningEffortWithTools", "keywords", "speed", "instructions",
)  # fmt: skip


def cast(
    options: Sequence[str] = ALL_OPTIONS,
    sandbox: bool = False,
    needs_key: bool = False,
    voices: Sequence[str] = (),
    **scripts: Sequence[Step],
) -> Cast:
    """Vendors by name, each with its script; every one serves STT, LLM and TTS with the model `m-VENDOR`."""
    played: dict[str, Script[object, object]] = {name: Script(steps) for name, steps in scripts.items()}
    catalog, providers = {}, {}
    for rank, (name, script) in enumerate(played.items()):
        catalog[name] = _facts(name, rank, options, sandbox, voices)
        vendor = ScriptedVendor(script)
        providers[name] = Provider(name, vendor, vendor, vendor, sandbox=sandbox, needs_key=needs_key)
    return Cast(ProviderRegistry(providers, catalog), played)


def merged(*casts: Cast) -> Cast:
    """Several casts as one process."""
    providers = {name: item for one in casts for name, item in one.registry.by_vendor.items()}
    catalog = {name: item for one in casts for name, item in one.registry.catalog.items()}
    return Cast(
        ProviderRegistry(providers, catalog), {name: item for one in casts for name, item in one.scripts.items()}
    )


def _facts(name: str, rank: int, options: Sequence[str], sandbox: bool, voices: Sequence[str]) -> VendorFacts:
    models = tuple(
        ModelFacts(
            id=f"m-{name}",
            modality=modality,
            rank=rank,
            options=tuple(options),
            languages=("en", "es"),
            voices=tuple(Voice(id=voice, name=voice) for voice in voices),
        )
        for modality in (Modality.STT, Modality.LLM, Modality.TTS)
    )
    return VendorFacts(vendor=name, name=name.title(), kind="sandbox" if sandbox else "cloud", models=models)


def failure(kind: FailureKind) -> ProviderError:
    """A failure whose detail must never reach a caller."""
    return ProviderError(kind, "upstream secret text")


HELLO = (TextDelta("Hel"), TextDelta("lo"), LlmUsage(14, 4))
HEARD = (Transcript("hello", is_final=False), Transcript("hello world", is_final=True, confidence=0.9))
SPOKEN = (AudioChunk(b"\x01\x02", "audio/pcm;rate=24000"), AudioChunk(b"\x03\x04", "audio/pcm;rate=24000"))
