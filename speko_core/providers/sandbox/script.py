"""A script inside the prompt: what to do when the caller says something, for tests and demos.

A fenced block in the system prompt, opened by three backticks and the word `sandbox`, holds JSON:

    {"strict": false, "turns": [
        {"match": "hello", "say": "Hi there.", "times": 1},
        {"match": "order", "tool_call": {"name": "find_order", "args": {"id": 7}}},
        {"match": "crash", "error": "500"}]}

`match` is looked for in the caller's words, without regard to case; a turn without it always matches. `times` is how
often a turn may be used; `delay_ms` waits before answering.
"""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from speko_core.providers.base import FailureKind
from speko_core.providers.sandbox.actions import Action, CallTool, Fail, Say
from speko_core.providers.sandbox.magic import MAX_DELAY_MS, fail_as
from speko_core.types import JsonObject

BLOCK = re.compile(r"```sandbox\s*\n(.*?)```", re.DOTALL)


class ScriptedCall(BaseModel):
    """A tool call written out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    args: JsonObject = Field(default_factory=dict)


class ScriptedTurn(BaseModel):
    """One answer and when to give it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: str = ""
    say: str | None = None
    tool_call: ScriptedCall | None = None
    error: Literal["429", "500", "timeout"] | None = None
    delay_ms: int = Field(0, ge=0, le=MAX_DELAY_MS)
    times: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _does_one_thing(self) -> "ScriptedTurn":
        if sum(part is not None for part in (self.say, self.tool_call, self.error)) != 1:
            raise ValueError("a turn needs exactly one of say, tool_call and error")
        return self

    def answers(self, text: str) -> bool:
        """True when the turn is meant for what the caller said."""
        return self.match.lower() in text.lower()

    def action(self) -> Action:
        """What the turn does."""
        if self.error is not None:
            return fail_as(self.error)
        if self.tool_call is not None:
            return CallTool(self.tool_call.name, self.tool_call.args, self.delay_ms)
        return Say(self.say or "", self.delay_ms)


class Script(BaseModel):
    """Turns in order of preference; `strict` makes an unexpected sentence a failure."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    turns: tuple[ScriptedTurn, ...] = ()
    strict: bool = False

    def action(self, said: tuple[str, ...]) -> Action | None:
        """The action for the last of the caller's sentences; the earlier ones use up `times`."""
        used = [0] * len(self.turns)
        chosen: int | None = None
        for text in said:
            chosen = self._choose(text, used)
            if chosen is not None:
                used[chosen] += 1
        if chosen is not None:
            return self.turns[chosen].action()
        return Fail(FailureKind.UPSTREAM, "sandbox_script_exhausted") if self.strict else None

    def _choose(self, text: str, used: list[int]) -> int | None:
        for index, turn in enumerate(self.turns):
            if turn.answers(text) and (turn.times is None or used[index] < turn.times):
                return index
        return None


def read_script(prompt: str) -> Script | Fail | None:
    """The script in the prompt; None without one, and a failure rather than a guess when it is malformed."""
    block = BLOCK.search(prompt)
    if block is None:
        return None
    try:
        return Script.model_validate_json(block.group(1))
    except ValidationError:
        return Fail(FailureKind.INVALID, "the sandbox script in the prompt is not valid")


def without_script(prompt: str) -> str:
    """The prompt as a person would read it."""
    return BLOCK.sub("", prompt)
