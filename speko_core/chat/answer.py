"""The agent's answer to a chat message: a completion that ends up in the transcript, whole or as far as it came."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from speko_core.chat.opening import Opened, open_message
from speko_core.chat.schemas import ChatInput
from speko_core.context import Ctx
from speko_core.deps import Deps
from speko_core.ids import new_id
from speko_core.oneshot.call import BEAT_S, WireEvent
from speko_core.oneshot.complete import CompleteCall
from speko_core.oneshot.completing import open_completion
from speko_core.oneshot.following import Spoken, request_as
from speko_core.oneshot.schemas import CompleteInput
from speko_core.oneshot.streamed import Streamed
from speko_core.oneshot.tool_loop import ToolLoop
from speko_core.principal import Principal
from speko_core.sessions import repository
from speko_core.sessions.announce import announce
from speko_core.sessions.models import SessionTurn
from speko_core.sessions.rules import Event, Status, step
from speko_core.types import JsonObject

E = TypeVar("E")


class ChatAnswer:
    """A completion with the chat's words around it; its events are on the wire as they are."""

    def __init__(self, deps: Deps, principal: Principal, opened: Opened, call: CompleteCall | ToolLoop) -> None:
        self._deps, self._principal, self._opened, self._call = deps, principal, opened, call
        self._begun: datetime = deps.clock.now()
        self._said, self._saved = list[str](), False

    @property
    def headers(self) -> dict[str, str]:
        """The routing headers every answer carries (ONE-5)."""
        return self._call.headers

    async def start(self) -> None:
        """Wait for the first real event."""
        await self._call.start()

    async def batches(self, beat_s: float = BEAT_S) -> AsyncGenerator[Sequence[WireEvent], None]:
        """The answer as it comes; once whole, it is in the transcript before `done` is told."""
        # Alike on both sides: the checker finds the type of the events only where it knows which call it is.
        shown = _shown(self._call, beat_s) if isinstance(self._call, ToolLoop) else _shown(self._call, beat_s)
        async with aclosing(shown) as batches:
            async for batch in batches:
                self._said += [str(data["text"]) for name, data in batch if name == "delta"]
                yield batch
        await self._save()

    async def collect(self) -> None:
        """Take the whole answer into the transcript."""
        await self._call.collect()
        await self._save()

    async def aclose(self) -> None:
        """End the work; an answer that was broken off is in the transcript as far as it was heard."""
        await self._call.aclose()
        if not self._saved and "".join(self._said).strip():
            await self._write("".join(self._said), interrupted=True)

    def meta(self) -> JsonObject:
        """The first `meta` event, with the chat's own fields."""
        return {**self._call.meta(), **self._names()}

    def wire(self, event: WireEvent) -> WireEvent | None:
        """Batches are on the wire as they are."""
        return event

    def result(self) -> JsonObject:
        """The completion's result, with the chat's own fields."""
        return {**self._call.result(), **self._names()}

    def _names(self) -> JsonObject:
        """The session and the answer's turn; on a new chat also what the agent says before anything is asked."""
        named: JsonObject = {"sessionId": self._opened.session_id, "turnIndex": self._opened.answer_index}
        return {**named, "firstMessage": self._opened.first_message} if self._opened.first_message else named

    async def _save(self) -> None:
        await self._write(str(self._call.result()["text"]), interrupted=False)

    async def _write(self, text: str, *, interrupted: bool) -> None:
        self._saved = True
        now = self._deps.clock.now()
        parts = [part for part in self._parts(text) if part.text.strip() or part.calls]
        async with self._deps.database.transaction(self._principal.organization_id) as db:
            db.add_all(self._turn(at, part, now, interrupted) for at, part in enumerate(parts))
            await db.flush()
            if any(action.get("type") == "end_call" for action in self._actions()):
                await self._end(db, now)

    def _parts(self, text: str) -> list[Spoken]:
        """What each agent said: one part, or more where the conversation was handed over."""
        parts = self._call.spoken if isinstance(self._call, ToolLoop) else [Spoken(None, [text])]
        return [replace(part, agent_id=part.agent_id or self._opened.agent_id) for part in parts]

    def _turn(self, at: int, part: Spoken, now: datetime, interrupted: bool) -> SessionTurn:
        result = self._call.result()
        return SessionTurn(
            id=new_id("turn"),
            organization_id=self._principal.organization_id,
            session_id=self._opened.session_id,
            idx=self._opened.answer_index + at,
            source="agent",
            agent_id=part.agent_id,
            text=part.text.strip(),
            started_at=self._begun,
            ended_at=now,
            provider=str(result["provider"]),
            model=str(result["model"]),
            interrupted=interrupted,
            legs={},
            latency={},
            tool_calls=[*part.calls],
            created_at=now,
            updated_at=now,
        )

    async def _end(self, db: AsyncSession, now: datetime) -> None:
        """The agent has said goodbye."""
        row = await repository.get_locked(db, self._opened.session_id)
        assert row is not None
        before = row.status
        row.status = step(Status(before), Event.FINISH).value
        row.ended_at, row.end_reason, row.updated_at = row.ended_at or now, row.end_reason or "agent", now
        await announce(db, row, before, now)

    def _actions(self) -> list[JsonObject]:
        return self._call.actions if isinstance(self._call, ToolLoop) else []


async def _shown(call: Streamed[E], beat_s: float) -> AsyncGenerator[list[WireEvent], None]:
    async with aclosing(call.batches(beat_s)) as batches:
        async for batch in batches:
            shown = [call.wire(event) for event in batch]
            yield [event for event in shown if event is not None]


async def open_chat(deps: Deps, principal: Principal, agent_id: str, data: ChatInput, request_id: str) -> ChatAnswer:
    """Write the message into its session and route the answer.

    Raises:
        InvalidInput, NotFound, Conflict: as `open_message`.
        NoCandidate: no model may serve the call.
        InsufficientCredits: there is no credit for a managed call.
    """
    async with deps.database.transaction(principal.organization_id) as db:
        opened = await open_message(Ctx(principal, deps, db, "rest", request_id), agent_id, data)
    acting = replace(principal, kind="session", session_id=opened.session_id)
    call = await open_completion(deps, acting, _request(opened))
    return ChatAnswer(deps, principal, opened, call)


def _request(opened: Opened) -> CompleteInput:
    asked = request_as(opened.plan.speaking(opened.agent_id))
    return CompleteInput.model_validate({**asked, "messages": opened.messages, "agent_id": opened.agent_id})
