"""What a call of a migrated agent is started with: settings of the session, and the variables its texts need."""

import re
from typing import TYPE_CHECKING, TypeVar

from speko_core.agents.config import VARIABLE_NAME
from speko_core.late import LateModule
from speko_core.migration.neutral import Agent, Variable, VoiceAgents
from speko_core.sessions.variables import MAX_VARIABLES
from speko_core.types import JsonObject
from speko_core.validation import nul_fields

if TYPE_CHECKING:
    from speko_core.agents import templates
else:
    templates = LateModule("speko_core.agents.templates")

_MAX_METADATA_TEXT = 2_000
N = TypeVar("N", int, float)


def declare_variables(agent: Agent, prompt: str, warnings: list[str]) -> None:
    """Declare what the texts use and the source left to its platform: calls are refused for want of a value."""
    known = {variable.name for variable in agent.variables}
    for text in (prompt, agent.first_message.text or ""):
        try:
            used = templates.names(text)
        except templates.TemplateProblem as problem:
            warnings.append(f"Calls with variables need a text that is mended by hand; it {problem}.")
            continue
        agent.variables += [Variable(name=name) for name in used if name not in known and _may_be_declared(name)]
        known.update(used)


def _may_be_declared(name: str) -> bool:
    return not name.startswith("system.") and len(name) <= 64 and re.fullmatch(VARIABLE_NAME, name) is not None


def session_config(agent: Agent, agents: VoiceAgents, payload: JsonObject, warnings: list[str]) -> JsonObject:
    """Body of `POST /v1/sessions`, but for `agentId`."""
    intent = payload["intent"]
    language = intent["language"] if isinstance(intent, dict) else "en-US"
    origin: JsonObject = {"platform": agents.platform, "sourceDigest": agents.digest, "agent": agent.key}
    metadata: JsonObject = {"migration": origin}
    if any(nul_fields(agent.metadata)):
        warnings.append("The source's metadata holds NUL characters, which a session does not take; it stays behind.")
    elif agent.metadata and len(str(agent.metadata)) <= _MAX_METADATA_TEXT:
        metadata["source"] = agent.metadata
    session: JsonObject = {"intent": {"language": language}, "metadata": metadata}
    if agent.limits.max_duration_s:
        session["ttlSeconds"] = int(min(max(agent.limits.max_duration_s, 1), 86_400))
    turn = _turn_handling(agent, warnings)
    if turn:
        session["turnHandling"] = turn
    needed = [item.name for item in agent.variables if item.default is None and _may_be_declared(item.name)]
    # Given, be it empty, `variables` make templates of the texts.
    if needed or "{{system." in str(payload["systemPrompt"]):
        session["variables"] = dict.fromkeys(needed[:MAX_VARIABLES], "")
    return session


def _turn_handling(agent: Agent, warnings: list[str]) -> JsonObject:
    turn = agent.turn
    least, most = _within(turn.min_endpointing_s, 10), _within(turn.max_endpointing_s, 10)
    if least is not None and most is not None and most < least:
        most = least
    if (least, most) != (turn.min_endpointing_s, turn.max_endpointing_s):
        warnings.append("A delay before the agent answers is not one a session takes; the nearest is used.")
    endpointing = {"minDelay": least, "maxDelay": most}
    interruption = {
        "minDuration": _within(turn.interruption_min_s, 10),
        "minWords": _within(turn.interruption_min_words, 100),
    }
    handling: JsonObject = {}
    for name, values in (("endpointing", endpointing), ("interruption", interruption)):
        given: JsonObject = {key: value for key, value in values.items() if value is not None}
        if given:
            handling[name] = given
    return handling


def _within(value: N | None, most: N) -> N | None:
    """The nearest value that a session takes."""
    return None if value is None else min(max(value, type(value)(0)), most)


def phone_config(agent: Agent) -> JsonObject:
    """Fields of `POST /v1/sessions/phone`."""
    if agent.voicemail.mode is None:
        return {}
    amd: JsonObject = {"mode": agent.voicemail.mode}
    if agent.voicemail.timeout_s:
        amd["timeoutSeconds"] = int(min(max(agent.voicemail.timeout_s, 1), 60))
    return {"telephony": {"amd": amd}}
