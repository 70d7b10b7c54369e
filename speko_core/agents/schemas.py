"""Requests and answers about agents."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from speko_core.agents import config
from speko_core.agents.webhook_config import AgentWebhookRows, AgentWebhooks
from speko_core.schemas import Input, Output, WireTime

AgentName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
FirstMessageMode = Literal["say", "generate", "wait"]
MAX_EXTRACTION_TEXT = 40_000


class _AgentFields(Input):
    """Settings that create and update share; absent and null differ only on update."""

    voice: str | None = Field(None, max_length=120, description="Default TTS voice id; absent lets the router pick.")
    llm_options: config.LlmOptions | None = None
    stack_preferences: config.StackPreferences | None = None
    first_message: str | None = Field(None, max_length=10_000, description="What the agent says first.")
    first_message_mode: FirstMessageMode | None = Field(
        None, description="`say` the first message, `generate` one, or `wait` for the caller."
    )
    stt_options: config.SttOptions | None = None
    tts_options: config.TtsOptions | None = None
    idle_reprompt: config.IdleReprompt | None = None
    background_audio: config.BackgroundAudio | None = None
    audio_output: config.AudioOutput | None = None
    speech_normalization: config.SpeechNormalization | None = None
    recording_enabled: bool | None = Field(None, description="False records none of its calls.")
    extraction_fields: list[config.ExtractionField] | None = Field(None, max_length=100)
    prompt_variables: list[config.PromptVariable] | None = Field(None, max_length=100)
    webhooks: AgentWebhooks | None = Field(
        None, description="By preCall, postCall, status, analysis or recording; null removes one."
    )

    @model_validator(mode="after")
    def _lists_hold(self) -> Self:
        fields = self.extraction_fields or []
        if sum(len(field.description) for field in fields) > MAX_EXTRACTION_TEXT:
            raise ValueError(f"extractionFields descriptions must be at most {MAX_EXTRACTION_TEXT} characters together")
        for what, names in (
            ("extractionFields", [field.name for field in fields]),
            ("promptVariables", [variable.name for variable in self.prompt_variables or ()]),
        ):
            if len(set(names)) < len(names):
                raise ValueError(f"{what} must not name anything twice")
        return self


class AgentCreate(_AgentFields):
    """A new agent."""

    name: AgentName = Field(description="Human-readable name, unique within the organization.")
    system_prompt: str = Field(max_length=100_000, description="Instructions of the agent.")
    intent: config.AgentIntent


class AgentRef(Input):
    """Names one agent."""

    id: str = Field(description="Agent id, prefixed `agent_`.", max_length=80)


class AgentUpdate(_AgentFields):
    """A partial change: absent fields stay, null clears."""

    id: str = Field(description="Agent id, prefixed `agent_`.", max_length=80)
    name: AgentName | None = None
    system_prompt: str | None = Field(None, max_length=100_000)
    intent: config.AgentIntent | None = None

    @model_validator(mode="after")
    def _required_fields_cannot_be_cleared(self) -> Self:
        for name in ("name", "system_prompt", "intent"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self


class AgentList(Input):
    """No filters: every agent of the organization."""


class AgentRow(Output):
    """An agent."""

    id: str = Field(description="Agent id, prefixed `agent_`.")
    organization_id: str
    name: str
    system_prompt: str
    voice: str | None
    intent: config.AgentIntent
    llm_options: config.LlmOptions | None
    stack_preferences: config.StackPreferences | None
    first_message: str | None
    first_message_mode: FirstMessageMode
    stt_options: config.SttOptions | None
    tts_options: config.TtsOptions | None
    idle_reprompt: config.IdleReprompt | None
    background_audio: config.BackgroundAudio | None
    audio_output: config.AudioOutput | None
    speech_normalization: config.SpeechNormalization | None
    recording_enabled: bool | None
    extraction_fields: list[config.ExtractionField]
    prompt_variables: list[config.PromptVariable]
    webhooks: AgentWebhookRows | None
    version: int = Field(description="The number of its newest version.")
    created_at: WireTime
    updated_at: WireTime
