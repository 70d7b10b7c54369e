"""One completion being streamed from `/v1/complete` into the framework."""

import time
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
from livekit.agents import APIConnectOptions, llm

from speko_core.types import JsonObject
from speko_worker.plugins.client import event_error, stream_ended
from speko_worker.plugins.context import conversation, valid_args
from speko_worker.plugins.errors import SpekoApiError, to_livekit
from speko_worker.plugins.legs import UNKNOWN, Leg, ServedCall
from speko_worker.plugins.sse import SseEvent

if TYPE_CHECKING:
    from speko_worker.plugins.llm import SpekoLLM


class SpekoLLMStream(llm.LLMStream):
    """One completion being streamed."""

    def __init__(
        self,
        owner: "SpekoLLM",
        body: JsonObject,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool],
        conn_options: APIConnectOptions,
    ) -> None:
        super().__init__(owner, chat_ctx=chat_ctx, tools=tools, conn_options=conn_options)
        # A second attempt after words were spoken would repeat them, and run server-side tools twice.
        self._retry_on_chunk_sent = False
        self._owner = owner
        self._body = body
        self._id = str(uuid4())
        self._began = 0.0
        self._leg = UNKNOWN
        self._usage: llm.CompletionUsage | None = None
        self._running: list[str] = []

    async def _run(self) -> None:
        self._began, began_at, failed = time.perf_counter(), time.time(), True
        body: JsonObject = {**self._body, "messages": [*conversation(self._chat_ctx)]}
        await self._add_registered_tools(body)
        try:
            async with self._owner.speko.complete(body) as events:
                async for event in events:
                    self._handle(event)
                    if event.name == "done":
                        failed = False
                        return
            raise stream_ended()
        except (SpekoApiError, httpx.HTTPError) as error:
            raise to_livekit(error, started=self._event_ch.output_sent) from error
        finally:
            # Whoever interrupts the answer does not hear how its tools end.
            for call_id in [*self._running]:
                self._tool_ended(call_id, failed=True)
            self._owner.on_call(self._served(began_at, failed=failed))

    def _served(self, began_at: float, *, failed: bool) -> ServedCall:
        told = (self._usage.prompt_tokens, self._usage.completion_tokens) if self._usage else (None, None)
        return ServedCall("llm", self._leg, began_at, time.time(), failed, *told)

    async def _add_registered_tools(self, body: JsonObject) -> None:
        if self._owner.registered is None:
            return
        given = body.get("tools")
        runtime = [tool for tool in given if isinstance(tool, dict)] if isinstance(given, list) else []
        if tools := await self._owner.registered.merged_with(runtime):
            body["tools"] = [*tools]

    def _handle(self, event: SseEvent) -> None:
        data = event.data
        if event.name == "error":
            raise event_error(event)
        if event.name == "meta":
            self._leg = Leg(str(data["provider"]), str(data["model"]))
        elif event.name == "delta":
            self._note_first_output()
            self._send(llm.ChoiceDelta(role="assistant", content=str(data["text"])))
        elif event.name == "tool_call":
            self._note_first_output()
            call = llm.FunctionToolCall(
                name=str(data["name"]), arguments=valid_args(str(data["args"])), call_id=str(data["id"])
            )
            self._send(llm.ChoiceDelta(role="assistant", tool_calls=[call]))
        elif event.name == "server_tool_call":
            self._note_tool(data)
        elif event.name == "done":
            self._note_first_output()
            self._usage = _usage(data)
            self._event_ch.send_nowait(llm.ChatChunk(id=self._id, usage=self._usage))
            for action in _actions(data):
                self._owner.on_action(action)

    def _note_tool(self, data: JsonObject) -> None:
        call_id, status = str(data.get("id")), data.get("status")
        if status == "started":
            self._running.append(call_id)
            called = {"name": data.get("name"), "args": data.get("args", "{}")}
            self._owner.on_action({"type": "tool_called", "id": call_id, **called})
        elif call_id in self._running:
            self._tool_ended(call_id, failed=status == "failed")

    def _tool_ended(self, call_id: str, *, failed: bool) -> None:
        self._running.remove(call_id)
        self._owner.on_action({"type": "tool_ended", "id": call_id, "failed": failed})

    def _send(self, delta: llm.ChoiceDelta) -> None:
        self._event_ch.send_nowait(llm.ChatChunk(id=self._id, delta=delta))

    def _note_first_output(self) -> None:
        if self._leg.first_ms is None:
            first_ms = (time.perf_counter() - self._began) * 1000
            self._leg = Leg(self._leg.provider, self._leg.model, first_ms)
            self._owner.on_leg("llm", self._leg)


def _actions(done: JsonObject) -> list[JsonObject]:
    asked = done.get("actions")
    return [action for action in asked if isinstance(action, dict)] if isinstance(asked, list) else []


def _usage(done: JsonObject) -> llm.CompletionUsage | None:
    usage = done.get("usage")
    if not isinstance(usage, dict):
        return None
    prompt, completion = usage.get("promptTokens"), usage.get("completionTokens")
    if not isinstance(prompt, int) or not isinstance(completion, int):
        return None
    return llm.CompletionUsage(
        prompt_tokens=prompt, completion_tokens=completion, prompt_cached_tokens=0, total_tokens=prompt + completion
    )
