"""What is measured with: recordings with their texts, texts to speak, tasks with their rules."""

import hashlib
from dataclasses import dataclass

import orjson
from pydantic import BaseModel, ConfigDict, Field

from speko_core.providers.base import Message, Tool
from speko_core.types import JsonObject, JsonValue

MAX_ITEMS = 10_000


@dataclass(frozen=True)
class Recording:
    """Speech, 16-bit mono, that ends where the speaker stops, and what was said."""

    name: str
    pcm: bytes
    sample_rate: int
    text: str

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.pcm) / 2 / self.sample_rate


@dataclass(frozen=True)
class Phrase:
    """A text to speak."""

    name: str
    text: str


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ToolSpec(_Strict):
    """A function the model may call."""

    name: str = Field(min_length=1, max_length=64)
    description: str = ""
    parameters: JsonObject = {"type": "object", "properties": {}}


class Turn(_Strict):
    """Something said before the answer that is scored."""

    role: str = Field(pattern="^(user|assistant)$")
    content: str = Field(min_length=1)


class Expectation(_Strict):
    """What the answer must be: every rule that is given holds, or the task is failed."""

    tool: str | None = Field(None, description="It calls this tool, and no other.")
    args: dict[str, JsonValue] = Field(default_factory=dict, description="The call has these arguments.")
    no_tool: bool = Field(False, description="It calls nothing.")
    says: tuple[str, ...] = Field((), description="Regular expressions that its text matches, in any case.")
    never_says: tuple[str, ...] = Field((), description="Regular expressions that its text does not match.")


class Task(_Strict):
    """One exchange with a language model."""

    id: str = Field(min_length=1, max_length=80)
    system: str | None = None
    user: str | None = None
    messages: tuple[Turn, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    expect: Expectation

    @property
    def name(self) -> str:
        """As other items are named."""
        return self.id

    def conversation(self) -> tuple[Message, ...]:
        """What the model is told, the last word being the user's."""
        said = [Message("user" if turn.role == "user" else "assistant", turn.content) for turn in self.messages]
        return (*said, *([Message("user", self.user)] if self.user else []))

    def offered(self) -> tuple[Tool, ...]:
        """The tools, as adapters take them."""
        return tuple(Tool(tool.name, tool.description, tool.parameters) for tool in self.tools)


Item = Recording | Phrase | Task


@dataclass(frozen=True)
class DataSet:
    """Items in the order of their files. Equal content has an equal `digest`, whatever the files are called."""

    name: str
    items: tuple[Item, ...]
    digest: str


def data_set(name: str, items: tuple[Item, ...]) -> DataSet:
    """The items with the hash of their content."""
    content = hashlib.sha256()
    for part in sorted(_content(item) for item in items):
        content.update(part)
    return DataSet(name, items, f"sha256:{content.hexdigest()}")


def _content(item: Item) -> bytes:
    if isinstance(item, Task):
        written = orjson.dumps(item.model_dump(mode="json", exclude={"id"}), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(written).digest()
    text = item.text.encode()
    sound = b"" if isinstance(item, Phrase) else str(item.sample_rate).encode() + b"\0" + item.pcm
    return hashlib.sha256(text + b"\0" + sound).digest()
