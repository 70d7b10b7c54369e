"""What a session's agent is told and says first: the call's texts, else the agent's, with variables filled in. Pure."""

from dataclasses import dataclass

from speko_core.agents.schemas import AgentRow, FirstMessageMode
from speko_core.sessions.creation_schemas import SessionCreate
from speko_core.sessions.frame import Frame, first
from speko_core.sessions.variables import fill, system_variables


@dataclass(frozen=True)
class Texts:
    """The instructions, and how the conversation opens."""

    system_prompt: str
    first_message: str | None
    mode: FirstMessageMode


def texts_of(frame: Frame, data: SessionCreate, agent: AgentRow | None, language: str) -> Texts:
    """The texts of a session.

    Raises:
        InvalidInput: `MISSING_TEMPLATE_VARIABLES`, or a text that is not a valid template.
    """
    opening, mode = _opening(data, agent)
    written = {"systemPrompt": first(data.system_prompt, agent.system_prompt if agent else None) or ""}
    if opening is not None:
        written["firstMessage"] = opening
    system = system_variables(frame.session_id, agent, language, frame.environment, frame.now)
    filled = fill(written, data.variables, agent, system)
    return Texts(filled["systemPrompt"], filled.get("firstMessage"), mode)


def _opening(data: SessionCreate, agent: AgentRow | None) -> tuple[str | None, FirstMessageMode]:
    greet_first = data.turn_handling.greet_first if data.turn_handling else None
    if greet_first is False:
        return None, "wait"
    text, mode = _asked_opening(data, agent)
    return (text, "generate") if greet_first and mode == "wait" else (text, mode)


def _asked_opening(data: SessionCreate, agent: AgentRow | None) -> tuple[str | None, FirstMessageMode]:
    if data.first_message:
        return data.first_message, "say"
    if data.first_message is not None or agent is None:  # an empty text asks the agent to wait
        return None, "wait"
    if agent.first_message_mode == "say" and not agent.first_message:
        return None, "wait"
    return agent.first_message, agent.first_message_mode
