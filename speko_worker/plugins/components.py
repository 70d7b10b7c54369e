"""One call that builds the three legs of a livekit-agents `AgentSession`."""

from dataclasses import dataclass

from livekit.agents import stt, tokenize, tts
from livekit.agents.vad import VAD

from speko_worker.plugins.client import SpekoClient
from speko_worker.plugins.intent import Constraints, Intent
from speko_worker.plugins.legs import LegSink, ignore_leg
from speko_worker.plugins.llm import LlmOptions, SpekoLLM
from speko_worker.plugins.registered_tools import ErrorSink, ignore_error
from speko_worker.plugins.stt import SpekoSTT
from speko_worker.plugins.tts import SpekoTTS, TtsOptions


@dataclass(frozen=True)
class SpekoComponents:
    """Ready for `AgentSession(vad=..., stt=..., llm=..., tts=...)`."""

    stt: stt.STT[str] | stt.StreamAdapter
    llm: SpekoLLM
    tts: tts.StreamAdapter


@dataclass(frozen=True)
class PipelineOptions:
    """Everything optional about a pipeline; one `constraints` object serves all three legs.

    `streaming` hears over the gateway's socket while somebody speaks; `agent_id` offers that agent's tools.
    """

    constraints: Constraints | None = None
    keywords: tuple[str, ...] = ()
    llm: LlmOptions | None = None
    tts: TtsOptions | None = None
    sentence_tokenizer: tokenize.SentenceTokenizer | None = None
    streaming: bool = False
    agent_id: str | None = None
    on_registered_tools_error: ErrorSink = ignore_error


def create_speko_components(
    speko: SpekoClient,
    intent: Intent,
    vad: VAD,
    *,
    options: PipelineOptions | None = None,
    on_leg: LegSink = ignore_leg,
) -> SpekoComponents:
    """Wrap the recognizer with the VAD, unless it streams, and the voice with a sentence tokenizer.

    Raises:
        ValueError: the intent is broken.
    """
    chosen = options or PipelineOptions()
    constraints = chosen.constraints
    recognizer = SpekoSTT(
        speko,
        intent,
        constraints=constraints,
        keywords=chosen.keywords,
        streaming=chosen.streaming,
        on_leg=on_leg,
    )
    model = SpekoLLM(
        speko,
        intent,
        options=chosen.llm,
        constraints=constraints,
        agent_id=chosen.agent_id,
        on_registered_tools_error=chosen.on_registered_tools_error,
        on_leg=on_leg,
    )
    voice = SpekoTTS(speko, intent, options=chosen.tts, constraints=constraints, on_leg=on_leg)
    tokenizer = chosen.sentence_tokenizer or tokenize.basic.SentenceTokenizer()
    return SpekoComponents(
        stt=recognizer if chosen.streaming else stt.StreamAdapter(stt=recognizer, vad=vad),
        llm=model,
        tts=tts.StreamAdapter(tts=voice, sentence_tokenizer=tokenizer),
    )
