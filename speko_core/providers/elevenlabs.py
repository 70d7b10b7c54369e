"""ElevenLabs."""

from speko_core.providers.base import Provider
from speko_core.providers.catalog import load_catalog
from speko_core.providers.elevenlabs_stt import ElevenLabsStt
from speko_core.providers.elevenlabs_tts import ElevenLabsSpeech
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.families.speaking import HttpSpeech
from speko_core.settings import Settings

VENDOR = "elevenlabs"


def build_elevenlabs(settings: Settings, http: VendorHttp, sockets: VendorSockets) -> Provider:
    """Recognition and speech."""
    facts = load_catalog()[VENDOR]
    stt, tts = ElevenLabsStt(http, sockets, facts), HttpSpeech(http, ElevenLabsSpeech(facts))
    return Provider(VENDOR, stt=stt, tts=tts, closers=(http,))
