"""Groq: OpenAI's chat wire under `/openai/v1`. Usage may also come as `x_groq.usage` on the last frame."""

from speko_core.providers.base import Provider
from speko_core.providers.catalog import load_catalog
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.openai_chat import ChatDialect, OpenAiChat
from speko_core.settings import Settings

VENDOR = "groq"


def build_groq(settings: Settings, http: VendorHttp) -> Provider:
    """Chat completions."""
    facts = load_catalog()[VENDOR]
    return Provider(VENDOR, llm=OpenAiChat(http, facts, ChatDialect(system_role="system")), closers=(http,))
