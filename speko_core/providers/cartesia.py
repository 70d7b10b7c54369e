"""Cartesia."""

from speko_core.providers.base import Provider
from speko_core.providers.cartesia_stt import CartesiaStt
from speko_core.providers.catalog import load_catalog
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.socket import VendorSockets
from speko_core.settings import Settings

VENDOR = "cartesia"


def build_cartesia(settings: Settings, http: VendorHttp, sockets: VendorSockets) -> Provider:
    """Recognition."""
    return Provider(VENDOR, stt=CartesiaStt(http, sockets, load_catalog()[VENDOR]), closers=(http,))
