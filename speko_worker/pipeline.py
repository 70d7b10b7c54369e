"""Builds the framework's session from a plan: the one place that knows its settings and their traps."""

from concurrent.futures import Executor
from dataclasses import dataclass, replace

from livekit.agents import AgentSession, APIConnectOptions, inference
from livekit.agents.vad import VAD
from livekit.agents.voice.agent_session import SessionConnectOptions
from livekit.agents.voice.turn import TurnHandlingOptions

from speko_core.sessions.plan import PlanAgent, SessionPlan
from speko_worker.plugins import (
    Constraints,
    Intent,
    LlmOptions,
    SpekoClient,
    SpekoLLM,
    SpekoSTT,
    SpekoTTS,
    TtsOptions,
)
from speko_worker.plugins.legs import CallSink, LegSink
from speko_worker.plugins.llm import ActionSink
from speko_worker.pronunciation import pronounce

# The gateway fails over between providers on its own: one more attempt here covers a lost connection.
_ATTEMPTS = APIConnectOptions(max_retry=1, retry_interval=0.3, timeout=10.0)
# An utterance waits in line behind the one before it: repeating what every provider failed on delays the next.
_ONE_ATTEMPT = APIConnectOptions(max_retry=0, timeout=10.0)
# Our own error budget (`errors.py`) decides when a call is over: the framework's counts a cough as a dead provider.
_NEVER = 1_000_000


def build_vad(executor: Executor) -> VAD:
    """The bundled Silero VAD, its inference on a shared executor instead of a thread a stream."""
    return inference.VAD(model="silero", executor=executor)


@dataclass(frozen=True)
class Sinks:
    """Who is told what the legs of a session do."""

    leg: LegSink
    call: CallSink
    action: ActionSink


def build_session(plan: SessionPlan, speko: SpekoClient, vad: VAD, sinks: Sinks) -> AgentSession[None]:
    """An `AgentSession` that carries out exactly what the plan says.

    Turn detection and interruption are pinned to the local VAD: the defaults would send audio to a hosted service when
    its credentials are around. Preemptive generation is off, since tools inside `/v1/complete` would really run.
    """
    intent, constraints, voice = _intent(plan), _constraints(plan), _voice(plan, plan.output_sample_rate)
    return AgentSession(
        vad=vad,
        stt=SpekoSTT(
            speko,
            replace(intent, language=plan.stt_language or intent.language),
            constraints=constraints,
            keywords=plan.stt_keywords,
            prompt=plan.stt_prompt,
            streaming=plan.hears_live,
            on_leg=sinks.leg,
            on_call=sinks.call,
        ),
        llm=SpekoLLM(
            speko,
            intent,
            options=LlmOptions(plan.temperature, plan.max_tokens),
            constraints=constraints,
            on_leg=sinks.leg,
            on_call=sinks.call,
            on_action=sinks.action,
        ),
        tts=SpekoTTS(speko, intent, options=voice, constraints=constraints, on_leg=sinks.leg, on_call=sinks.call),
        turn_handling=_turn_handling(plan),
        tts_text_transforms=["filter_markdown", "filter_emoji", pronounce(plan.pronunciations)],
        aec_warmup_duration=None,
        user_away_timeout=None,
        session_close_transcript_timeout=1.0,
        conn_options=SessionConnectOptions(
            stt_conn_options=_ATTEMPTS if plan.hears_live else _ONE_ATTEMPT,
            llm_conn_options=_ATTEMPTS,
            tts_conn_options=_ATTEMPTS,
            max_unrecoverable_errors=_NEVER,
        ),
    )


def retune(session: AgentSession[None], agent: PlanAgent, output_rate: int) -> None:
    """Let every leg of a running session serve another agent of its plan."""
    intent, constraints = _intent(agent), _constraints(agent)
    if isinstance(session.stt, SpekoSTT):
        heard = replace(intent, language=agent.stt_language or intent.language)
        session.stt.retune(heard, constraints, agent.stt_keywords, agent.stt_prompt)
    if isinstance(session.llm, SpekoLLM):
        session.llm.retune(intent, LlmOptions(agent.temperature, agent.max_tokens), constraints)
    if isinstance(session.tts, SpekoTTS):
        session.tts.retune(intent, _voice(agent, output_rate), constraints)


def _intent(agent: PlanAgent) -> Intent:
    return Intent(agent.intent.language, agent.intent.region, agent.intent.optimize_for)


def _constraints(agent: PlanAgent) -> Constraints:
    return Constraints(stt=agent.models.stt, llm=agent.models.llm, tts=agent.models.tts)


def _voice(agent: PlanAgent, output_rate: int) -> TtsOptions:
    return TtsOptions(agent.voice, agent.tts_speed, output_rate, resample=True)


def _turn_handling(plan: SessionPlan) -> TurnHandlingOptions:
    taking = plan.turn_taking
    return {
        "turn_detection": "vad",
        "endpointing": {"mode": "fixed", "min_delay": taking.min_endpointing_s, "max_delay": taking.max_endpointing_s},
        "interruption": {
            "enabled": taking.allow_interruptions,
            "mode": "vad",
            "min_duration": taking.interruption_min_s,
            "min_words": taking.interruption_min_words,
            "resume_false_interruption": True,
            "false_interruption_timeout": taking.false_interruption_timeout_s,
        },
        "preemptive_generation": {"enabled": False},
    }
