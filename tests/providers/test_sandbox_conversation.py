"""`sandbox-1` in conversation: pleasant with the demo phrases, honest about what it is, never inventing."""

import json
from dataclasses import dataclass, field

import pytest

from speko_core.providers.base import (
    FailureKind,
    LlmEvent,
    LlmRequest,
    LlmUsage,
    Message,
    ProviderError,
    TextDelta,
    Tool,
    ToolCall,
)
from speko_core.providers.local.phrases import demo_phrases
from speko_core.providers.sandbox.llm import SandboxLlm

PROMPT = """You are Anna, the receptionist of Smile Dental. Today is 2026-11-20.
# Manners
- Keep answers short. Greet callers with "Smile Dental, good day."
# Facts
- We are open Monday to Friday from nine to five.
- The practice is at 12 Main Street.
A check-up costs 80 dollars. Never discuss politics."""

BOOK = Tool(
    "book_appointment",
    "Book a visit.",
    {
        "type": "object",
        "properties": {
            "date": {"type": "string", "format": "date"},
            "time": {"type": "string", "format": "time"},
            "name": {"type": "string", "minLength": 2},
            "treatment": {"type": "string", "enum": ["check_up", "cleaning"]},
        },
        "required": ["date", "time", "name"],
        "additionalProperties": False,
    },
)
CANCEL = Tool(
    "cancelAppointment",
    "Cancel a visit.",
    {
        "type": "object",
        "properties": {"phone": {"type": "string", "description": "What is your phone number?"}},
        "required": ["phone"],
    },
)
WEATHER = Tool(
    "get_weather",
    "Look up the weather.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
END = Tool("end_call", "Hang up.", {"type": "object", "properties": {}})


@dataclass
class Call:
    """A conversation in progress; tools answer `{"ok": true}`."""

    prompt: str = PROMPT
    tools: tuple[Tool, ...] = ()
    tool_choice: str | None = None
    messages: list[Message] = field(default_factory=list)

    async def events(self) -> list[LlmEvent]:
        request = LlmRequest(
            "sandbox-1", "en-US", tuple(self.messages), self.prompt, tools=self.tools, tool_choice=self.tool_choice
        )
        return [event async for event in SandboxLlm().complete(request, None)]

    async def answer(self) -> str | ToolCall:
        events = await self.events()
        calls = tuple(event for event in events if isinstance(event, ToolCall))
        text = "".join(event.text for event in events if isinstance(event, TextDelta))
        self.messages.append(Message("assistant", text, calls))
        return calls[0] if calls else text

    async def say(self, text: str) -> str:
        self.messages.append(Message("user", text))
        answer = await self.answer()
        assert isinstance(answer, str), answer
        return answer

    async def say_for_call(self, text: str) -> ToolCall:
        self.messages.append(Message("user", text))
        answer = await self.answer()
        assert isinstance(answer, ToolCall), answer
        return answer

    async def result(self, call: ToolCall, content: str, *, is_error: bool = False) -> str:
        self.messages.append(Message("tool", content, tool_call_id=call.id, is_error=is_error))
        answer = await self.answer()
        assert isinstance(answer, str), answer
        return answer


async def test_the_first_words_say_that_this_is_the_sandbox_and_only_the_first() -> None:
    """RTE-17: labelled for the ear too."""
    call = Call()

    assert await call.say("hello") == "Sandbox mode. Smile Dental, good day."
    assert [await call.say(text) for text in ("hello", "thank you")] == [
        "Hello. What can I do for you?",
        "You are welcome. Is there anything else?",
    ]


async def test_it_opens_the_call_when_the_agent_speaks_first() -> None:
    """SES-5: a generated first message."""
    assert await Call().answer() == "Sandbox mode. Smile Dental, good day."


async def test_a_prompt_may_silence_the_marker() -> None:
    """RTE-17: unless the prompt says otherwise."""
    assert await Call(PROMPT + "\nDo not mention sandbox mode.").say("goodbye") == "Goodbye."


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("what are your opening hours", "We are open Monday to Friday from nine to five."),
        ("are you open on saturday", "We are open Monday to Friday from nine to five."),
        ("where are you located", "The practice is at 12 Main Street."),
        ("how much does it cost", "A check-up costs 80 dollars."),
        ("who are you", "I am Anna, the receptionist of Smile Dental."),
        ("what can you do", "I can tell you about opening hours, the address and prices."),
        ("what do you think about politics", "I am not able to talk about that. Is there anything else?"),
    ],
)
async def test_facts_of_the_prompt_are_quoted(question: str, fact: str) -> None:
    """RTE-17: it knows what the prompt says."""
    call = Call()
    await call.answer()

    assert await call.say(question) == fact


