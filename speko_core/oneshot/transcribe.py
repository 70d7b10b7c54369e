"""`POST /v1/transcribe`: one recording to text."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import ClassVar, cast

from speko_core.audio import decode_audio
from speko_core.deps import Deps
from speko_core.oneshot.call import EventCall, Route, WireEvent, attempts
from speko_core.oneshot.candidates import route
from speko_core.oneshot.heard import Detail, detail_wire, joined_text, transcript_wire
from speko_core.oneshot.patience import Timing
from speko_core.oneshot.schemas import SttOptions, TranscribeInput
from speko_core.oneshot.usage import Attribution, Units, UsageSink
from speko_core.principal import Principal
from speko_core.providers.base import FailureKind, Modality, ProviderError, SttAdapter, SttRequest, Transcript
from speko_core.providers.credentials import resolve
from speko_core.providers.families.speech import AUTO, MULTI
from speko_core.routing.decision import Ranked
from speko_core.routing.eligibility import Needs
from speko_core.types import JsonObject


def timing_for(duration_s: float) -> Timing:
    """Limits that grow with the recording: a provider may listen to all of it before its first word."""
    first, floor = 8.0 + 1.5 * duration_s, 2.0 + duration_s
    return Timing(
        first_event_s=first,
        stall_s=first,
        overall_s=3 * first,
        first_event_floor_s=floor,
        stall_floor_s=max(5.0, floor),
        hedge_floor_s=duration_s / 10,
    )


class TranscribeCall(EventCall[Transcript]):
    """A transcription on its way."""

    invalid_code: ClassVar[str] = "INVALID_AUDIO"
    invalid_text: ClassVar[str] = "The provider could not read the audio."

    def __init__(self, route: Route[Transcript], duration_s: float, options: SttOptions) -> None:
        super().__init__(route)
        self.duration_s = duration_s
        self._detail = Detail.asked(options)

    @property
    def finals(self) -> Sequence[Transcript]:
        """What has been recognized for good, in order."""
        return self._finals

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
        return Units(audio_ms=round(self.duration_s * 1000))

    def wire(self, event: Transcript) -> WireEvent | None:
        """`transcript`, with `confidence` only where the provider gives one."""
        return "transcript", transcript_wire(event, self._detail)

    def result(self) -> JsonObject:
        """All finals as one text; confidence is their mean, null where one gives none."""
        return {"text": joined_text(self._finals), **self.routed(), **detail_wire(self._finals, self._detail)}


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
    estimate = Units(audio_ms=round(audio.duration_s * 1000))
    routed = await route(
        deps, principal, Modality.STT, data.intent, data.constraints, needs_of(options), estimate=estimate
    )
    request = SttRequest(
        model="",
        language=options.language or data.intent.language,
        body=data.body,
        content_type=data.content_type,
        pcm=audio.pcm16,
        sample_rate=audio.sample_rate,
        keywords=options.keywords or (),
        prompt=options.prompt,
        speakers=bool(options.speakers),
    )

    def ask(candidate: Ranked) -> AsyncIterator[Transcript]:
        provider = deps.providers.get(candidate.vendor)
        fitted = fitted_to(candidate, request, data.intent.language)
        return cast(SttAdapter, provider and provider.stt).transcribe(
            fitted, resolve(deps, principal, candidate.vendor)
        )

    attribution = Attribution(principal.organization_id, principal.mode, principal.session_id or session_id)
    limits = timing or timing_for(audio.duration_s)
    tried = attempts(routed.decision, ask)
    sink = usage or deps.journal
    call_route = Route(routed.decision, tried, limits, attribution, sink, routed.reservation, routed.health)
    return TranscribeCall(call_route, audio.duration_s, options)


def needs_of(options: SttOptions) -> Needs:
    """What these options ask of a model: some decide what the answer is, some only shape it (RTE-20)."""
    needed = {"keywords": options.keywords, "words": options.words, "speakers": options.speakers}
    hinted = {"prompt": options.prompt, "detectLanguage": options.language == AUTO}
    return Needs(
        frozenset(name for name, wanted in needed.items() if wanted),
        hints=frozenset(name for name, wanted in hinted.items() if wanted),
    )


def fitted_to(candidate: Ranked, request: SttRequest, language: str) -> SttRequest:
    """The request as this candidate can honour it. Offline ones find out no language: they get the intent's."""
    ignored, unknown = candidate.ignored, request.language in (AUTO, MULTI)
    return replace(
        request,
        model=candidate.model,
        keywords=() if "keywords" in ignored else request.keywords,
        speakers=request.speakers and "speakers" not in ignored,
        language=language if unknown and candidate.offer.sandbox else request.language,
    )
