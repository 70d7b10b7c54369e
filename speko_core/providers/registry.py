"""The list of adapters. Adding a provider is one catalogue file, one adapter file and one line here."""

from collections.abc import Callable, Mapping
from functools import partial

from speko_core.providers.adapters import ProviderRegistry
from speko_core.providers.alibaba import build_alibaba
from speko_core.providers.anthropic import build_anthropic
from speko_core.providers.assemblyai import build_assemblyai
from speko_core.providers.base import Provider
from speko_core.providers.cartesia import build_cartesia
from speko_core.providers.catalog import load_catalog
from speko_core.providers.compatible import VENDOR as COMPATIBLE
from speko_core.providers.compatible import build_compatible, declared_facts
from speko_core.providers.deepgram import build_deepgram
from speko_core.providers.elevenlabs import build_elevenlabs
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.google import build_google
from speko_core.providers.groq import build_groq
from speko_core.providers.inworld import build_inworld
from speko_core.providers.local.provider import build_local
from speko_core.providers.openai import build_openai
from speko_core.providers.sandbox.provider import build_sandbox
from speko_core.providers.xai import build_xai
from speko_core.settings import Settings

ProviderFactory = Callable[[Settings], Provider]


def build_registry(settings: Settings, factories: Mapping[str, ProviderFactory]) -> ProviderRegistry:
    """Make the adapters of this process; nothing is started or dialled before the first call."""
    catalog = {**load_catalog(), COMPATIBLE: declared_facts(settings)}
    return ProviderRegistry({vendor: factory(settings) for vendor, factory in factories.items()}, catalog)


def default_factories() -> Mapping[str, ProviderFactory]:
    """Every vendor this product has adapters for. Those on the network share one client, which their closers end."""
    http, sockets = VendorHttp(), VendorSockets()
    return {
        "alibaba": partial(build_alibaba, http=http),
        "anthropic": partial(build_anthropic, http=http),
        "assemblyai": partial(build_assemblyai, http=http, sockets=sockets),
        "cartesia": partial(build_cartesia, http=http, sockets=sockets),
        "compatible": partial(build_compatible, http=http),
        "deepgram": partial(build_deepgram, http=http, sockets=sockets),
        "elevenlabs": partial(build_elevenlabs, http=http, sockets=sockets),
        "google": partial(build_google, http=http, sockets=sockets),
        "groq": partial(build_groq, http=http),
        "inworld": partial(build_inworld, http=http, sockets=sockets),
        "local": build_local,
        "openai": partial(build_openai, http=http, sockets=sockets),
        "sandbox": build_sandbox,
        "xai": partial(build_xai, http=http, sockets=sockets),
    }