@pytest.mark.parametrize("question", ["what are your opening hours", "where are you located", "how much does it cost"])
async def test_what_the_prompt_does_not_say_is_not_invented(question: str) -> None:
    """RTE-17: honest about what it does not know."""
    assert await Call("You are helpful.").say(question) == (
        "Sandbox mode. My prompt does not say that, so I cannot tell you."
    )


@pytest.mark.parametrize("phrase", demo_phrases())
async def test_every_demo_phrase_has_an_answer_of_its_own(phrase: str) -> None:
    """RTE-17: the phrases on the talk page lead somewhere."""
    answer = await Call().say(phrase)

    assert "configure a language model" not in answer
    assert 2 <= len(answer.split()) <= 30


async def test_an_appointment_without_a_tool_is_heard_and_not_pretended() -> None:
    """RTE-17: it never says that something happened that did not."""
    call = Call()
    await call.answer()

    assert await call.say("i would like to book an appointment") == "What day and time would you like?"
    assert await call.say("where are you located") == (
        "The practice is at 12 Main Street. What day and time would you like?"
    )
    assert await call.say("tomorrow at ten") == "I heard tomorrow at ten. Is that correct?"
    assert await call.say("yes please") == "Thank you. Nothing was booked: this agent has no tool for it yet."
    assert await call.say("no thank you") == "All right. Is there anything else?"


async def test_a_form_is_filled_over_several_turns_confirmed_and_called() -> None:
    """ONE-4: tools, without a language model."""
    call = Call(tools=(BOOK, CANCEL, END))
    await call.answer()

    assert await call.say("I'd like to book an appointment.") == "What is the date?"
    assert await call.say("tomorrow at ten") == "What is the name?"
    assert await call.say("what does it cost") == "A check-up costs 80 dollars. What is the name?"
    assert await call.say("It's John Smith.") == (
        "I have date Saturday, November 21, time 10 a.m. and name John Smith. Shall I book appointment?"
    )
    assert await call.say("make it eleven thirty in the morning") == (
        "I have date Saturday, November 21, time 11:30 a.m. and name John Smith. Shall I book appointment?"
    )
    tool_call = await call.say_for_call("yes")

    assert (tool_call.name, json.loads(tool_call.args)) == (
        "book_appointment",
        {"date": "2026-11-21", "time": "11:30:00", "name": "John Smith"},
    )
    assert await call.result(tool_call, '{"ok": true, "confirmation": "A1"}') == "Done. confirmation: A1."


async def test_everything_said_at_once_is_not_asked_again() -> None:
    """ONE-4: arguments are taken out of the first sentence."""
    call = Call(tools=(BOOK,))
    await call.answer()

    question = await call.say("Book a cleaning for Monday at three in the afternoon, my name is Mary Jones.")

    values = "date Monday, November 23, time 3 p.m., name Mary Jones and treatment cleaning"
    assert question == f"I have {values}. Shall I book appointment?"


async def test_a_refusal_calls_nothing() -> None:
    """ONE-4: no is no."""
    call = Call(tools=(CANCEL,))
    await call.say("cancel my appointment")
    assert "5551234" in await call.say("five five five one two three four")

    assert await call.say("no") == "All right, I will not. What else can I do?"
    assert await call.say("yes") == "All right. What would you like to do?"


