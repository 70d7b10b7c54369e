"""What an agent knows, asks for, finds out and reports."""

from typing import Literal

from pydantic import Field

from speko_core.migration.neutral.part import Part


class Variable(Part):
    """A placeholder of the prompt; `system` when the platform filled it in itself."""

    name: str
    default: str | None = None
    system: bool = False
    description: str | None = None


class Extraction(Part):
    """A value taken out of the finished call."""

    name: str
    type: Literal["string", "number", "boolean", "enum"] = "string"
    description: str = ""
    options: list[str] = Field(default_factory=list)


class Criterion(Part):
    """Something a good call fulfils."""

    name: str
    goal: str


class Webhook(Part):
    """Where the platform reported to."""

    event: Literal["pre_call", "status", "post_call"]
    url: str
    events: list[str] = Field(default_factory=list)


class Knowledge(Part):
    """Documents by reference; their text is not in the file."""

    name: str
    reference: str | None = None
