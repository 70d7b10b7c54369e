"""Put the offline voice together for one process. Nothing is started here."""

from dataclasses import dataclass
from functools import partial

from speko_core.providers.base import Provider
from speko_core.providers.catalog import VendorFacts, load_catalog
from speko_core.providers.local.cascade import MODEL as CASCADE
from speko_core.providers.local.cascade import LocalCascade
from speko_core.providers.local.cascade_answers import Parts
from speko_core.providers.local.engines import SpeechEngines, find_engines
from speko_core.providers.local.sphinx_pool import SphinxPool
from speko_core.providers.local.stt import LocalStt
from speko_core.providers.local.tts import LocalTts
from speko_core.providers.sandbox.llm import MODEL as RULES
from speko_core.providers.sandbox.llm import SandboxLlm
from speko_core.settings import Settings

VENDOR = "local"
FREE_SPEECH = "sphinx-free"


@dataclass(frozen=True)
class LocalAvailability:
    """The models of both directions that this machine can run."""

    stt: LocalStt
    tts: LocalTts

    def available_models(self) -> frozenset[str]:
        """Model ids that would work now."""
        heard, spoken = self.stt.available_models(), self.tts.available_models()
        return heard | spoken | (frozenset({CASCADE}) if heard and spoken else frozenset())


def _model_with(facts: VendorFacts, tts: LocalTts, voice: str | None) -> str:
    """The speech model of a voice; without a voice the first that this machine has."""
    speaking = [model for model in facts.models if model.id in tts.available_models()]
    found = [model.id for model in speaking if voice is None or any(voice == known.id for known in model.voices)]
    return next(iter(found), "flite")


def build_local(settings: Settings, engines: SpeechEngines | None = None) -> Provider:
    """The adapters of the offline voice; `engines` default to what this machine has."""
    stt, facts = LocalStt(SphinxPool(settings.voice_workers)), load_catalog()[VENDOR]
    tts = LocalTts(engines or find_engines(), facts)
    return Provider(
        VENDOR,
        stt=stt,
        tts=tts,
        s2s=LocalCascade(Parts(stt, SandboxLlm(), tts, FREE_SPEECH, RULES, partial(_model_with, facts, tts))),
        sandbox=True,
        needs_key=False,
        closers=(stt,),
        availability=LocalAvailability(stt, tts),
    )
