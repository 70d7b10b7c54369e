"""Groq: OpenAI's chat wire under `/openai/v1`. Usage may also come as `x_groq.usage` on the last frame."""

from speko_core.providers.base import Provider
from speko_core.providers.catalog import load_catalog
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.openai_chat import ChatDialect, OpenAiChat
from speko_core.providers.families.transcriptions import (
    WHISPER_PROMPT_CHARS,
    Shape,
    TranscriptionDialect,
    Transcriptions,
)
from speko_core.settings import Settings

VENDOR = "groq"
TRANSCRIPTIONS = TranscriptionDialect(lambda model: Shape(words=True, prompt_chars=WHISPER_PROMPT_CHARS))


def build_groq(settings: Settings, http: VendorHttp) -> Provider:
    """Chat completions and transcriptions."""
    facts = load_catalog()[VENDOR]
    llm = OpenAiChat(http, facts, ChatDialect(system_role="system"))
    return Provider(VENDOR, stt=Transcriptions(http, facts, TRANSCRIPTIONS), llm=llm, closers=(http,))
