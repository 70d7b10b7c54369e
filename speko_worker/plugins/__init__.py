"""livekit-agents plugins over a Speko gateway, for our worker and for anybody's own."""

from speko_worker.plugins.audio import (
    WavAudio,
    frames_to_wav,
    parse_wav,
    pcm_sample_rate_from_content_type,
)
from speko_worker.plugins.client import SpekoClient
from speko_worker.plugins.components import PipelineOptions, SpekoComponents, create_speko_components
from speko_worker.plugins.context import chat_context_to_speko
from speko_worker.plugins.decoding import decode_synthesis_result
from speko_worker.plugins.errors import SpekoAdapterError, SpekoApiError
from speko_worker.plugins.intent import Constraints, Intent, validate_intent
from speko_worker.plugins.llm import LlmOptions, SpekoLLM
from speko_worker.plugins.stream import SpekoRecognizeStream
from speko_worker.plugins.stt import SpekoSTT
from speko_worker.plugins.tts import SpekoTTS, SpekoTTSChunkedStream, TtsOptions

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