async def test_a_caller_may_change_their_mind_in_the_middle() -> None:
    """ONE-4: the other tool's form replaces the first."""
    call = Call(tools=(BOOK, CANCEL))
    await call.answer()
    await call.say("book an appointment")

    assert await call.say("actually cancel my appointment") == "What is your phone number?"
    assert await call.say("never mind") == "All right, I have left that. What else can I do?"


async def test_an_answer_that_is_not_understood_is_asked_again_and_then_left() -> None:
    """ONE-4: no endless loop."""
    call = Call(tools=(BOOK,))
    await call.answer()
    await call.say("book an appointment")

    answers = [await call.say("purple elephants") for _ in range(3)]

    assert answers == [
        "Sorry, I did not understand that. What is the date?",
        "Sorry, I did not understand that. What is the date?",
        "Let us leave that for now. What else can I do?",
    ]


async def test_reading_tools_are_called_without_asking() -> None:
    """ONE-4: looking something up changes nothing."""
    call = Call(tools=(WEATHER, BOOK))

    tool_call = await call.say_for_call("what is the weather in San Francisco?")

    assert json.loads(tool_call.args) == {"city": "San Francisco"}
    assert await call.result(tool_call, '{"temperature": 18, "sky": "clear", "days": [1]}') == (
        "Sandbox mode. Here is what I found. temperature: 18, sky: clear."
    )


@pytest.mark.parametrize(
    ("content", "is_error", "told"),
    [
        ('{"error": {"message": "No slot"}}', False, "That didn't work: No slot. Would you like to try again?"),
        ('{"status": 503, "message": "Closed"}', False, "That didn't work: Closed. Would you like to try again?"),
        ("Timed out", True, "That didn't work: Timed out. Would you like to try again?"),
        ('{"message": "It is sunny"}', False, "It is sunny."),
        ('["a", "b"]', False, "I found 2: a, b."),
        ("[]", False, "I found nothing."),
        ("18 degrees", False, "Here is what I found. 18 degrees."),
    ],
)
async def test_tool_results_are_told(content: str, is_error: bool, told: str) -> None:
    """ONE-4: results and failures are said in words."""
    call = Call(tools=(WEATHER,))
    await call.answer()
    tool_call = await call.say_for_call("weather in Rome")

    assert await call.result(tool_call, content, is_error=is_error) == told


async def test_two_tools_that_fit_equally_are_asked_about() -> None:
    """ONE-4: it does not guess between deeds."""
    tools = (Tool("open_garage", "", {"type": "object"}), Tool("garage_light", "", {"type": "object"}))
    call = Call("Hi.", tools)

    assert await call.say("the garage please") == "Sandbox mode. Did you mean open garage or garage light?"


@pytest.mark.parametrize(("text", "name"), [("goodbye", "end_call"), ("can i speak to a person", "transfer_call")])
async def test_hanging_up_and_transferring_need_no_confirmation(text: str, name: str) -> None:
    """ONE-4: the built-in tools."""
    call = Call(tools=(END, Tool("transfer_call", "", {"type": "object"}), BOOK))

    assert (await call.say_for_call(text)).name == name


async def test_tool_choice_is_obeyed() -> None:
    """ONE-4: none means none, a name means that one."""
    none = Call(tools=(CANCEL,), tool_choice="none")
    assert "no tool for that" in await none.say("cancel my appointment")
    forced = Call("Hi.", tools=(END, WEATHER), tool_choice="tool:get_weather")

    assert await forced.say("hello") == "Sandbox mode. What is the city?"
    assert (await forced.say_for_call("Paris")).args == '{"city": "Paris"}'


@pytest.mark.parametrize(
    "parameter",
    [
        {"$ref": "http://192.0.2.1/schema.json"},
        {"type": "object", "properties": {}},
        {"type": "string", "pattern": "^(a+)+$"},
        {"type": "strung"},
    ],
)
async def test_parameters_it_cannot_fill_are_named_not_guessed(parameter: dict[str, object]) -> None:
    """ONE-4: no argument is made up, no reference fetched, no runaway pattern run."""
    schema = {"type": "object", "properties": {"shape": parameter}, "required": ["shape"]}
    call = Call("Hi.", (Tool("paint_wall", "", schema),))  # type: ignore[arg-type]  # deliberately odd schemas

    assert await call.say("paint the wall aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!") == (
        "Sandbox mode. I cannot paint wall here: I do not know how to fill in shape."
    )


