"""The catalogue and the adapters agree."""

import pytest

from speko_core.providers.base import Modality
from speko_core.providers.catalog import ModelFacts, load_catalog
from speko_core.providers.local.engines import SpeechEngines
from speko_core.providers.local.provider import build_local
from speko_core.providers.registry import build_registry, default_factories
from speko_core.settings import Settings

MODELS = [(vendor, model) for vendor, facts in load_catalog().items() for model in facts.models]


def _settings() -> Settings:
    return Settings(_env_file=None)


@pytest.mark.parametrize("vendor", sorted(default_factories()))
def test_every_adapter_is_catalogued(vendor: str) -> None:
    """RTE-17: a vendor without facts could not be listed or routed to."""
    assert vendor in load_catalog()


@pytest.mark.parametrize(("vendor", "model"), MODELS, ids=[f"{vendor}:{model.id}" for vendor, model in MODELS])
def test_voices_are_consistent(vendor: str, model: ModelFacts) -> None:
    """RTE-20: the default voice exists, and every language of a speaking model has a voice."""
    if model.modality is not Modality.TTS or "any_voice" in model.options:
        return
    voices = {voice.id for voice in model.voices}
    spoken = {tag.split("-")[0] for voice in model.voices for tag in voice.languages}

    assert model.default_voice in voices
    speaks_any = any(not voice.languages for voice in model.voices)
    assert speaks_any or {tag.split("-")[0] for tag in model.languages} <= spoken


@pytest.mark.parametrize("vendor", ["local", "sandbox"])
def test_offline_providers_are_labelled_and_free(vendor: str) -> None:
    """RTE-17: labelled, without a key, without a price."""
    facts = load_catalog()[vendor]
    provider = build_registry(_settings(), default_factories()).get(vendor)

    assert facts.kind == "sandbox"
    assert provider is not None
    assert provider.sandbox
    assert not provider.needs_key
    assert not any(model.prices for model in facts.models)


def test_each_modality_has_one_default_offline() -> None:
    """RTE-17: the whole product runs without an account."""
    offline = [model for vendor in ("local", "sandbox") for model in load_catalog()[vendor].models if model.default]

    assert sorted(model.modality for model in offline) == sorted(Modality)


def test_models_without_their_engine_are_known_as_data() -> None:
    """RTE-20: the router can go around what this machine does not have."""
    bare = build_local(_settings(), SpeechEngines(None, None))
    full = build_local(_settings(), SpeechEngines(("flite",), ("espeak-ng",)))

    assert [bare.has_model(model) for model in ("flite", "espeak", "sphinx-free")] == [False, False, True]
    assert [full.has_model(model) for model in ("flite", "espeak", "sphinx-grammar")] == [True, True, True]
