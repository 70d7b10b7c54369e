"""Any server with OpenAI's wire that the operator declares: Ollama, vLLM, llama.cpp, a Whisper server, a proxy.

Its models are not in the catalogue but in the settings. They were never benchmarked, so they rank last; naming one in
an allow-list needs no benchmark data, because the operator has declared it.
"""

from collections.abc import Iterator

from speko_core.providers.base import Modality, Provider
from speko_core.providers.catalog import ModelFacts, VendorFacts, load_catalog
from speko_core.providers.families.http import VendorHttp
from speko_core.providers.families.openai_chat import ChatDialect, OpenAiChat
from speko_core.providers.families.openai_speech import OpenAiSpeech, SpeechDialect
from speko_core.providers.families.speaking import HttpSpeech
from speko_core.providers.families.transcriptions import Shape, TranscriptionDialect, Transcriptions
from speko_core.settings import Settings

VENDOR = "compatible"
LAST = 1_000_000
# What the wire itself offers; whether a local model is good at it is the operator's choice of model.
LLM_OPTIONS = ("tools", "toolChoice", "maxTokens", "temperature", "parallelToolCalls")
STT_OPTIONS = ("keywords", "prompt")
TTS_OPTIONS = ("any_voice", "voice", "speed", "instructions")
# Self-hosted servers know the older names: `max_tokens` and the role `system`.
DIALECT = ChatDialect(max_tokens="max_tokens", system_role="system")
# Plain JSON, which every server answers.
TRANSCRIPTIONS = TranscriptionDialect(lambda model: Shape(), needs_key=False, max_bytes=None)

# A passage that every server takes. Raw samples are asked for; what comes instead keeps its own name.
SPEECH = SpeechDialect()


def declared_facts(settings: Settings) -> VendorFacts:
    """The vendor `compatible` with the models the settings declare."""
    facts = load_catalog()[VENDOR]
    return facts.model_copy(update={"base_url": settings.compatible_llm_url, "models": tuple(_models(settings))})


def build_compatible(settings: Settings, http: VendorHttp) -> Provider:
    """What is declared, each with its server. A key is sent if there is one, and not needed."""
    facts = declared_facts(settings)
    llm = OpenAiChat(http, facts, DIALECT) if settings.compatible_llm_url else None
    listener = facts.model_copy(update={"base_url": settings.compatible_stt_url})
    stt = Transcriptions(http, listener, TRANSCRIPTIONS) if settings.compatible_stt_url else None
    speaker = OpenAiSpeech(facts.model_copy(update={"base_url": settings.compatible_tts_url}), SPEECH)
    tts = HttpSpeech(http, speaker) if settings.compatible_tts_url else None
    return Provider(VENDOR, stt=stt, llm=llm, tts=tts, needs_key=False, closers=(http,))


def _models(settings: Settings) -> Iterator[ModelFacts]:
    if settings.compatible_llm_url:
        yield from _declared(settings.compatible_llm_models, Modality.LLM, LLM_OPTIONS)
    if settings.compatible_stt_url:
        yield from _declared(settings.compatible_stt_models, Modality.STT, STT_OPTIONS)
    if settings.compatible_tts_url:
        yield from _declared(settings.compatible_tts_models, Modality.TTS, TTS_OPTIONS, settings.compatible_tts_voice)


def _declared(
    names: str, modality: Modality, options: tuple[str, ...], voice: str | None = None
) -> Iterator[ModelFacts]:
    for position, name in enumerate(filter(None, map(str.strip, names.split(",")))):
        yield ModelFacts(
            id=name,
            modality=modality,
            name=name,
            options=options,
            default_voice=voice or None,
            rank=LAST + position,
            declared=True,
        )
