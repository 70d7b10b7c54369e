"""Turn taking as a caller asks for it, and as the plan has it; what no worker of ours can do is refused. Pure."""

from typing import Literal

from pydantic import Field

from speko_core.errors import FieldProblem, InvalidInput
from speko_core.schemas import StrictInput
from speko_core.sessions.plan import PlanTurnTaking

Profile = Literal["conversational", "ivr", "ivr_patient"]
Seconds = Field(None, ge=0, le=10)

# A menu reads for long and pauses within sentences; a patient one is a slow or very old menu.
PROFILES: dict[Profile, PlanTurnTaking] = {
    "conversational": PlanTurnTaking(),
    "ivr": PlanTurnTaking(min_endpointing_s=1.0, max_endpointing_s=4.0, interruption_min_s=1.0),
    "ivr_patient": PlanTurnTaking(min_endpointing_s=2.0, max_endpointing_s=6.0, interruption_min_s=1.5),
}


class Vad(StrictInput):
    """Detection of speech."""

    provider: Literal["silero", "ai-coustics"] | None = None


class NoiseCancellation(StrictInput):
    """Removal of noise from the caller's audio."""

    enabled: bool = False
    model: Literal["quail", "quail-voice-focus"] | None = None


class Endpointing(StrictInput):
    """How long a silence ends the caller's turn, in seconds."""

    min_delay: float | None = Seconds
    max_delay: float | None = Seconds


class Interruption(StrictInput):
    """How the caller may cut in: `minDuration` seconds of speech, and `minWords` recognized words."""

    mode: Literal["adaptive", "vad"] | None = None
    min_duration: float | None = Seconds
    min_words: int | None = Field(None, ge=0, le=100)


class TurnHandling(StrictInput):
    """Who speaks when. `profile` sets the rest; single fields win over it."""

    profile: Profile | None = None
    vad: Vad | None = None
    noise_cancellation: NoiseCancellation | None = None
    endpointing: Endpointing | None = None
    interruption: Interruption | None = None
    turn_detection: bool | Literal["stt"] | None = None
    context_threshold: bool | None = None
    greet_first: bool | None = Field(None, description="Whether the agent speaks first.")


def turn_taking(asked: TurnHandling | None) -> PlanTurnTaking:
    """The plan's settings.

    Raises:
        InvalidInput: it asks for something that this installation cannot do, or contradicts itself.
    """
    if asked is None:
        return PlanTurnTaking()
    _check_possible(asked)
    base = PROFILES[asked.profile or "conversational"]
    cuts = asked.interruption or Interruption()
    least, most = _delays(asked.endpointing or Endpointing(), base)
    return base.model_copy(
        update={
            "min_endpointing_s": least,
            "max_endpointing_s": most,
            "interruption_min_s": base.interruption_min_s if cuts.min_duration is None else cuts.min_duration,
            "interruption_min_words": cuts.min_words or 0,
        }
    )


def _delays(asked: Endpointing, base: PlanTurnTaking) -> tuple[float, float]:
    """The two delays; one that is given alone moves the other out of its way."""
    least, most = asked.min_delay, asked.max_delay
    if least is not None and most is not None and most < least:
        raise _refused("endpointing.maxDelay", "must not be below minDelay")
    if most is None:
        least = base.min_endpointing_s if least is None else least
        return least, max(base.max_endpointing_s, least)
    return min(base.min_endpointing_s, most) if least is None else least, most


def _check_possible(asked: TurnHandling) -> None:
    cannot = {
        "vad.provider": asked.vad is not None and asked.vad.provider == "ai-coustics",
        "noiseCancellation.enabled": asked.noise_cancellation is not None and asked.noise_cancellation.enabled,
        "interruption.mode": asked.interruption is not None and asked.interruption.mode == "adaptive",
        "turnDetection": asked.turn_detection is True or asked.turn_detection == "stt",
        "contextThreshold": asked.context_threshold is True,
    }
    for field, refused in cannot.items():
        if refused:
            raise _refused(field, "is not available here: turns are taken by voice activity (silero) alone")


def _refused(field: str, problem: str) -> InvalidInput:
    where = f"turnHandling.{field}"
    return InvalidInput(f"{where}: {problem}", fields=[FieldProblem(where, problem)])
