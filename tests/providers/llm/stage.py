"""Every language model adapter on stage with its fake vendor."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import pytest

from speko_core.providers.anthropic import build_anthropic
from speko_core.providers.base import (
    Credential,
    LlmAdapter,
    LlmEvent,
    LlmRequest,
    Message,
    Provider,
    ProviderError,
    TextDelta,
    Tool,
)
from speko_core.providers.compatible import build_compatible
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.google import build_google
from speko_core.providers.groq import build_groq
from speko_core.providers.openai import build_openai
from speko_core.providers.xai import build_xai
from speko_core.settings import Settings
from tests.fakes.vendors.anthropic_llm import FakeAnthropic
from tests.fakes.vendors.base import FakeVendor
from tests.fakes.vendors.google_llm import FakeGemini
from tests.fakes.vendors.llm import Reply
from tests.fakes.vendors.openai_llm import FakeGroqChat, FakeOpenAiChat, FakeSelfHosted, FakeXaiChat

Build = Callable[[Settings, VendorHttp], Provider]


class FakeLlm(Protocol):
    """What every fake language model has beside `FakeVendor`."""

    reply: Reply

    @property
    def base_url(self) -> str:
        """What a client is configured with."""
        ...


@dataclass(frozen=True)
class Part:
    """A vendor: its adapter, its fake, and a model of its catalogue."""

    vendor: str
    build: Build
    fake: type[FakeVendor]
    model: str


def _with_sockets(build: Callable[[Settings, VendorHttp, VendorSockets], Provider]) -> Build:
    return lambda settings, http: build(settings, http, VendorSockets())


PARTS = [
    Part("openai", _with_sockets(build_openai), FakeOpenAiChat, "gpt-5.6-luna"),
    Part("anthropic", build_anthropic, FakeAnthropic, "claude-haiku-5-5"),
    Part("google", _with_sockets(build_google), FakeGemini, "gemini-3.6-flash"),
    Part("groq", build_groq, FakeGroqChat, "openai/gpt-oss-120b"),
    Part("xai", _with_sockets(build_xai), FakeXaiChat, "grok-4.3"),
    Part("compatible", build_compatible, FakeSelfHosted, "llama3.2"),
]
every_vendor = pytest.mark.parametrize("part", PARTS, ids=lambda part: part.vendor)


@dataclass
class Stage:
    """One adapter calling its fake."""

    part: Part
    fake: FakeVendor
    adapter: LlmAdapter
    http: VendorHttp
    heard: list[LlmEvent] = field(default_factory=list)
    key: str = ""

    @property
    def credential(self) -> Credential:
        """The key the fake takes (or `key`), and where it listens."""
        return Credential(self.key or self.fake.key, "MANAGED", self.fake.base_url)  # type: ignore[attr-defined]

    def will_say(self, reply: Reply) -> None:
        """What the fake answers from now on."""
        self.fake.reply = reply  # type: ignore[attr-defined]

    def events(self, request: LlmRequest) -> AsyncIterator[LlmEvent]:
        """The adapter's answer as it comes."""
        return self.adapter.complete(replace(request, model=request.model or self.part.model), self.credential)

    async def complete(self, request: LlmRequest) -> list[LlmEvent]:
        """The whole answer; what came before a failure stays in `heard`."""
        self.heard = []
        async with aclosing(self.events(request)) as events:  # type: ignore[type-var]
            async for event in events:
                self.heard.append(event)
        return self.heard

    async def failure(self, request: LlmRequest) -> ProviderError:
        """The failure in which the answer ends."""
        with pytest.raises(ProviderError) as caught:
            await self.complete(request)
        return caught.value

    @property
    def text(self) -> str:
        """What was said."""
        return "".join(event.text for event in self.heard if isinstance(event, TextDelta))


@asynccontextmanager
async def on_stage(part: Part) -> AsyncIterator[Stage]:
    """Serve the fake and build the adapter as the product does."""
    http = VendorHttp()
    async with part.fake().serving() as fake:
        url = fake.base_url if part.vendor == "compatible" else ""  # type: ignore[attr-defined]
        settings = Settings(compatible_llm_url=url, compatible_llm_models="llama3.2", _env_file=None)
        adapter = part.build(settings, http).llm
        assert adapter is not None
        try:
            yield Stage(part, fake, adapter, http)
        finally:
            await http.aclose()


def asking(*messages: Message, **changes: object) -> LlmRequest:
    """A short request."""
    spoken = messages or (Message("user", "Say hello"),)
    return replace(LlmRequest("", "en", tuple(spoken), system_prompt="Be brief."), **changes)  # type: ignore[arg-type]


def tools() -> Sequence[Tool]:
    """The two tools that the fakes' `WEATHER` reply calls."""
    city = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    return (Tool("get_weather", "Weather of a city", city), Tool("get_time", "The time", {"type": "object"}))  # type: ignore[arg-type]
