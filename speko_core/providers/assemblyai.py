"""AssemblyAI."""

from speko_core.providers.assemblyai_stt import AssemblyAiStt
from speko_core.providers.base import Provider
from speko_core.providers.catalog import load_catalog
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.socket import VendorSockets
from speko_core.settings import Settings

VENDOR = "assemblyai"


def build_assemblyai(settings: Settings, http: VendorHttp, sockets: VendorSockets) -> Provider:
    """Recognition."""
    return Provider(VENDOR, stt=AssemblyAiStt(http, sockets, load_catalog()[VENDOR]), closers=(http,))
