"""Deepgram."""

from speko_core.providers.base import Provider
from speko_core.providers.catalog import load_catalog
from speko_core.providers.deepgram_stt import DeepgramStt
from speko_core.providers.deepgram_tts import DeepgramSpeech
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.families.speaking import HttpSpeech
from speko_core.settings import Settings

VENDOR = "deepgram"


def build_deepgram(settings: Settings, http: VendorHttp, sockets: VendorSockets) -> Provider:
    """Recognition and speech."""
    facts = load_catalog()[VENDOR]
    stt, tts = DeepgramStt(http, sockets, facts), HttpSpeech(http, DeepgramSpeech(facts))
    return Provider(VENDOR, stt=stt, tts=tts, closers=(http,))