@pytest.mark.parametrize(
    ("text", "kind", "status"),
    [
        ("sandbox error 429", FailureKind.RATE, 429),
        ("Sandbox error 500", FailureKind.UPSTREAM, 500),
        ("sandbox error timeout", FailureKind.TIMEOUT, None),
    ],
)
async def test_magic_sentences_fail_like_providers(text: str, kind: FailureKind, status: int | None) -> None:
    """RTE-17: failover can be driven from end to end."""
    with pytest.raises(ProviderError) as failure:
        await Call().say(text)

    assert (failure.value.kind, failure.value.status) == (kind, status)


async def test_a_slow_answer_waits_as_long_as_asked() -> None:
    """RTE-17: latency can be driven from end to end."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    request = LlmRequest("sandbox-1", "en-US", (Message("user", "sandbox slow 3000"),))
    _ = [event async for event in SandboxLlm(sleep).complete(request, None)]

    assert waited == [3.0]


def _scripted(script: str) -> str:
    return f"You are Anna.\n```sandbox\n{script}\n```\n"


async def test_a_script_comes_first_word_for_word() -> None:
    """RTE-17: scripted turns for tests."""
    call = Call(
        _scripted(
            '{"turns": [{"match": "hello", "say": "Scripted.", "times": 1},'
            ' {"match": "order", "tool_call": {"name": "find_order", "args": {"id": 7}}}]}'
        )
    )

    assert await call.say("Hello!") == "Scripted."
    assert await call.say("hello") == "Sandbox mode. Hello. What can I do for you?"
    assert (await call.say_for_call("where is my order")).args == '{"id": 7}'


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ('{"strict": true}', FailureKind.UPSTREAM),
        ('{"turns": [{"error": "429"}]}', FailureKind.RATE),
        ('{"turns": [{"say": "a", "error": "429"}]}', FailureKind.INVALID),
        ("not json", FailureKind.INVALID),
    ],
)
async def test_scripts_fail_as_written_and_malformed_scripts_clearly(script: str, kind: FailureKind) -> None:
    """RTE-17: strict scripts end in a failure, broken ones are never half obeyed."""
    with pytest.raises(ProviderError) as failure:
        await Call(_scripted(script)).say("anything")

    assert failure.value.kind is kind


async def test_it_refuses_to_be_a_judge() -> None:
    """RTE-17: an evaluation must not be green for nothing."""
    answer = await Call("You are an impartial judge. Grade the following transcript from 1 to 5.").say("…")

    assert json.loads(answer) == {"verdict": "inconclusive", "reason": "no_judge_model"}


async def test_text_streams_word_by_word_then_an_estimated_usage() -> None:
    """MTR-1: the words of the sandbox are counted and marked as an estimate."""
    call = Call(messages=[Message("user", "who are you")])

    *deltas, usage = await call.events()

    words = [delta.text for delta in deltas if isinstance(delta, TextDelta)]
    assert all(len(word.split()) == 1 for word in words)
    assert "".join(words) == "Sandbox mode. I am Anna, the receptionist of Smile Dental."
    assert usage == LlmUsage(len(PROMPT.split()) + 3, len(words), estimated=True)


async def test_the_answer_stops_at_max_tokens() -> None:
    """ONE-4: `maxTokens` counts words here."""
    request = LlmRequest("sandbox-1", "en-US", (Message("user", "hello"),), max_tokens=2)

    *deltas, _ = [event async for event in SandboxLlm().complete(request, None)]

    assert deltas == [TextDelta("Sandbox"), TextDelta(" mode.")]


async def test_another_model_is_refused() -> None:
    """RTE-20: it does not answer under another name."""
    with pytest.raises(ProviderError) as failure:
        _ = [event async for event in SandboxLlm().complete(LlmRequest("gpt-9", "en", ()), None)]

    assert failure.value.kind is FailureKind.INVALID
