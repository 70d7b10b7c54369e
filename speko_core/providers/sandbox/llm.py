"""The `LlmAdapter` of `sandbox-1`: decide once, then stream the decision word by word."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable

from speko_core.providers.base import (
    Credential,
    FailureKind,
    LlmEvent,
    LlmRequest,
    LlmUsage,
    ProviderError,
    TextDelta,
    ToolCall,
)
from speko_core.providers.sandbox.actions import Action, CallTool, Fail, Say
from speko_core.providers.sandbox.conversation import Conversation
from speko_core.providers.sandbox.decide import decide

MODEL = "sandbox-1"

Sleep = Callable[[float], Awaitable[None]]

_WORD = re.compile(r"\s*\S+\s*?(?=\s|$)")


class SandboxLlm:
    """Deterministic: the same request gives the same events. `sleep` waits for scripted delays."""

    def __init__(self, sleep: Sleep = asyncio.sleep) -> None:
        self._sleep = sleep

    async def complete(self, request: LlmRequest, credential: Credential | None) -> AsyncIterator[LlmEvent]:
        """Yield text word by word or one tool call, then an estimated usage: words stand for tokens.

        Raises:
            ProviderError: INVALID for another model; whatever a script or a magic sentence asks for.
        """
        if request.model != MODEL:
            raise ProviderError(FailureKind.INVALID, f"sandbox has no model {request.model}")
        action = decide(Conversation(request))
        if isinstance(action, Fail):
            raise ProviderError(action.kind, action.detail, status=action.status)
        if action.delay_ms:
            await self._sleep(action.delay_ms / 1000)
        events = _events(action, request)
        for event in events:
            yield event
        yield LlmUsage(_prompt_words(request), len(events), estimated=True)


def _events(action: Say | CallTool, request: LlmRequest) -> list[LlmEvent]:
    if isinstance(action, CallTool):
        args = json.dumps(action.args, ensure_ascii=False)
        return [ToolCall(_call_id(action, request), action.name, args)]
    words: list[str] = _WORD.findall(action.text)
    return [TextDelta(word) for word in words[: request.max_tokens]]


def _call_id(action: Action, request: LlmRequest) -> str:
    """The same call in the same conversation has the same id; a later one has another."""
    seed = repr((action, request.messages)).encode()
    return f"call_{hashlib.sha256(seed).hexdigest()[:24]}"


def _prompt_words(request: LlmRequest) -> int:
    texts = [request.system_prompt or "", *(message.content for message in request.messages)]
    return sum(len(text.split()) for text in texts)
