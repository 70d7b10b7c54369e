"""What an answer to `call.pre_call` changes in a session's plan. Pure."""

from collections.abc import Callable, Mapping

from pydantic import ConfigDict, Field, ValidationError

from speko_core.agents.config import BackgroundAudio, IdleReprompt, SpeechNormalization
from speko_core.agents.schemas import FirstMessageMode
from speko_core.sessions.creation_schemas import SessionCreate
from speko_core.sessions.plan import PlanIdle, PlanIntent, SessionPlan
from speko_core.sessions.sounds import audio_of
from speko_core.types import JsonObject
from speko_core.validation import nul_fields

Words = dict[str, str]


class PreCallAnswer(SessionCreate):
    """The overrides: fields of a new session, and some of its agent. Only what was given is looked at."""

    model_config = ConfigDict(frozen=True)

    first_message_mode: FirstMessageMode | None = None
    speech_normalization: SpeechNormalization | None = None
    pronunciation_dictionary: Words | None = Field(None, max_length=500)
    text_replacements: Words | None = Field(None, max_length=500)
    idle_reprompt: IdleReprompt | None = None
    background_audio: BackgroundAudio | None = None
    # Of the agent's tools, those that this call may use.
    tools: list[str] | None = Field(None, max_length=100)


def overridden(plan: SessionPlan, offered: JsonObject) -> tuple[SessionPlan, tuple[str, ...]]:
    """The plan with every override that is valid, and the names of those that are not: one wrong field spoils no other.

    Texts are taken as they are: nothing in them is a template.
    """
    refused: list[str] = []
    for name, apply in _OVERRIDES.items():
        if offered.get(name) is None:
            continue
        given = {name: _completed(plan, name, offered[name])}
        try:
            answer = PreCallAnswer.model_validate(given)
        except ValidationError:
            refused.append(name)
            continue
        if any(nul_fields(answer.model_dump(by_alias=True, include=set(answer.model_fields_set)))):
            refused.append(name)
        else:
            plan = plan.model_copy(update=dict(apply(plan, answer)))
    return plan, tuple(refused)


def _completed(plan: SessionPlan, name: str, value: object) -> object:
    """An intent may change one thing alone; its language is the call's then."""
    if name == "intent" and isinstance(value, dict):
        return {**plan.intent.model_dump(mode="json", by_alias=True), **value}
    return value


Changes = Mapping[str, object]
Apply = Callable[[SessionPlan, PreCallAnswer], Changes]


def _intent(plan: SessionPlan, answer: PreCallAnswer) -> Changes:
    assert answer.intent is not None
    own = answer.intent
    return {"intent": PlanIntent(language=own.language, region=own.region.value, optimize_for=own.optimize_for.value)}


def _constraints(plan: SessionPlan, answer: PreCallAnswer) -> Changes:
    lists = answer.constraints.allowed_providers if answer.constraints else None
    given = {
        name: tuple(entries) for name in ("stt", "llm", "tts") if (entries := getattr(lists, name, None)) is not None
    }
    s2s = lists.s2s if lists else None
    return {
        "models": plan.models.model_copy(update=given),
        **({} if s2s is None else _realtime(plan, models=tuple(s2s))),
    }


def _voice(plan: SessionPlan, answer: PreCallAnswer) -> Changes:
    return {"voice": answer.voice, **_realtime(plan, voice=answer.voice)}


def _realtime(plan: SessionPlan, **changes: object) -> Changes:
    """What changes where one model hears and speaks."""
    return {"realtime": plan.realtime.model_copy(update=changes)} if plan.realtime else {}


def _first_message(plan: SessionPlan, answer: PreCallAnswer) -> Changes:
    return {
        "first_message": answer.first_message or None,
        "first_message_mode": "say" if answer.first_message else "wait",
    }


def _first_message_mode(plan: SessionPlan, answer: PreCallAnswer) -> Changes:
    speechless = answer.first_message_mode == "say" and not plan.first_message
    return {"first_message_mode": "wait" if speechless else answer.first_message_mode}


def _llm(plan: SessionPlan, answer: PreCallAnswer) -> Changes:
    given = answer.llm.model_dump(exclude_none=True) if answer.llm else {}
    return {**given, **(_realtime(plan, temperature=given["temperature"]) if "temperature" in given else {})}


def _tts(plan: SessionPlan, answer: PreCallAnswer) -> Changes:
    speed = answer.tts_options.speed if answer.tts_options else None
    return {} if speed is None else {"tts_speed": speed}


def _stt(plan: SessionPlan, answer: PreCallAnswer) -> Changes:
    given = answer.stt_options.model_dump(exclude_none=True) if answer.stt_options else {}
    return {f"stt_{name}": tuple(value) if name == "keywords" else value for name, value in given.items()}


def _spoken(plan: SessionPlan, answer: PreCallAnswer) -> Changes:
    whole = answer.speech_normalization or SpeechNormalization()
    replaced = (whole.text_replacements, answer.text_replacements)
    pronounced = (whole.pronunciation_dictionary, answer.pronunciation_dictionary)
    added = {said: spoken for words in (*replaced, *pronounced) for said, spoken in (words or {}).items()}
    return {"pronunciations": {**plan.pronunciations, **added}}


def _idle(plan: SessionPlan, answer: PreCallAnswer) -> Changes:
    assert answer.idle_reprompt is not None
    return {"idle": PlanIdle(after_s=answer.idle_reprompt.after_seconds, prompts=tuple(answer.idle_reprompt.prompts))}


def _audio(plan: SessionPlan, answer: PreCallAnswer) -> Changes:
    """Each sound that was given, instead of the agent's."""
    assert answer.background_audio is not None
    asked = audio_of(answer.background_audio, None, plan.tools)
    given = {"ambient": {"ambient"}, "tool_sound": {"tool", "tools"}}
    names = {name for field in answer.background_audio.model_fields_set for name in given[field]}
    return {"audio": plan.audio.model_copy(update={name: getattr(asked, name) for name in names})}


def _tools(plan: SessionPlan, answer: PreCallAnswer) -> Changes:
    kept = answer.tools or ()
    return {"tools": {name: tool for name, tool in plan.tools.items() if name in kept}}


# In the order of their effect: the mode of the first message is looked at after the message.
_OVERRIDES: Mapping[str, Apply] = {
    "intent": _intent,
    "constraints": _constraints,
    "voice": _voice,
    "systemPrompt": lambda plan, answer: {"system_prompt": answer.system_prompt},
    "firstMessage": _first_message,
    "firstMessageMode": _first_message_mode,
    "llm": _llm,
    "ttsOptions": _tts,
    "sttOptions": _stt,
    "tools": _tools,
    "speechNormalization": _spoken,
    "pronunciationDictionary": _spoken,
    "textReplacements": _spoken,
    "idleReprompt": _idle,
    "backgroundAudio": _audio,
    "metadata": lambda plan, answer: {"metadata": {**plan.metadata, **answer.metadata}},
}
