"""What a model says and does, told to the caller and written down.

Audio is handed on as it comes, one piece at a time: a caller that reads slowly slows the vendor down.
"""

from speko_core.errors import InsufficientCredits
from speko_core.ports.clock import Clock
from speko_core.providers.base import ToolCall
from speko_core.providers.realtime import (
    AnswerEnded,
    Consumed,
    Interrupt,
    Interrupted,
    RealtimeEvent,
    Recognized,
    Said,
    Sound,
    ToolsCancelled,
    UserSpeaks,
)
from speko_core.realtime import frames
from speko_core.realtime.caller import Caller
from speko_core.realtime.calls import Calls
from speko_core.realtime.chores import Chores
from speko_core.realtime.conversation import Conversation
from speko_core.realtime.endings import BROKEN, Ending, Over, refused
from speko_core.realtime.life import Scribe
from speko_core.realtime.metering import Allowance, Meter
from speko_core.realtime.playback import Playback
from speko_core.realtime.turns import TurnLog


class Listener:
    """Takes the events of one conversation."""

    def __init__(
        self,
        conversation: Conversation,
        caller: Caller,
        calls: Calls,
        scribe: Scribe,
        meter: Meter,
        allowance: Allowance,
        playback: Playback,
        chores: Chores,
        clock: Clock,
    ) -> None:
        self._conversation, self._caller, self._calls, self._chores = conversation, caller, calls, chores
        self._scribe, self._meter, self._allowance = scribe, meter, allowance
        self._playback, self._clock = playback, clock
        self._turns = TurnLog()
        self._answering = self._says_goodbye = False

    async def run(self) -> Ending:
        """Listen to the end of the conversation.

        Raises:
            Over: the provider failed, or the caller takes nothing any more.
        """
        async for event in self._conversation.events():
            await self._on(event)
        return BROKEN

    async def stop(self) -> None:
        """The caller wants the answer to stop."""
        now = self._clock.monotonic()
        heard_ms = self._playback.heard_ms(now)
        self._playback.stop(now)
        await self._conversation.tell(Interrupt(heard_ms))

    async def close(self) -> None:
        """Write down what was said of an answer that did not end, and record its audio.

        Raises:
            Unavailable: its usage could not be made durable.
        """
        self._write_answer(cut=True)
        await self._meter.close(self._conversation.current)

    async def _on(self, event: RealtimeEvent) -> None:
        match event:
            case Sound(pcm):
                await self._play(pcm)
            case Said():
                await self._tell(event)
            case UserSpeaks(speaks):
                self._turns.user_speaks(speaks, self._clock.now())
                if speaks:
                    await self._cut()
            case Interrupted():
                await self._cut()
            case ToolCall():
                self._turns.called(event)
                await self._calls.begin(event)
            case ToolsCancelled(call_ids):
                self._calls.cancel(call_ids)
            case AnswerEnded(cut):
                self._ended(cut)
            case Consumed():
                await self._caller.send(frames.usage(event))
                self._chores.spawn(self._charge(event))
            case Recognized():
                self._chores.spawn(self._meter.recognized(self._conversation.current, event))

    async def _play(self, pcm: bytes) -> None:
        if not pcm:
            return
        self._answering, self._says_goodbye = True, self._calls.leaving
        self._turns.agent_speaks(self._clock.now())
        self._meter.came(pcm)
        self._playback.add(pcm, self._clock.monotonic())
        await self._caller.play(pcm)

    async def _tell(self, said: Said) -> None:
        if said.speaker == "user":
            turn = self._turns.user_said(said, self._clock.now())
            if turn is not None:
                self._scribe.put(turn)
        else:
            self._answering = True
            self._turns.agent_said(said, self._clock.now())
            if said.is_final:
                self._meter.spoke(said.text)
        await self._caller.send(frames.transcript(said))

    async def _cut(self) -> None:
        """The user speaks while an answer is made or played: the model is told how much of it was heard."""
        now = self._clock.monotonic()
        if not self._answering and not self._playback.remaining_s(now):
            return
        heard_ms, self._answering = self._playback.heard_ms(now), False
        self._playback.stop(now)
        await self._caller.send(frames.interruption())
        await self._conversation.tell(Interrupt(heard_ms, told=True))

    def _ended(self, cut: bool) -> None:
        self._answering = False
        self._playback.begin()
        self._write_answer(cut)
        if self._says_goodbye:
            self._calls.leave_after(self._playback.remaining_s(self._clock.monotonic()))

    def _write_answer(self, cut: bool) -> None:
        who = self._conversation.current
        turn = self._turns.answer_ended(cut, self._clock.now(), who.vendor, who.model)
        if turn is not None:
            self._scribe.put(turn)

    async def _charge(self, consumed: Consumed) -> None:
        """Record an answer, and hold credit for the next.

        Raises:
            Over: there is none.
        """
        who = self._conversation.current
        await self._meter.answered(who, consumed)
        try:
            self._allowance.renew(who)
        except InsufficientCredits as error:
            raise Over(refused(error)) from None
