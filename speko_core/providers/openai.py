"""OpenAI.

Models from 5.4 on refuse tools with any reasoning effort but "none", and from 5.6 on even without the field, because a
default applies; the catalogue therefore gives them "none" as the lowest effort and no effort beside tools.
Source: OpenAI's error text and issue threads of 2026-03 to 2026-09.
"""

from speko_core.providers.base import Provider
from speko_core.providers.catalog import load_catalog
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.openai_chat import ChatDialect, OpenAiChat
from speko_core.providers.families.openai_speech import OpenAiSpeech, SpeechDialect
from speko_core.providers.families.socket import VendorSockets
from speko_core.providers.families.speaking import HttpSpeech
from speko_core.providers.families.transcriptions import (
    WHISPER_PROMPT_CHARS,
    Shape,
    TranscriptionDialect,
    Transcriptions,
)
from speko_core.providers.openai_realtime import openai_realtime
from speko_core.settings import Settings

VENDOR = "openai"


def _shape(model: str) -> Shape:
    """Whisper gives word times and does not stream; the newest model has a field for keywords."""
    if model.startswith("whisper"):
        return Shape(words=True, prompt_chars=WHISPER_PROMPT_CHARS)
    return Shape(streams=True, keywords="field" if model.startswith("gpt-transcribe") else "prompt")


TRANSCRIPTIONS = TranscriptionDialect(_shape)


def build_openai(settings: Settings, http: VendorHttp, sockets: VendorSockets) -> Provider:
    """Chat completions, transcriptions, speech, and conversations."""
    facts = load_catalog()[VENDOR]
    llm, stt = OpenAiChat(http, facts, ChatDialect()), Transcriptions(http, facts, TRANSCRIPTIONS)
    tts = HttpSpeech(http, OpenAiSpeech(facts, SpeechDialect()))
    return Provider(VENDOR, stt=stt, llm=llm, tts=tts, s2s=openai_realtime(sockets, facts), closers=(http,))
