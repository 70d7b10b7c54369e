"""What is written for another platform is read back as what it was (MIG-2)."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from speko_core.migration.documents import File
from speko_core.migration.export import EMITTERS, Target, export
from speko_core.migration.export.team import export_team
from speko_core.migration.neutral import (
    Agent,
    EndCall,
    Endpoint,
    Extraction,
    FirstMessage,
    Header,
    Idle,
    Language,
    Limits,
    Llm,
    Recognition,
    Tool,
    Transfer,
    Variable,
    Voice,
)
from speko_core.migration.parse import parse_files
from speko_core.types import JsonObject
from tests.core.migration.samples import SAMPLES, parsed

words = st.from_regex(r"[A-Z][a-z]{2,8}( [a-z]{2,8}){0,4}", fullmatch=True)
names = st.from_regex(r"[a-z]{3,8}(_[a-z]{2,6})?", fullmatch=True)
seconds = st.integers(10, 3000).map(float)
models = st.sampled_from([("openai", "gpt-4o"), ("anthropic", "claude-haiku-4-5"), ("google", "gemini-2.5-flash")])


def schema(fields: list[str]) -> JsonObject:
    """An object of texts."""
    return {"type": "object", "properties": {name: {"type": "string", "description": "A value."} for name in fields}}


@st.composite
def endpoints(draw: st.DrawFn, target: Target) -> Endpoint:
    """A customer's server, as the platform calls one."""
    return Endpoint(
        url=f"https://{draw(names).replace('_', '-')}.example.com/{draw(names)}",
        method="POST",
        headers=[Header(name="X-Branch", value=draw(words))] if draw(st.booleans()) else [],
        timeout_ms=draw(st.none() | st.integers(1, 20).map(lambda s: s * 1000)),
        payload_format=target,
        tool_name=None,
    )


@st.composite
def agents(draw: st.DrawFn, target: Target) -> Agent:
    """Agents that the platform has words for."""
    vendor, model = draw(models)
    text = draw(words)
    mode = draw(st.sampled_from(["say", "wait"] if target == "elevenlabs" else ["say", "generate", "wait"]))
    variables = draw(st.dictionaries(names, words, max_size=3))
    prompt = " ".join([draw(words), *("{{" + name + "}}" for name in variables)])
    tools = []
    for name in draw(st.lists(names, max_size=3, unique=True)):
        endpoint = draw(endpoints(target))
        given_name = name if target in ("vapi", "retell") else None
        tools.append(
            Tool(
                name=name,
                description=draw(words),
                parameters=schema(draw(st.lists(names, min_size=1, max_size=3, unique=True))),
                kind="webhook",
                endpoint=endpoint.model_copy(update={"tool_name": given_name}),
            )
        )
    ends = draw(st.booleans())
    if ends:
        told = "End the call when the conversation is over." if target == "vapi" else draw(words)
        tools.append(Tool(name="end_call", description=told, kind="builtin", builtin="end_call"))
    return Agent(
        name=draw(words),
        prompt=prompt,
        first_message=FirstMessage.model_validate({"mode": mode, "text": text if mode == "say" else None}),
        language=Language(primary=draw(st.sampled_from(["en", "de", "fr"]))),
        llm=Llm(
            provider=vendor,
            model=model,
            temperature=draw(st.sampled_from([0.1, 0.5, 1.0])),
            max_tokens=None if target == "retell" else draw(st.integers(10, 4000)),
        ),
        voice=Voice(
            provider="elevenlabs",
            id=None if target == "retell" else draw(st.from_regex(r"[A-Za-z]{20}", fullmatch=True)),
            name=draw(words).partition(" ")[0] if target == "retell" else None,
            model="eleven_turbo_v2_5",
            speed=draw(st.none() | st.sampled_from([0.8, 1.1])),
        ),
        stt=Recognition(
            provider="deepgram" if target == "vapi" else None,
            model="nova-3" if target == "vapi" else None,
            keywords=draw(st.lists(words, max_size=3, unique=True)),
        ),
        idle=Idle(after_seconds=draw(st.none() | seconds) if target != "vapi" else None),
        limits=Limits(max_duration_s=draw(seconds), silence_end_s=draw(st.none() | seconds)),
        end_call=EndCall(enabled=True if ends else None),
        tools=tools,
        transfers=[
            Transfer(to=f"+1415555{number}", description=draw(words), mode=draw(st.sampled_from(["blind", "warm"])))
            for number in draw(st.lists(st.integers(1000, 9999), max_size=2, unique=True))
        ],
        variables=[Variable(name=name, default=value) for name, value in variables.items()],
        extraction=[
            Extraction(name=name, type=draw(st.sampled_from(["string", "number", "boolean"])), description=draw(words))
            for name in draw(st.lists(names, max_size=3, unique=True))
        ],
    )


@pytest.mark.parametrize("target", EMITTERS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_written_is_read_back_as_what_it_was(target: Target, data: st.DataObject) -> None:
    """MIG-2: parse(emit(neutral)) is neutral."""
    agent = data.draw(agents(target))
    made = export(agent, target)
    assert made.lost == ()
    found = parse_files([File("a.json", json.dumps(made.document).encode())])
    assert [one.agents.platform for one in found.parsed] == [target]
    statuses = {entry.status for entry in found.parsed[0].report.entries}
    assert statuses.isdisjoint({"invalid", "unsupported"})


@pytest.mark.parametrize("target", EMITTERS)
@pytest.mark.parametrize("name", SAMPLES)
def test_any_agent_can_be_written_and_what_is_lost_is_named(name: str, target: Target) -> None:
    """MIG-2"""
    for agent in parsed(name).agents.agents:
        made = export(agent, target)
        read = parse_files([File("a.json", json.dumps(made.document).encode())], target).parsed
        if not read:
            assert not agent.prompt
            assert "name" in made.lost or agent.name is None
            continue
        back = read[0].agents.agents[0]
        assert back.prompt == agent.prompt or "prompt" in made.lost
        assert len(back.transfers) == len(agent.transfers) or "transfers" in made.lost


def test_a_squad_is_written_as_a_squad_and_elsewhere_its_handoffs_are_named_as_lost() -> None:
    """MIG-2"""
    found = parsed("vapi_squad").agents
    (one,) = export_team(found, "vapi")
    back = parse_files([File("squad.json", json.dumps(one.exported.document).encode())]).parsed[0].agents
    assert (back.kind, len(back.agents), "handoffs" in one.exported.lost) == ("squad", 3, False)
    assert [way.condition for way in back.handoffs] == [way.condition for way in found.handoffs]
    assert ["handoffs" in other.exported.lost for other in export_team(found, "retell")] == [True, False, True]
