"""OpenAI.

Models from 5.4 on refuse tools with any reasoning effort but "none", and from 5.6 on even without the field, because a
default applies; the catalogue therefore gives them "none" as the lowest effort and no effort beside tools.
Source: OpenAI's error text and issue threads of 2026-03 to 2026-09.
"""

from speko_core.providers.base import Provider
from speko_core.providers.catalog import load_catalog
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.openai_chat import ChatDialect, OpenAiChat
from speko_core.settings import Settings

VENDOR = "openai"


def build_openai(settings: Settings, http: VendorHttp) -> Provider:
    """Chat completions."""
    facts = load_catalog()[VENDOR]
    return Provider(VENDOR, llm=OpenAiChat(http, facts, ChatDialect()), closers=(http,))
