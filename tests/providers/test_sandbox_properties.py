"""Properties of `sandbox-1` over any prompt, any tools and any sentence."""

import asyncio
import json
import re
from datetime import date

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from speko_core.providers.base import LlmEvent, LlmRequest, Message, ProviderError, Tool, ToolCall
from speko_core.providers.sandbox.conversation import Conversation
from speko_core.providers.sandbox.dates import find_date, find_time
from speko_core.providers.sandbox.decide import decide
from speko_core.providers.sandbox.llm import SandboxLlm
from speko_core.providers.sandbox.numbers import find_numbers, spoken_digits
from speko_core.providers.sandbox.schema import is_safe_pattern
from speko_core.providers.sandbox.words import raw_words
from speko_core.types import JsonObject, JsonValue

NOISE = ["yes", "no", "what are your opening hours", "never mind", "maybe", "it is about the bill", "goodbye"]
DATES = ["tomorrow", "next friday", "may the fourth", "2027-05-04", "on monday"]
TIMES = ["at ten", "half past three in the afternoon", "10:30", "seven in the evening"]
MISPRONOUNCED = "gren"  # close enough to an allowed value to be taken for it
COLORS: list[JsonValue] = ["red", "green", "dark_blue"]
FIELDS: list[tuple[JsonObject, list[str]]] = [
    ({"type": "string"}, ["about the bill", "it's mary jones", "twelve"]),
    ({"type": "string", "minLength": 3, "maxLength": 12}, ["anna", "no", "a very long answer indeed"]),
    ({"type": "string", "format": "date"}, DATES),
    ({"type": "string", "format": "time"}, TIMES),
    ({"type": "string", "format": "date-time"}, [f"{day} {clock}" for day in DATES for clock in TIMES]),
    ({"type": "string", "format": "email"}, ["anna dot lee at example dot com", "it is a@b.org"]),
    ({"type": "string", "pattern": "^[0-9]+$"}, ["five five five one two three four", "4711"]),
    ({"type": "string", "enum": COLORS}, ["the red one", "dark blue please", MISPRONOUNCED]),
    ({"type": "integer", "minimum": 1, "maximum": 20}, ["seven", "twenty three", "for 12 people"]),
    ({"type": "number"}, ["3.5", "twenty two", "two hundred five"]),
    ({"type": "boolean"}, ["yes", "no", "that is correct"]),
    ({"type": ["string", "null"]}, ["blue"]),
    ({"type": "array", "items": {"type": "string", "enum": COLORS}, "minItems": 1}, ["red and green", "dark blue"]),
    ({"type": "array", "items": {"type": "string"}}, ["milk, eggs and bread", "tea"]),
    ({"enum": [1, 2, 3, 4]}, ["three", "nine"]),
    ({"type": "object"}, ["nothing"]),
]
SENTENCES = sorted({answer for _, answers in FIELDS for answer in answers} | set(NOISE))
NAMES = ["name", "phone", "date", "day", "time", "party_size", "color", "email", "city", "reason", "confirmed", "when"]


