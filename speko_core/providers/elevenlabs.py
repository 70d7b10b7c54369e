"""ElevenLabs."""

from speko_core.providers.base import Provider
from speko_core.providers.catalog import load_catalog
from speko_core.providers.elevenlabs_stt import ElevenLabsStt
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.socket import VendorSockets
from speko_core.settings import Settings

VENDOR = "elevenlabs"


def build_elevenlabs(settings: Settings, http: VendorHttp, sockets: VendorSockets) -> Provider:
    """Recognition."""
    return Provider(VENDOR, stt=ElevenLabsStt(http, sockets, load_catalog()[VENDOR]), closers=(http,))
