"""Cartesia."""

from speko_core.providers.base import Provider
from speko_core.providers.cartesia_stt import CartesiaStt
from speko_core.providers.cartesia_tts import CartesiaSpeech
from speko_core.providers.catalog import load_catalog
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.families.speaking import HttpSpeech
from speko_core.settings import Settings

VENDOR = "cartesia"


def build_cartesia(settings: Settings, http: VendorHttp, sockets: VendorSockets) -> Provider:
    """Recognition and speech."""
    facts = load_catalog()[VENDOR]
    stt, tts = CartesiaStt(http, sockets, facts), HttpSpeech(http, CartesiaSpeech(facts))
    return Provider(VENDOR, stt=stt, tts=tts, closers=(http,))
