"""Measuring language models: tasks passed by exact rules, and the time to the first word or tool call."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from speko_core.bench.items import Item, Task
from speko_core.bench.measured import Answer, Metrics
from speko_core.bench.targets import Target
from speko_core.bench.tasks import score
from speko_core.oneshot.closing import closing
from speko_core.oneshot.usage import Units
from speko_core.providers.base import (
    FailureKind,
    LlmEvent,
    LlmRequest,
    LlmUsage,
    ProviderError,
    TextDelta,
    ToolCall,
)

TIMEOUT_S: Final = 60.0
LATENCY: Final = "time_to_first_token"
MAX_TOKENS: Final = 1_024


@dataclass
class _Said:
    text: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    usage: LlmUsage | None = None
    first_at: float | None = None

    def absorb(self, event: LlmEvent) -> None:
        if isinstance(event, LlmUsage):
            self.usage = event
            return
        if self.first_at is None:
            self.first_at = asyncio.get_running_loop().time()
        if isinstance(event, TextDelta):
            self.text.append(event.text)
        else:
            self.calls.append(event)


@dataclass(frozen=True)
class LanguageModel:
    """Language models, asked in one language."""

    language: str

    def metrics(self) -> Metrics:
        """The share of tasks that are failed."""
        return Metrics(("task_failure",), LATENCY)

    async def call(self, target: Target, item: Item) -> Answer:
        """Give one task."""
        assert isinstance(item, Task)
        begun = asyncio.get_running_loop().time()
        said = await self._said(target, item)
        if said.first_at is None:
            raise ProviderError(FailureKind.EMPTY, "an answer without words or calls")
        usage = said.usage or LlmUsage(0, 0)
        return Answer(
            {"task_failure": score(item, "".join(said.text), said.calls)},
            (said.first_at - begun) * 1000,
            Units(prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens),
        )

    async def _said(self, target: Target, task: Task) -> _Said:
        adapter, said = target.provider.llm, _Said()
        assert adapter is not None
        try:
            found = adapter.complete(_request(target, task, self.language), target.credential)
            async with asyncio.timeout(TIMEOUT_S), closing(found):
                async for event in found:
                    said.absorb(event)
        except TimeoutError:
            raise ProviderError(FailureKind.TIMEOUT, "the answer did not end in time") from None
        return said


def _request(target: Target, task: Task, language: str) -> LlmRequest:
    return LlmRequest(
        model=target.model,
        language=language,
        messages=task.conversation(),
        system_prompt=task.system,
        temperature=0.0 if "temperature" in target.offer.options else None,
        max_tokens=MAX_TOKENS if "maxTokens" in target.offer.options else None,
        tools=task.offered(),
    )
