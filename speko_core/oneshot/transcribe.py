"""`POST /v1/transcribe`: one recording to text."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import ClassVar, cast

from speko_core.audio import decode_audio
from speko_core.deps import Deps
from speko_core.oneshot.call import EventCall, Route, WireEvent, attempts
from speko_core.oneshot.candidates import route
from speko_core.oneshot.failover import Timing
from speko_core.oneshot.schemas import TranscribeInput
from speko_core.oneshot.usage import Attribution, Units, UsageSink
from speko_core.principal import Principal
from speko_core.providers.base import FailureKind, Modality, ProviderError, SttAdapter, SttRequest, Transcript
from speko_core.providers.credentials import resolve
from speko_core.routing.decision import Ranked
from speko_core.routing.eligibility import Needs
from speko_core.types import JsonObject


def timing_for(duration_s: float) -> Timing:
    """Limits that grow with the recording: a provider may listen to all of it before its first word."""
    first = 8.0 + 1.5 * duration_s
    return Timing(first_event_s=first, stall_s=first, overall_s=3 * first)


class TranscribeCall(EventCall[Transcript]):
    """A transcription on its way."""

    invalid_code: ClassVar[str] = "INVALID_AUDIO"
    invalid_text: ClassVar[str] = "The provider could not read the audio."

    def __init__(self, route: Route[Transcript], duration_s: float) -> None:
        super().__init__(route)
        self._duration_s = duration_s

    @staticmethod
    def _is_real(event: Transcript) -> bool:
        return event.text.strip() != ""

    def _reset(self) -> None:
        self._finals: list[Transcript] = []

    def _absorb(self, event: Transcript) -> None:
        if event.is_final and event.text.strip():
            self._finals.append(event)

    def _check_whole(self) -> None:
        if not self._finals:
            raise ProviderError(FailureKind.EMPTY, "no final transcript")

    def _units(self) -> Units:
        return Units(audio_ms=round(self._duration_s * 1000))

    def wire(self, event: Transcript) -> WireEvent | None:
        """`transcript`, with `confidence` only where the provider gives one."""
        data: JsonObject = {"text": event.text, "isFinal": event.is_final}
        if event.confidence is not None:
            data["confidence"] = event.confidence
        return "transcript", data

    def result(self) -> JsonObject:
        """All finals as one text; confidence is their mean, null where one gives none."""
        known = [final.confidence for final in self._finals if final.confidence is not None]
        whole = len(known) == len(self._finals) > 0
        return {
            "text": " ".join(final.text.strip() for final in self._finals),
            **self.routed(),
            "confidence": sum(known) / len(known) if whole else None,
        }


async def open_transcribe(
    deps: Deps,
    principal: Principal,
    data: TranscribeInput,
    *,
    session_id: str | None = None,
    timing: Timing | None = None,
    usage: UsageSink | None = None,
) -> TranscribeCall:
    """Decode the recording and route it; nothing is sent before `start`.

    Raises:
        InvalidInput: `INVALID_AUDIO` for an empty or undecodable body; an unknown allow-list entry.
        NoCandidate: no model may serve the call.
        InsufficientCredits: there is no credit for a managed call.
    """
    audio = await decode_audio(data.body, data.content_type)
    options = data.options
    needs = Needs(
        frozenset({"keywords"}) if options.keywords else frozenset(),
        hints=frozenset({"prompt"}) if options.prompt else frozenset(),
    )
    estimate = Units(audio_ms=round(audio.duration_s * 1000))
    routed = await route(deps, principal, Modality.STT, data.intent, data.constraints, needs, estimate=estimate)
    request = SttRequest(
        model="",
        language=options.language or data.intent.language,
        body=data.body,
        content_type=data.content_type,
        pcm=audio.pcm16,
        sample_rate=audio.sample_rate,
        keywords=options.keywords or (),
        prompt=options.prompt,
    )

    def ask(candidate: Ranked) -> AsyncIterator[Transcript]:
        provider = deps.providers.get(candidate.vendor)
        keywords = () if "keywords" in candidate.ignored else request.keywords
        return cast(SttAdapter, provider and provider.stt).transcribe(
            replace(request, model=candidate.model, keywords=keywords), resolve(deps, principal, candidate.vendor)
        )

    attribution = Attribution(principal.organization_id, principal.mode, principal.session_id or session_id)
    limits = timing or timing_for(audio.duration_s)
    tried = attempts(routed.decision, ask)
    sink = usage or deps.journal
    call_route = Route(routed.decision, tried, limits, attribution, sink, routed.reservation, routed.health)
    return TranscribeCall(call_route, audio.duration_s)
