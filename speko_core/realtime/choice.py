"""Which models a caller means, and what they must be able to do."""

from speko_core.agents.schemas import AgentRow
from speko_core.errors import FieldProblem, InvalidInput
from speko_core.providers.adapters import ProviderRegistry
from speko_core.providers.base import Modality
from speko_core.providers.catalog import ModelFacts
from speko_core.realtime.schemas import RealtimeOptions
from speko_core.routing.eligibility import Needs
from speko_core.routing.intent import Constraints


def allowed_models(
    registry: ProviderRegistry, asked: RealtimeOptions, constraints: Constraints | None, agent: AgentRow | None
) -> tuple[str, ...]:
    """The allow-list: the provider and model that were asked for, else the call's list, else the agent's.

    Raises:
        InvalidInput: no provider of conversations has that name, or no such model; says which there are.
    """
    if asked.provider or asked.model:
        return _named(registry, asked.provider, asked.model)
    given = constraints.allowed_providers.s2s if constraints and constraints.allowed_providers else None
    if given is not None:
        return tuple(given)
    stack = agent.stack_preferences if agent else None
    stored = stack.allowed_providers.s2s if stack and stack.allowed_providers else None
    return tuple(stored or ())


def _named(registry: ProviderRegistry, provider: str | None, model: str | None) -> tuple[str, ...]:
    known = [
        (vendor, facts)
        for vendor, listed in registry.catalog.items()
        for facts in listed.models
        if facts.modality is Modality.S2S
    ]
    vendors = sorted({vendor for vendor, _ in known})
    if provider is not None and provider not in vendors:
        raise _refused("provider", f"must be one of {', '.join(vendors)}")
    if model is None:
        return (provider,) if provider else ()
    own = [(vendor, facts) for vendor, facts in known if provider in (None, vendor)]
    found = tuple(f"{vendor}:{facts.id}" for vendor, facts in own if _is_called(facts, model))
    if not found:
        raise _refused("model", f"must be one of {', '.join(facts.id for _, facts in own)}")
    return found


def _is_called(facts: ModelFacts, model: str) -> bool:
    return model == facts.id or model in facts.aliases


def _refused(field: str, problem: str) -> InvalidInput:
    where = f"s2s.{field}"
    return InvalidInput(f"Invalid request: {where}: {problem}", fields=[FieldProblem(where, problem)])


def needs(voice: str | None, temperature: float | None, has_tools: bool) -> Needs:
    """What the model must be able to do; a temperature only shapes what it says."""
    return Needs(
        frozenset({"tools"}) if has_tools else frozenset(),
        voice,
        frozenset({"temperature"}) if temperature is not None else frozenset(),
    )
