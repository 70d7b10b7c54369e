"""`WS /v1/transcribe/stream`: recognition while somebody speaks (ONE-8)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import ClassVar, Final, cast

from speko_core.audio import StreamResampler
from speko_core.deps import Deps
from speko_core.errors import Failed, InvalidInput
from speko_core.oneshot.call import EventCall, Route, WireEvent, attempts
from speko_core.oneshot.candidates import route
from speko_core.oneshot.ears import SILENCE, Ears
from speko_core.oneshot.heard import Detail, detail_wire, joined_text, transcript_wire
from speko_core.oneshot.listen_schemas import ListenInput
from speko_core.oneshot.patience import Timing
from speko_core.oneshot.tape import BYTES_PER_S, FLUSH, RATE
from speko_core.oneshot.transcribe import fitted_to, needs_of
from speko_core.oneshot.unhurried import Unhurried
from speko_core.oneshot.usage import Attribution, Units, UsageSink
from speko_core.principal import Principal
from speko_core.providers.base import LiveSttAdapter, Modality, SttAdapter, SttRequest, Transcript
from speko_core.providers.catalog import Price
from speko_core.providers.credentials import resolve
from speko_core.routing.decision import Decision, Ranked
from speko_core.routing.eligibility import LIVE
from speko_core.types import JsonObject

LONGEST_S: Final = 4 * 3600.0
# What a conversation of unknown length is expected to be, for the credit it needs.
USUAL_MS: Final = 60_000
PIECE_BYTES: Final = BYTES_PER_S // 10
# A provider that takes no audio for this long, with a minute of it waiting, does not keep up.
BLOCKED_S: Final = 15.0
# The caller decides when there is something to hear; how long an end may take is watched elsewhere.
TIMING: Final = Timing(LONGEST_S, LONGEST_S, LONGEST_S, LONGEST_S, LONGEST_S)


class ListenCall(EventCall[Transcript]):
    """A conversation that is being heard. One task calls `hear`, `finish` and `end`, another takes the answer."""

    invalid_code: ClassVar[str] = "INVALID_AUDIO"
    invalid_text: ClassVar[str] = "The provider could not read the audio."

    def __init__(self, route: Route[Transcript], ears: Ears, data: ListenInput) -> None:
        super().__init__(route)
        self._ears, self._interims, self._detail = ears, data.interim_results, Detail.asked(data.options)
        self._resampler, self._rest = StreamResampler(data.sample_rate, RATE), bytearray()
        self._taken = self._finished_at = 0

    # --- what the caller says ---

    async def hear(self, pcm: bytes) -> None:
        """Take audio; waits while the provider is far behind.

        Raises:
            InvalidInput: the conversation is over its longest.
            Failed: the provider does not keep up.
        """
        self._rest += self._resampler.feed(pcm)
        while len(self._rest) >= PIECE_BYTES:
            await self._put(bytes(self._rest[:PIECE_BYTES]))
            del self._rest[:PIECE_BYTES]

    async def finish(self) -> None:
        """Ask for the final text of what was said so far; nothing happens when that was asked for already."""
        await self._put_rest()
        if self._finished_at < self._taken:
            self._finished_at = self._taken
            await self._put(FLUSH)

    async def end(self) -> None:
        """There is no more."""
        self._rest += self._resampler.flush()
        await self._put_rest()
        self._ears.end()

    async def _put_rest(self) -> None:
        if self._rest:
            await self._put(bytes(self._rest))
            self._rest.clear()

    async def _put(self, piece: bytes) -> None:
        self._taken += len(piece)
        if self._taken > LONGEST_S * BYTES_PER_S:
            raise InvalidInput("One stream takes four hours of audio at most.", hint="Open another one.")
        self._ears.utterances.heard(piece)
        try:
            async with asyncio.timeout(BLOCKED_S):
                await self._ears.tape.put(piece)
        except TimeoutError:
            raise Failed(f"{self.current.id} does not keep up with the audio.", self._failed_code) from None

    # --- what it is answered ---

    async def start(self) -> None:
        """Wait for the first words, failing over on the way; what was said is then not kept any more.

        Raises:
            InvalidInput: a provider says that the input is at fault.
            AllProvidersFailed: none heard anything.
        """
        await super().start()
        self._ears.tape.forget()

    @staticmethod
    def _is_real(event: Transcript) -> bool:
        return event.text.strip() != "" or event == SILENCE

    def _reset(self) -> None:
        self._finals: list[Transcript] = []

    def _absorb(self, event: Transcript) -> None:
        if event.is_final and event.text.strip():
            self._finals.append(event)

    def _check_whole(self) -> None:
        """The ears have checked it."""

    def _units(self) -> Units:
        return Units(audio_ms=self._ears.told_ms(self.current.id))

    def _prices(self, candidate: Ranked) -> tuple[Price, ...]:
        facts = candidate.offer.facts
        return facts.live_prices or facts.prices if LIVE not in candidate.ignored else facts.prices

    def meta(self) -> JsonObject:
        """Who hears, and whether as it is spoken (`streaming`) or utterance by utterance."""
        meta: JsonObject = {
            **self.routed(),
            "decisionId": self.decision.id,
            "streaming": LIVE not in self.current.ignored,
        }
        ignored = [name for name in self.current.ignored if name != LIVE]
        return {**meta, "ignoredOptions": [*ignored]} if ignored else meta

    def wire(self, event: Transcript) -> WireEvent | None:
        """`transcript`; interims only where they were asked for."""
        if event == SILENCE or not (event.is_final or self._interims):
            return None
        return "transcript", transcript_wire(event, self._detail)

    def result(self) -> JsonObject:
        """All finals as one text, and how much audio was heard."""
        detail = detail_wire(self._finals, self._detail)
        audio: JsonObject = {"audioMs": self._ears.told_ms(self.current.id)}
        return {"text": joined_text(self._finals), **self.routed(), **detail, **audio}


async def open_listen(
    deps: Deps,
    principal: Principal,
    data: ListenInput,
    *,
    usage: UsageSink | None = None,
) -> ListenCall:
    """Route a conversation; no provider is called before `start`. Models that hear live come first.

    Raises:
        InvalidInput: an unknown allow-list entry, or an option that no model honours.
        NoCandidate: no model may serve the call.
        InsufficientCredits: there is no credit for a managed call.
    """
    asked = needs_of(data.options)
    needs, estimate = replace(asked, hints=asked.hints | {LIVE}), Units(audio_ms=USUAL_MS)
    routed = await route(deps, principal, Modality.STT, data.intent, data.constraints, needs, estimate=estimate)
    decision, ears, request = _live_first(routed.decision), Ears(), _request(data)

    def hear(candidate: Ranked) -> AsyncIterator[Transcript]:
        provider, credential = deps.providers.get(candidate.vendor), resolve(deps, principal, candidate.vendor)
        fitted, adapter = fitted_to(candidate, request, data.intent.language), provider and provider.stt
        if LIVE in candidate.ignored:
            return ears.in_turns(candidate.id, cast(SttAdapter, adapter), fitted, credential)
        return ears.live(candidate.id, cast(LiveSttAdapter, adapter), fitted, credential)

    attribution = Attribution(principal.organization_id, principal.mode, principal.session_id or data.session_id)
    tried, sink, health = attempts(decision, hear), usage or deps.journal, Unhurried(routed.health)
    return ListenCall(Route(decision, tried, TIMING, attribution, sink, routed.reservation, health), ears, data)


def _live_first(decision: Decision) -> Decision:
    return decision._replace(ranked=tuple(sorted(decision.ranked, key=lambda ranked: LIVE in ranked.ignored)))


def _request(data: ListenInput) -> SttRequest:
    options = data.options
    return SttRequest(
        model="",
        language=options.language or data.intent.language,
        body=b"",
        content_type="",
        pcm=b"",
        sample_rate=RATE,
        keywords=options.keywords or (),
        prompt=options.prompt,
        speakers=bool(options.speakers),
    )
