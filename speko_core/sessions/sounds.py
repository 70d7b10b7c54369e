"""The sounds of a call: what its agent's settings, its tools or an answer before the call ask for. Pure."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from speko_core.agents.config import AudioOutput, BackgroundAudio, Clip, Sound
from speko_core.tools.schemas import ToolSoundOverride
from speko_core.types import JsonObject

TOOL_CLIP: Clip = "keyboard-typing"
TOOL_SOUND_S = 0.6


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="forbid")


class PlanSound(_Frozen):
    """A built-in sound; `volume` is a factor of the amplitude."""

    clip: Clip
    volume: float = 1.0


class PlanToolSound(PlanSound):
    """Heard while a tool runs, from `start_delay_s` after its start and then for `min_duration_s` at least."""

    min_duration_s: float = TOOL_SOUND_S
    start_delay_s: float = 0.0


class PlanAudio(_Frozen):
    """What lies under the agent's voice, and how loud the voice is. `tools` has those that differ; null is silence."""

    ambient: PlanSound | None = None
    tool: PlanToolSound | None = None
    tools: dict[str, PlanToolSound | None] = Field(default_factory=dict)
    gain_db: float = 0.0

    @property
    def has_sounds(self) -> bool:
        """True when something may be heard without the agent speaking."""
        return self.ambient is not None or self.tool is not None or any(self.tools.values())

    def of_tool(self, name: str) -> PlanToolSound | None:
        """What is heard while the tool of this name runs."""
        return self.tools.get(name, self.tool)


def audio_of(asked: BackgroundAudio | None, output: AudioOutput | None, tools: Mapping[str, JsonObject]) -> PlanAudio:
    """The sounds of a call. A sound that names an uploaded file is not heard: there is no place to upload one."""
    background = asked or BackgroundAudio()
    tool = _tool_sound(background)
    overrides = {name: _override(given, tool) for name, entry in tools.items() if (given := entry.get("toolSound"))}
    gain_db = output.gain_db if output else 0.0
    return PlanAudio(ambient=_sound(background.ambient), tool=tool, tools=overrides, gain_db=gain_db)


def _sound(asked: Sound | None) -> PlanSound | None:
    if asked is None or asked.clip is None:
        return None
    return PlanSound(clip=asked.clip, volume=_volume(asked.volume))


def _tool_sound(background: BackgroundAudio) -> PlanToolSound | None:
    asked = background.tool_sound
    if asked is None or asked.clip is None:
        return None
    least = TOOL_SOUND_S if asked.min_duration_ms is None else asked.min_duration_ms / 1000
    delay = (asked.start_delay_ms or 0) / 1000
    return PlanToolSound(clip=asked.clip, volume=_volume(asked.volume), min_duration_s=least, start_delay_s=delay)


def _override(given: object, usual: PlanToolSound | None) -> PlanToolSound | None:
    """A tool's own sound: none, or the usual one with another clip or volume."""
    own = ToolSoundOverride.model_validate(given)
    if not own.enabled or own.sound_id is not None:
        return None
    base = usual or PlanToolSound(clip=TOOL_CLIP)
    volume = base.volume if own.volume is None else own.volume
    return base.model_copy(update={"clip": own.clip or base.clip, "volume": volume})


def _volume(asked: float | None) -> float:
    return 1.0 if asked is None else asked
