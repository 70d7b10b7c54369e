"""One call that builds the three legs of a livekit-agents `AgentSession`."""

from dataclasses import dataclass

from livekit.agents import stt, tokenize, tts
from livekit.agents.vad import VAD

from speko_worker.plugins.client import SpekoClient
from speko_worker.plugins.intent import Constraints, Intent
from speko_worker.plugins.legs import LegSink, ignore_leg
from speko_worker.plugins.llm import LlmOptions, SpekoLLM
from speko_worker.plugins.stt import SpekoSTT
from speko_worker.plugins.tts import SpekoTTS, TtsOptions


@dataclass(frozen=True)
class SpekoComponents:
    """Ready for `AgentSession(vad=..., stt=..., llm=..., tts=...)`."""

    stt: stt.StreamAdapter
    llm: SpekoLLM
    tts: tts.StreamAdapter


@dataclass(frozen=True)
class PipelineOptions:
    """Everything optional about a pipeline; one `constraints` object serves all three legs."""

    constraints: Constraints | None = None
    keywords: tuple[str, ...] = ()
    llm: LlmOptions | None = None
    tts: TtsOptions | None = None
    sentence_tokenizer: tokenize.SentenceTokenizer | None = None


def create_speko_components(
    speko: SpekoClient,
    intent: Intent,
    vad: VAD,
    *,
    options: PipelineOptions | None = None,
    on_leg: LegSink = ignore_leg,
) -> SpekoComponents:
    """Wrap the recognizer with the VAD and the voice with a sentence tokenizer.

    Raises:
        ValueError: the intent is broken.
    """
    chosen = options or PipelineOptions()
    recognizer = SpekoSTT(speko, intent, constraints=chosen.constraints, keywords=chosen.keywords, on_leg=on_leg)
    voice = SpekoTTS(speko, intent, options=chosen.tts, constraints=chosen.constraints, on_leg=on_leg)
    tokenizer = chosen.sentence_tokenizer or tokenize.basic.SentenceTokenizer()
    return SpekoComponents(
        stt=stt.StreamAdapter(stt=recognizer, vad=vad),
        llm=SpekoLLM(speko, intent, options=chosen.llm, constraints=chosen.constraints, on_leg=on_leg),
        tts=tts.StreamAdapter(tts=voice, sentence_tokenizer=tokenizer),
    )
