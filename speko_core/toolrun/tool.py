"""A tool as it is offered to a model and run, whichever way it came: a stored row, a session's plan, a request."""

from dataclasses import dataclass

from pydantic import TypeAdapter

from speko_core.integrations.apps import model_parameters as action_parameters
from speko_core.providers.base import Tool
from speko_core.tools.builtins import model_parameters
from speko_core.tools.schemas import PreToolSpeech, Simulation
from speko_core.tools.sources import BuiltinShown, InlineShown, IntegrationShown, SourceShown, ToolKind, WebhookShown
from speko_core.types import JsonObject

Source = InlineShown | WebhookShown | BuiltinShown | IntegrationShown
_SOURCE: TypeAdapter[Source] = TypeAdapter(SourceShown)
_PRE_TOOL_SPEECH: TypeAdapter[PreToolSpeech] = TypeAdapter(PreToolSpeech)
_SPEECH: dict[PreToolSpeech, str] = {
    "auto": "",
    "always": " Before you call it, say in one short sentence what you are about to do.",
    "never": " Call it without saying anything before.",
}


@dataclass(frozen=True)
class RunnableTool:
    """`agent_id` is the agent that has the tool, where one does."""

    name: str
    description: str
    parameters: JsonObject
    source: Source
    agent_id: str | None = None
    simulation: Simulation | None = None
    pre_tool_speech: PreToolSpeech = "auto"

    @property
    def kind(self) -> ToolKind:
        """Where it runs."""
        return self.source.kind

    @property
    def hands_over(self) -> bool:
        """True for a tool that lets another agent go on with the conversation."""
        return isinstance(self.source, BuiltinShown) and self.source.name == "transfer_to_agent"

    def offered(self) -> Tool:
        """What the model is told of it."""
        return Tool(self.name, self.description + _SPEECH[self.pre_tool_speech], self.parameters)


def from_definition(name: str, definition: JsonObject, agent_id: str | None) -> RunnableTool:
    """A tool from what a version or a plan keeps of it (`tools.rendering.definition`)."""
    source, parameters = _SOURCE.validate_python(definition["source"]), definition["parameters"]
    assert isinstance(parameters, dict)
    if isinstance(source, BuiltinShown):
        parameters = model_parameters(source.name, source.config, parameters)
    if isinstance(source, IntegrationShown):
        parameters = action_parameters(source.app_key, source.action_key, source.config, parameters)
    simulation = definition.get("simulation")
    return RunnableTool(
        name=name,
        description=str(definition["description"]),
        parameters=parameters,
        source=source,
        agent_id=agent_id,
        simulation=None if simulation is None else Simulation.model_validate(simulation),
        pre_tool_speech=_PRE_TOOL_SPEECH.validate_python(definition.get("preToolSpeech") or "auto"),
    )
