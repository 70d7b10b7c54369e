"""`POST /v1/synthesize`: text to one stream of audio, in the answering provider's format or the one asked for."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast

from speko_core.audio.transcode import AudioTarget
from speko_core.deps import Deps
from speko_core.oneshot.call import Call, Route, attempts
from speko_core.oneshot.candidates import route
from speko_core.oneshot.patience import Timing
from speko_core.oneshot.schemas import SynthesizeInput
from speko_core.oneshot.transcoded import transcoded
from speko_core.oneshot.usage import Attribution, Units, UsageSink
from speko_core.principal import Principal
from speko_core.providers.base import AudioChunk, FailureKind, Modality, ProviderError, TtsAdapter, TtsRequest
from speko_core.providers.catalog import ModelFacts, Voice
from speko_core.providers.credentials import resolve
from speko_core.routing.decision import Decision, Ranked
from speko_core.routing.eligibility import Needs

# The client waits for headers without a sign of life, 30 s by default: all candidates together stay below.
TIMING = Timing(first_event_s=10.0, stall_s=15.0, overall_s=25.0, first_event_floor_s=1.0)
NEUTRAL_SPEED = 1.0


class SynthesizeCall(Call[AudioChunk]):
    """Speech on its way."""

    def __init__(self, route: Route[AudioChunk], characters: int) -> None:
        super().__init__(route)
        self._characters = characters

    @property
    def content_type(self) -> str:
        """The format of the answer; known once the first chunk has been taken."""
        return self._content_type

    @staticmethod
    def _is_real(event: AudioChunk) -> bool:
        return len(event.data) > 0

    def _reset(self) -> None:
        self._content_type = ""

    def _absorb(self, event: AudioChunk) -> None:
        self._content_type = self._content_type or event.content_type
        if event.content_type != self._content_type:
            raise ProviderError(FailureKind.UPSTREAM, "the audio format changed in the middle")

    def _check_whole(self) -> None:
        """One chunk of audio is a whole answer."""

    def _units(self) -> Units:
        return Units(characters=self._characters)


async def open_synthesize(
    deps: Deps,
    principal: Principal,
    data: SynthesizeInput,
    *,
    session_id: str | None = None,
    timing: Timing = TIMING,
    usage: UsageSink | None = None,
    target: AudioTarget | None = None,
) -> SynthesizeCall:
    """Route a synthesis; nothing is sent before `start`. Without a `target` the audio keeps the provider's format.

    Raises:
        InvalidInput: an unknown allow-list entry.
        NoCandidate: no model may serve the call, for example none that has the voice.
        InsufficientCredits: there is no credit for a managed call.
    """
    speed = None if data.speed == NEUTRAL_SPEED else data.speed
    style = frozenset({"instructions"}) if data.instructions else frozenset[str]()
    needs = Needs(voice=data.voice or None, hints=style, speed=speed)
    estimate = Units(characters=len(data.text))
    routed = await route(deps, principal, Modality.TTS, data.intent, data.constraints, needs, estimate=estimate)
    decision = routed.decision
    if data.model:
        decision = with_model(decision, data.model)
    request = TtsRequest("", data.intent.language, data.text, data.voice or None, speed, data.instructions)

    def speak(candidate: Ranked) -> AsyncIterator[AudioChunk]:
        provider = deps.providers.get(candidate.vendor)
        credential = resolve(deps, principal, candidate.vendor)
        audio = cast(TtsAdapter, provider and provider.tts).synthesize(_fitted(request, candidate), credential)
        return transcoded(audio, target) if target else audio

    attribution = Attribution(principal.organization_id, principal.mode, principal.session_id or session_id)
    sink = usage or deps.journal
    tried = attempts(decision, speak)
    call_route = Route(decision, tried, timing, attribution, sink, routed.reservation, routed.health)
    return SynthesizeCall(call_route, len(data.text))


def with_model(decision: Decision, model: str) -> Decision:
    """Apply the caller's `model` to the primary candidate only; the others keep theirs.

    A ranked candidate that has this very model becomes the primary, so that the name does not go to another vendor.
    An offline provider keeps its own model and says so.
    """
    named = next((ranked for ranked in decision.ranked if ranked.model == model), None)
    if named is None:
        named = _overridden(decision.ranked[0], model)
        rest = decision.ranked[1:]
    else:
        rest = tuple(ranked for ranked in decision.ranked if ranked is not named)
    return decision._replace(ranked=(named, *rest))


def _overridden(primary: Ranked, model: str) -> Ranked:
    if primary.offer.sandbox:
        return primary._replace(ignored=(*primary.ignored, "model"))
    facts: ModelFacts = primary.offer.facts.model_copy(update={"id": model})
    return primary._replace(offer=replace(primary.offer, facts=facts))


def default_voice(facts: ModelFacts, language: str) -> str | None:
    """The model's default voice where it speaks `language`, else its first voice that does."""

    def speaks(voice: Voice, tag: str) -> bool:
        return not voice.languages or any(tag in (known, known.partition("-")[0]) for known in voice.languages)

    by_default = [voice for voice in facts.voices if voice.id == facts.default_voice]
    for tag in dict.fromkeys((language, language.partition("-")[0])):
        for voice in (*by_default, *facts.voices):
            if speaks(voice, tag):
                return voice.id
    return facts.default_voice


def _fitted(request: TtsRequest, candidate: Ranked) -> TtsRequest:
    """The request as this candidate can honour it. The wire lets `instructions` go where a model has none."""
    facts = candidate.offer.facts
    voice = None if "voice" in candidate.ignored else request.voice
    return replace(
        request,
        model=candidate.model,
        voice=voice or default_voice(facts, request.language),
        speed=None if "speed" in candidate.ignored else request.speed,
        instructions=request.instructions if "instructions" in facts.options else None,
    )
