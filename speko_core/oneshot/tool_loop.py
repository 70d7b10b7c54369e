"""`POST /v1/complete` with tools that run here: model call, tool calls, model call, until there is an answer.

A hop is one model call. Tools run only after a hop has ended whole, so a failover never runs one twice. A hop that also
calls inline tools ends the answer: those calls are handed back and the others are not made, because the caller's
conversation goes on without their results; the model asks again for what it still needs. A hop that hands the
conversation to another agent goes on with that agent, or ends the answer where somebody else conducts the session.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from speko_core.oneshot.call import BEAT_S, WireEvent
from speko_core.oneshot.complete import CompleteCall, tool_call_wire, usage_wire
from speko_core.oneshot.following import Follow, Hop, OpenHop, Spoken
from speko_core.oneshot.tool_calls import ToolCalls
from speko_core.providers.base import LlmEvent, LlmUsage, TextDelta, ToolCall
from speko_core.toolrun.runner import ToolRunner
from speko_core.toolrun.tool import RunnableTool
from speko_core.types import JsonObject

DEFAULT_HOPS = 8


class ToolLoop:
    """One completion of several hops. `spoken` is what each agent said in it, in their order."""

    def __init__(
        self,
        first: CompleteCall,
        open_hop: OpenHop,
        tools: Sequence[RunnableTool],
        runner: ToolRunner,
        max_hops: int = DEFAULT_HOPS,
        follow: Follow | None = None,
    ) -> None:
        self._call, self._open_hop, self._max_hops, self._follow = first, open_hop, max_hops, follow
        self._calls = ToolCalls(tools, runner)
        self._hop, self._failovers = 0, 0
        self.spoken: list[Spoken] = [Spoken()]
        self._usage = LlmUsage(0, 0)
        self._handed_back: list[ToolCall] = []

    @property
    def actions(self) -> list[JsonObject]:
        """What tools asked of whoever conducts the session."""
        return [*self._calls.actions]

    @property
    def headers(self) -> dict[str, str]:
        """The routing headers of the hop that answers now."""
        return self._call.headers

    async def start(self) -> None:
        """Wait for the first real event of the first hop."""
        await self._call.start()

    async def batches(self, beat_s: float = BEAT_S) -> AsyncGenerator[Sequence[WireEvent], None]:
        """Everything the wire shows after the first `meta`; empty batches mark silence."""
        while True:
            async with aclosing(self._call.batches(beat_s)) as batches:
                async for batch in batches:
                    shown = self._shown(batch)
                    if shown or not batch:
                        yield shown
            calls = self._ended_hop()
            if not calls:
                if self._handed_back:
                    yield [("tool_call", tool_call_wire(call)) for call in self._handed_back]
                return
            async with aclosing(self._calls.make(self._call.text, calls, beat_s)) as events:
                async for shown in events:
                    yield shown
            if told := self._after_calls():
                yield told
            if self._others_go_on:
                return
            await self._next_hop()
            async with aclosing(self._started(beat_s)) as silence:
                async for nothing in silence:
                    yield nothing
            yield [("meta", self.meta()), *self._gap()]

    async def collect(self) -> None:
        """Take the whole answer, every hop of it."""
        while True:
            await self._call.collect()
            self._said(self._call.text)
            calls = self._ended_hop()
            if not calls:
                return
            async with aclosing(self._calls.make(self._call.text, calls, BEAT_S)) as events:
                async for _ in events:
                    continue
            self._after_calls()
            if self._others_go_on:
                return
            await self._next_hop()
            self._gap()

    async def aclose(self) -> None:
        """End the model call at once, and let tools that were called come to their end."""
        await self._call.aclose()
        await self._calls.aclose()

    def meta(self) -> JsonObject:
        """`meta` of the current hop."""
        total = self._failovers + self._call.failover_count
        meta: JsonObject = {**self._call.meta(), "totalFailoverCount": total, "hop": self._hop}
        return {**meta, "agentId": self.spoken[-1].agent_id} if self.spoken[-1].agent_id else meta

    def wire(self, event: WireEvent) -> WireEvent | None:
        """Batches are on the wire as they are."""
        return event

    def result(self) -> JsonObject:
        """The text of all hops and the tokens of all hops; `toolCalls` only when inline calls are handed back."""
        result: JsonObject = {
            "text": "".join(part.text for part in self.spoken),
            **self._call.routed(),
            "usage": usage_wire(self._usage),
        }
        if self._handed_back:
            result["toolCalls"] = [tool_call_wire(call) for call in self._handed_back]
        if self._calls.actions:
            result["actions"] = [*self._calls.actions]
        return result

    # --- hops ---

    def _shown(self, batch: Sequence[LlmEvent]) -> list[WireEvent]:
        texts = [event.text for event in batch if isinstance(event, TextDelta)]
        return [told for text in texts for told in self._said(text)]

    def _said(self, text: str) -> list[WireEvent]:
        if not text:
            return []
        self.spoken[-1].pieces.append(text)
        return [("delta", {"text": text})]

    def _gap(self) -> list[WireEvent]:
        """What separates the words of two hops, so that they are not spoken as one."""
        last = next((part.pieces[-1] for part in reversed(self.spoken) if part.pieces), " ")
        return [] if last[-1:].isspace() else self._said(" ")

    def _after_calls(self) -> list[WireEvent]:
        """Keep who made the calls; where one handed over, say what is said then, and let the next agent speak."""
        self.spoken[-1].calls += self._calls.made
        handover = self._calls.handover
        if handover is None:
            return []
        told = [*(self._gap() if handover.message else []), *self._said(handover.message)]
        if self._follow is not None:
            self.spoken.append(Spoken(handover.agent_id))
        return told

    @property
    def _others_go_on(self) -> bool:
        return self._calls.handover is not None and self._follow is None

    def _ended_hop(self) -> list[ToolCall]:
        """The calls to make here before the next hop; none where the answer is whole or the caller is to act."""
        counted = self._call.counted
        self._usage = LlmUsage(
            self._usage.prompt_tokens + counted.prompt_tokens,
            self._usage.completion_tokens + counted.completion_tokens,
        )
        calls = list(self._call.tool_calls) if self._hop < self._max_hops else []
        self._handed_back = [call for call in calls if self._calls.is_inline(call)]
        return [] if self._handed_back else calls

    async def _next_hop(self) -> None:
        self._failovers += self._call.failover_count
        await self._call.aclose()
        self._hop += 1
        if self._calls.handover is not None and self._follow is not None:
            following = await self._follow(self._calls.handover, tuple(self._calls.messages))
            self._open_hop, self._follow = following.open_hop, following.follow
            self._calls.belong_to(following.tools)
        self._call = await self._open_hop(Hop(tuple(self._calls.messages), self._hop < self._max_hops))

    async def _started(self, beat_s: float) -> AsyncGenerator[list[WireEvent], None]:
        """Wait for the first event of a later hop, marking the silence meanwhile."""
        starting = asyncio.create_task(self._call.start())
        try:
            while not (await asyncio.wait({starting}, timeout=beat_s))[0]:
                yield []
            await starting
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
