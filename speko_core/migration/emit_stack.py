"""The vendors, models and the voice of an agent, as far as this installation serves them."""

from collections.abc import Sequence

from speko_core.migration.build import BuildOptions
from speko_core.migration.neutral import Agent, Model
from speko_core.migration.vendors import entry_of
from speko_core.types import JsonObject


def entry_served(layer: str, model: Model, options: BuildOptions) -> str | None:
    """The allow-list entry this installation can serve: the model, else its vendor, else None."""
    entry = entry_of(model)
    if entry is None or options.served is None or f"{layer}:{entry}" in options.served:
        return entry
    return model.provider if f"{layer}:{model.provider}" in options.served else None


def stack_of(agent: Agent, options: BuildOptions, warnings: list[str]) -> JsonObject | None:
    """The allow-lists of every layer; None where the router may pick anything."""
    if options.providers == "any":
        return None
    layers: dict[str, Sequence[Model]] = {
        "stt": [agent.stt, *agent.stt.fallbacks],
        "llm": [agent.llm, *agent.llm.fallbacks],
        "tts": [agent.voice, *agent.voice.fallbacks],
        "s2s": [agent.s2s] if agent.s2s else [],
    }
    allowed: JsonObject = {}
    for layer, models in layers.items():
        kept = list(dict.fromkeys(_entry(layer, model, options, warnings) for model in models))
        entries = [entry for entry in kept if entry is not None][:50]
        if entries:
            allowed[layer] = list(entries)
    return {"allowedProviders": allowed} if allowed else None


def _entry(layer: str, model: Model, options: BuildOptions, warnings: list[str]) -> str | None:
    wanted, served = entry_of(model), entry_served(layer, model, options)
    if wanted is not None and served is None:
        warnings.append(f"This installation does not serve {model.provider} ({layer}); the router picks another.")
    elif wanted != served:
        warnings.append(
            f"{wanted} ({layer}) is not a model this installation knows; any model of {served} may be used."
        )
    return served


def voice_of(agent: Agent, options: BuildOptions) -> str | None:
    """The voice, where this installation serves its vendor."""
    usable = options.providers == "keep" and entry_served("tts", agent.voice, options) is not None
    return agent.voice.id if usable and agent.voice.id and len(agent.voice.id) <= 120 else None
