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
    """How the caller may cut in: `minDuration` seconds of speech."""

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
    ends, cuts = asked.endpointing or Endpointing(), asked.interruption or Interruption()
    given = {
        "min_endpointing_s": ends.min_delay,
        "max_endpointing_s": ends.max_delay,
        "interruption_min_s": cuts.min_duration,
    }
    taking = base.model_copy(update={name: value for name, value in given.items() if value is not None})
    if taking.max_endpointing_s < taking.min_endpointing_s:
        raise _refused("endpointing.maxDelay", "must not be below minDelay")
    return taking


def _check_possible(asked: TurnHandling) -> None:
    cannot = {
        "vad.provider": asked.vad is not None and asked.vad.provider == "ai-coustics",
        "noiseCancellation.enabled": asked.noise_cancellation is not None and asked.noise_cancellation.enabled,
        "interruption.mode": asked.interruption is not None and asked.interruption.mode == "adaptive",
        "interruption.minWords": asked.interruption is not None and bool(asked.interruption.min_words),
        "turnDetection": asked.turn_detection is True or asked.turn_detection == "stt",
        "contextThreshold": asked.context_threshold is True,
    }
    for field, refused in cannot.items():
        if refused:
            raise _refused(field, "is not available here: turns are taken by voice activity (silero) alone")


def _refused(field: str, problem: str) -> InvalidInput:
    where = f"turnHandling.{field}"
    return InvalidInput(f"{where}: {problem}", fields=[FieldProblem(where, problem)])
