"""The voice worker, and its livekit-agents plugins for people who run their own: `from speko_worker import SpekoSTT`.

The plugins are loaded at their first use: a program that only talks (`speko_worker.talk`) has no livekit-agents.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from speko_worker.plugins import (
        Constraints,
        Intent,
        LlmOptions,
        PipelineOptions,
        SpekoAdapterError,
        SpekoApiError,
        SpekoClient,
        SpekoComponents,
        SpekoLLM,
        SpekoRecognizeStream,
        SpekoSTT,
        SpekoTTS,
        SpekoTTSChunkedStream,
        TtsOptions,
        WavAudio,
        chat_context_to_speko,
        create_speko_components,
        decode_synthesis_result,
        frames_to_wav,
        parse_wav,
        pcm_sample_rate_from_content_type,
        validate_intent,
    )

__all__ = [
    "Constraints",
    "Intent",
    "LlmOptions",
    "PipelineOptions",
    "SpekoAdapterError",
    "SpekoApiError",
    "SpekoClient",
    "SpekoComponents",
    "SpekoLLM",
    "SpekoRecognizeStream",
    "SpekoSTT",
    "SpekoTTS",
    "SpekoTTSChunkedStream",
    "TtsOptions",
    "WavAudio",
    "chat_context_to_speko",
    "create_speko_components",
    "decode_synthesis_result",
    "frames_to_wav",
    "parse_wav",
    "pcm_sample_rate_from_content_type",
    "validate_intent",
]


def __getattr__(name: str) -> object:
    # Anything else is a submodule, and to look for it must not load the plugins.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("speko_worker.plugins"), name)
