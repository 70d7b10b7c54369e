"""What a chat message is sent as."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from speko_core.schemas import Input
from speko_core.sessions.creation_schemas import SessionCreate
from speko_core.types import JsonObject

MAX_MESSAGE_CHARS = 10_000
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_MESSAGE_CHARS)]


class ChatInput(Input):
    """Body of `POST /v1/agents/{id}/chat`: a message, in a session that is already open or a new one."""

    message: Text = Field(description="What the person writes, up to 10,000 characters.")
    session_id: str | None = Field(None, max_length=80, description="Goes on with this chat; absent starts one.")
    environment: str | None = Field(None, max_length=40, description="Which deployed version; of a new chat only.")
    variables: dict[str, str] | None = Field(None, description="Values for the prompt; of a new chat only.")
    metadata: JsonObject | None = Field(None, description="Stored with a new chat.")

    @field_validator("message")
    @classmethod
    def _storable(cls, value: str) -> str:
        if "\0" in value:
            raise ValueError("must not contain the character U+0000")
        return value

    @model_validator(mode="after")
    def _an_open_chat_keeps_its_settings(self) -> Self:
        if self.session_id is not None:
            for name in ("environment", "variables", "metadata"):
                if getattr(self, name) is not None:
                    raise ValueError(f"{name} is for a new chat; this one has its own")
        return self

    def session(self, agent_id: str, ttl_s: int) -> SessionCreate:
        """The session that a first message opens, checked as any other.

        Raises:
            pydantic.ValidationError: environment, variables or metadata are not allowed there.
        """
        return SessionCreate(
            agent_id=agent_id,
            environment=self.environment,
            variables=self.variables,
            metadata=self.metadata or {},
            ttl_seconds=ttl_s,
        )
