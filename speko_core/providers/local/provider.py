"""Put the offline voice together for one process. Nothing is started here."""

from dataclasses import dataclass

from speko_core.providers.base import Provider
from speko_core.providers.catalog import load_catalog
from speko_core.providers.local.engines import SpeechEngines, find_engines
from speko_core.providers.local.sphinx_pool import SphinxPool
from speko_core.providers.local.stt import LocalStt
from speko_core.providers.local.tts import LocalTts
from speko_core.settings import Settings

VENDOR = "local"


@dataclass(frozen=True)
class LocalAvailability:
    """The models of both directions that this machine can run."""

    stt: LocalStt
    tts: LocalTts

    def available_models(self) -> frozenset[str]:
        """Model ids that would work now."""
        return self.stt.available_models() | self.tts.available_models()


def build_local(settings: Settings, engines: SpeechEngines | None = None) -> Provider:
    """The adapters of the offline voice; `engines` default to what this machine has."""
    stt = LocalStt(SphinxPool(settings.voice_workers))
    tts = LocalTts(engines or find_engines(), load_catalog()[VENDOR])
    return Provider(
        VENDOR,
        stt=stt,
        tts=tts,
        sandbox=True,
        needs_key=False,
        closers=(stt,),
        availability=LocalAvailability(stt, tts),
    )
