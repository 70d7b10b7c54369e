"""xAI: OpenAI's chat wire. Its errors may be `{"code": ..., "error": "text"}`, and reasoning models refuse `stop`."""

from speko_core.providers.base import Provider
from speko_core.providers.catalog import load_catalog
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.openai_chat import ChatDialect, OpenAiChat
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.families.speaking import HttpSpeech
from speko_core.providers.xai_realtime import xai_realtime
from speko_core.providers.xai_tts import XaiSpeech
from speko_core.settings import Settings

VENDOR = "xai"


def build_xai(settings: Settings, http: VendorHttp, sockets: VendorSockets) -> Provider:
    """Chat completions, speech, and conversations."""
    facts = load_catalog()[VENDOR]
    llm, tts = OpenAiChat(http, facts, ChatDialect(system_role="system")), HttpSpeech(http, XaiSpeech(facts))
    return Provider(VENDOR, llm=llm, tts=tts, s2s=xai_realtime(sockets, facts), closers=(http,))