@st.composite
def tools(draw: st.DrawFn) -> Tool:
    return draw(conversations())[0]


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Tool, list[str]]:
    """A tool, and a caller who mostly answers what its fields ask for, in their order."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=3))
    fields = {name: draw(st.sampled_from(FIELDS)) for name in names}
    required = [name for name in names if draw(st.integers(0, 3))]
    schema: JsonObject = {
        "type": "object",
        "properties": {name: facts for name, (facts, _) in fields.items()},
        "required": [*required],
    }
    said = [draw(st.sampled_from(fields[name][1] * 2 + NOISE[:2])) for name in required]
    said += draw(st.lists(st.sampled_from([*SENTENCES, *["yes"] * 20]), max_size=3))
    return Tool(draw(st.sampled_from(["book_table", "cancel_order", "get_weather"])), "", schema), said


def _events(request: LlmRequest) -> list[LlmEvent] | str:
    async def run() -> list[LlmEvent]:
        return [event async for event in SandboxLlm().complete(request, None)]

    try:
        return asyncio.run(run())
    except ProviderError as error:
        return str(error)


def _converse(tool: Tool, said: list[str]) -> tuple[ToolCall | None, list[str]]:
    """Play the sentences until the tool is called."""
    messages: list[Message] = []
    for index, text in enumerate(said):
        messages.append(Message("user", text))
        request = LlmRequest("sandbox-1", "en", tuple(messages), "Today is 2026-11-20.", tools=(tool,))
        events = _events(request)
        calls = [event for event in events if isinstance(event, ToolCall)]
        if calls:
            return calls[0], said[: index + 1]
        messages.append(Message("assistant", "…"))
    return None, said


@settings(max_examples=100, deadline=None)
@given(conversation=conversations())
def test_arguments_always_validate_and_are_always_said(conversation: tuple[Tool, list[str]]) -> None:
    """ONE-4: the schema holds, and no value is invented."""
    tool, said = conversation
    call, heard = _converse(tool, [f"{tool.name.replace('_', ' ')} please", *said, "yes"])
    event("called" if call else "not called")
    if call is None:
        return
    event("with arguments" if call.args != "{}" else "without arguments")
    args = json.loads(call.args)

    Draft202012Validator(tool.parameters).validate(args)
    for value in args.values():
        assert _was_said(value, heard), (value, heard)


def _was_said(value: object, heard: list[str]) -> bool:
    if isinstance(value, list):
        return all(_was_said(item, heard) for item in value)
    if isinstance(value, bool):
        return any(set(raw_words(text)) & {"yes", "no", "correct"} for text in heard)
    return any(_is_in(value, text) for text in heard)


def _is_in(value: object, text: str) -> bool:
    words = raw_words(text)
    if isinstance(value, int | float):
        return value in find_numbers(words) or str(value) in (spoken_digits(words), text)
    as_said = str(value).lower().replace("_", " ")
    if as_said in text or as_said == spoken_digits(words) or (as_said == "green" and text == MISPRONOUNCED):
        return True
    day, clock = find_date(text, words, date(2026, 11, 20)), find_time(text, words)
    moments = {day and day.isoformat(), clock and clock.isoformat(), clock and clock.isoformat("minutes")}
    moments.add(f"{day}T{clock}")
    return value in moments or str(value).replace("@", " at ").replace(".", " dot ") in text


@settings(max_examples=60, deadline=None)
@given(
    prompt=st.text(max_size=300) | st.sampled_from(["You are Anna.\nWe are open daily.", "```sandbox\n{}\n```"]),
    texts=st.lists(st.text(max_size=80) | st.sampled_from(SENTENCES), max_size=5),
    tool=tools(),
)
def test_any_request_has_one_answer_and_always_the_same(prompt: str, texts: list[str], tool: Tool) -> None:
    """RTE-17: deterministic, and it never breaks on what people type."""
    messages = tuple(Message("user", text) for text in texts)
    request = LlmRequest("sandbox-1", "en", messages, prompt, tools=(tool,))

    assert _events(request) == _events(request)


@given(text=st.text(max_size=200))
def test_any_tool_result_can_be_told(text: str) -> None:
    """ONE-4: a tool may answer anything."""
    called = Message("assistant", "", (ToolCall("1", "book_table", "{}"),))
    request = LlmRequest("sandbox-1", "en", (Message("user", "book"), called, Message("tool", text, tool_call_id="1")))

    assert decide(Conversation(request))


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){20}", "([a-z]+)*", r"(a)\1", "(?=a)", "((a+))+"])
def test_patterns_that_may_run_away_are_refused(pattern: str) -> None:
    """OPS-6: a schema of a tenant cannot stop the server."""
    assert re.compile(pattern)
    assert not is_safe_pattern(pattern)


@pytest.mark.parametrize("pattern", ["^[0-9]{5}$", "^[A-Z]{2}-\\d+$", "^(yes|no)$", "^\\+?[0-9 ]+$"])
def test_ordinary_patterns_are_used(pattern: str) -> None:
    """ONE-4: most patterns are harmless."""
    assert is_safe_pattern(pattern)
