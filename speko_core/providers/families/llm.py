"""What every language model's stream has in common: read events, collect tool calls, end well or fail."""

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast

import httpx
import orjson

from speko_core.providers.base import FailureKind, LlmEvent, LlmRequest, LlmUsage, ProviderError, TextDelta
from speko_core.providers.catalog import ModelFacts
from speko_core.providers.families.failures import error_words, failure_kind
from speko_core.providers.families.fragments import ToolCallCollector
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.likeness import Likeness
from speko_core.providers.families.sse import SseEvent, SseParser
from speko_core.providers.gathered import Gathered

CHARACTERS_PER_TOKEN: Final = 4
EFFORT_WITH_TOOLS: Final = "reasoningEffortWithTools"
# A quarter of the time of the constructor.
_delta = cast("Callable[[tuple[str]], TextDelta]", partial(tuple.__new__, TextDelta))
_PORTABLE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")


class LlmReader(ABC):
    """Turns one vendor's stream into ours. One reader a call."""

    def __init__(self, request: LlmRequest) -> None:
        self.calls = ToolCallCollector(one=request.parallel_tool_calls is False)
        self.usage: LlmUsage | None = None
        self.finished = False  # the vendor said why it stopped
        self.ended = False  # nothing of worth follows
        self.refused = False
        self.truncated = False  # the limit of tokens ended the answer
        self._request, self._written, self._touched = request, 0, False
        self._failure: ProviderError | None = None
        self._likeness = Likeness(self._only_text)

    def read(self, frames: Sequence[SseEvent]) -> list[LlmEvent]:
        """The events that the frames of one upstream read give; `check` tells of what could not be read after them."""
        found: list[LlmEvent] = []
        self._touched = self._touched or bool(frames)
        try:
            alike = self._likeness.text
            for frame in frames:
                if (text := alike(frame[1])) is None:
                    found += self._parsed(frame)
                else:
                    found.append(_delta((text,)))
        except ProviderError as error:
            self._failure = error
        except (ValueError, TypeError, AttributeError, LookupError):
            self._failure = ProviderError(FailureKind.UPSTREAM, "a frame has an unexpected shape")
        self._written += sum([len(event.text) for event in found if isinstance(event, TextDelta)])
        return found

    def _parsed(self, frame: SseEvent) -> Sequence[LlmEvent]:
        found = list(self._take(frame))
        if len(found) == 1 and isinstance(found[0], TextDelta):
            self._likeness.learn(frame.data, found[0].text)
        return found

    def check(self) -> None:
        """Nothing, as long as every frame could be read.

        Raises:
            ProviderError: a frame does not parse, or reports a failure.
        """
        if self._failure is not None:
            raise self._failure

    def conclude(self) -> Iterator[LlmEvent]:
        """What is left to say once the stream is over: tool calls and usage.

        Raises:
            ProviderError: the stream was not whole, was refused, or held nothing.
        """
        if self.refused:
            raise ProviderError(FailureKind.REFUSED, "the vendor withheld the answer")
        if not self.finished:
            kind = FailureKind.UPSTREAM if self._touched else FailureKind.EMPTY
            raise ProviderError(kind, "the stream ended before the answer did")
        calls = self.calls.take()
        if not calls and not self._written:
            raise ProviderError(FailureKind.EMPTY, "the answer holds neither text nor a tool call")
        yield from calls
        counted = self.usage or estimated_usage(self._request, self._written + sum(len(call.args) for call in calls))
        yield replace(counted, truncated=True) if self.truncated else counted

    @abstractmethod
    def _take(self, event: SseEvent) -> Iterable[LlmEvent]:
        """Read one frame; shape errors may be left to raise."""

    def _only_text(self, frame: dict[str, Any]) -> object:
        """The text of a frame that says nothing else; None for every other, and where a vendor repeats no frames."""
        return None


def stream_llm(http: VendorHttp, wire: httpx.Request, reader: LlmReader) -> Gathered[LlmEvent]:
    """Send and read one answer as it comes, in groups of what one upstream read brings.

    Raises:
        ProviderError: as `FailureKind` says.
    """
    return Gathered(_stream(http, wire, reader))


async def _stream(http: VendorHttp, wire: httpx.Request, reader: LlmReader) -> AsyncGenerator[Sequence[LlmEvent], None]:
    parser = SseParser()
    async with http.stream(wire) as answer, aclosing(answer.chunks()) as chunks:
        async for chunk in chunks:
            if found := reader.read(parser.feed(chunk)):
                yield found
            reader.check()
            if reader.ended:
                break
        # Without the blank line that ends it: some hosts close the connection right after the last frame.
        if not reader.ended and (found := reader.read(parser.feed(b"\n\n"))):
            yield found
        reader.check()
        yield tuple(reader.conclude())
        await answer.drain(chunks)


def loads(data: bytes) -> dict[str, Any]:
    """A frame as an object.

    Raises:
        ProviderError: `UPSTREAM`; also the failure that a frame with a top-level `error` reports.
    """
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise ProviderError(FailureKind.UPSTREAM, "a frame is not JSON") from None
    if not isinstance(found, dict):
        raise ProviderError(FailureKind.UPSTREAM, "a frame is not an object")
    if found.get("error"):
        raise reported(found)
    return found


def reported(frame: Mapping[str, Any]) -> ProviderError:
    """The failure that a frame in the middle of a stream reports."""
    found = error_words(dict(frame))
    kind = failure_kind(500, found.words)
    return ProviderError(kind, " ".join(("in the stream:", *found.words)), retry_after_s=found.retry_after_s)


def estimated_usage(request: LlmRequest, written: int) -> LlmUsage:
    """Tokens by length, for vendors that do not count."""
    texts = [request.system_prompt or "", *(message.content for message in request.messages)]
    read = sum(map(len, texts))
    return LlmUsage(-(-read // CHARACTERS_PER_TOKEN), -(-written // CHARACTERS_PER_TOKEN), estimated=True)


def portable_id(call_id: str) -> str:
    """An id that every vendor takes: one of another vendor's calls may stand in the history after a failover."""
    if _PORTABLE_ID.fullmatch(call_id):
        return call_id
    return f"call_{hashlib.sha256(call_id.encode()).hexdigest()[:24]}"


def effort_for(facts: ModelFacts | None, request: LlmRequest) -> str | None:
    """The effort to send: the least a model can do unless the caller wants more, since a person is waiting.

    None means that the field is not sent: the model has none, or it is not catalogued and the caller said nothing.
    """
    if facts is None:
        return request.reasoning_effort
    held_back = bool(request.tools) and EFFORT_WITH_TOOLS not in facts.options
    wanted = None if held_back or "reasoningEffort" not in facts.options else request.reasoning_effort
    if wanted in (None, "none", "minimal"):
        return facts.lowest_effort
    return "high" if wanted == "xhigh" else wanted
