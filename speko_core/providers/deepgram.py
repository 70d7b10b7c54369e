"""Deepgram."""

from speko_core.providers.base import Provider
from speko_core.providers.catalog import load_catalog
from speko_core.providers.deepgram_stt import DeepgramStt
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.socket import VendorSockets
from speko_core.settings import Settings

VENDOR = "deepgram"


def build_deepgram(settings: Settings, http: VendorHttp, sockets: VendorSockets) -> Provider:
    """Recognition."""
    return Provider(VENDOR, stt=DeepgramStt(http, sockets, load_catalog()[VENDOR]), closers=(http,))
