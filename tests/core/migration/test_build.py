"""What is built is what the source meant, and nothing is made up."""

import json

import pytest

from speko_core.agents.schemas import AgentCreate
from speko_core.migration.build import Build, BuildOptions, GraphChoice
from speko_core.migration.building import neutral_of
from speko_core.migration.documents import File
from speko_core.migration.emit import build_session_config
from speko_core.migration.neutral import VoiceAgents, dump
from speko_core.migration.parse import parse_files
from speko_core.tools.builtins import config_problems
from speko_core.tools.parameters import schema_problem
from speko_core.tools.schemas import ToolCreate
from speko_core.tools.sources import BuiltinSource
from speko_core.types import JsonObject, JsonValue
from tests.core.migration.samples import SAMPLES, parsed


def built(name: str, **options: object) -> Build:
    """The build of a fixture."""
    return build_session_config(parsed(name).agents, BuildOptions.model_validate(options))


def vapi(**fields: object) -> Build:
    """The build of a small Vapi assistant with these fields."""
    document = {"name": "A", "firstMessage": "Hi", "model": {"provider": "openai", "model": "gpt-4o"}, **fields}
    found = parse_files([File("a.json", json.dumps(document).encode())]).parsed[0]
    return build_session_config(found.agents, BuildOptions())


@pytest.mark.parametrize("graph", ["staged", "linked"])
@pytest.mark.parametrize("name", SAMPLES)
def test_every_agent_payload_is_what_the_api_takes(name: str, graph: GraphChoice) -> None:
    """MIG-3"""
    build = built(name, graph=graph)
    for payload in (build.agent_create_payload, *(one.agent_create_payload for one in build.linked_agents)):
        assert AgentCreate.model_validate(payload).model_dump(mode="json", by_alias=True, exclude_none=True) == payload


@pytest.mark.parametrize("name", SAMPLES)
def test_every_tool_has_a_name_a_schema_and_a_source(name: str) -> None:
    """MIG-3, AGT-2"""
    build = built(name)
    names = [str(tool["name"]) for tool in build.tools]
    assert len(set(names)) == len(names)
    for tool in build.tools:
        source, parameters = tool["source"], tool["parameters"]
        assert isinstance(source, dict)
        assert source["kind"] in ("inline", "webhook", "builtin", "integration")
        assert isinstance(parameters, dict)
        assert parameters["type"] == "object"
        assert str(tool["name"]).isidentifier()
        assert str(tool["name"]) == str(tool["name"]).lower()
        assert tool["description"]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_tool_body_is_what_the_api_takes(name: str) -> None:
    """MIG-3, AGT-2"""
    build = built(name)
    for tool in (*build.tools, *(tool for agent in build.linked_agents for tool in agent.tools)):
        taken = ToolCreate.model_validate({**tool, "id": "agent_1"})
        assert schema_problem(taken.parameters) is None
        if isinstance(taken.source, BuiltinSource):
            assert config_problems(taken.source.name, taken.source.config) == ()


def test_the_same_source_builds_the_same_requests() -> None:
    """MIG-3: a second import meets the agent of the first."""
    assert built("vapi_assistant") == built("vapi_assistant")
    assert built("vapi_assistant").source_digest == built("vapi_assistant").source_digest


@pytest.mark.parametrize("name", SAMPLES)
def test_a_neutral_model_that_went_through_a_client_builds_the_same(name: str) -> None:
    """MIG-3"""
    agents = parsed(name).agents
    sent: JsonObject = json.loads(json.dumps(dump(agents)))
    back, keys = neutral_of(sent)
    assert keys == []
    assert back == VoiceAgents.model_validate(dump(agents))
    assert build_session_config(back, BuildOptions()).agent_create_payload == built(name).agent_create_payload


def _stages(build: Build) -> str:
    return str(build.agent_create_payload["systemPrompt"])


def test_a_flow_becomes_numbered_stages_with_the_ways_between_them() -> None:
    """MIG-3"""
    prompt = _stages(built("retell_flow_bundle"))
    assert prompt.startswith("You handle returns for {{shop}}.\n\n# Stages")
    assert "## Stage 1: Ask\nAsk for the order number.\n- When The caller gave a number: go to stage 2." in prompt
    assert "- IF {{age}} < 30: go to stage 3." in prompt
    assert "- Otherwise go to stage 4." in prompt
    assert "Come here from any stage when: The caller is angry" in prompt


def test_the_loss_of_flattening_is_stated() -> None:
    """MIG-3"""
    warnings = built("retell_flow_bundle").warnings
    assert any("one prompt with numbered stages" in warning for warning in warnings)
    assert any("nowhere, which is not a stage" in warning for warning in warnings)


def test_linked_stages_become_agents_with_handoffs() -> None:
    """MIG-3"""
    build = built("retell_llm", graph="linked")
    prompts = [str(one.agent_create_payload["systemPrompt"]) for one in build.linked_agents]
    assert "Frage nach dem Anliegen." in _stages(build)
    assert ["Finde einen Termin." in prompt for prompt in prompts] == [True]
    assert [(way.source, way.target) for way in build.handoffs] == [("frage_1", "termin_2")]
    assert any("hands over with a tool" in warning for warning in build.warnings)
    assert build.handoff_tool is not None
    told = {"agentId": "termin_2", "name": "termin_2", "description": "Der Kunde will einen Termin"}
    assert build.handoff_tool["source"] == {
        "kind": "builtin",
        "name": "transfer_to_agent",
        "config": {"agents": [told]},
    }
    assert build.linked_agents[0].handoff_tool is None


def test_a_squad_becomes_one_agent_per_member_when_linked() -> None:
    """MIG-4"""
    build = built("vapi_squad", graph="linked")
    names = [build.agent_create_payload["name"], *(one.agent_create_payload["name"] for one in build.linked_agents)]
    assert names == ["Clinic: Reception", "Clinic: Booking", "Clinic: member_3"]
    assert [(way.source, way.target) for way in build.handoffs] == [("reception", "booking"), ("member_3", "reception")]
    opening = "When a conversation is handed to you, begin by saying: Let us find a day."
    assert opening in str(build.linked_agents[0].agent_create_payload["systemPrompt"])


def test_linked_stages_keep_what_stands_between_those_that_talk() -> None:
    """MIG-3: branches, tools, ends and transfers become words and tools of the stage before them."""
    build = built("retell_flow_bundle", graph="linked")
    assert _stages(build).endswith(
        "# What comes next\n"
        "- When The caller gave a number, and nothing else fits: use transfer_call for +12025550143.\n"
        "- When The caller gave a number, and {{age}} < 30: use refund. Refund it. Then: Goodbye. Close the call, then "
        "use end_call.\n"
        "- When The caller is angry: hand over to angry_2."
    )
    assert [str(tool["name"]) for tool in build.tools] == ["refund", "end_call", "transfer_call"]
    assert [(way.source, way.target) for way in build.handoffs] == [("ask_1", "angry_2")]


def test_a_retired_workflow_of_vapi_goes_on_as_agents() -> None:
    """MIG-3, MIG-4: with its tools between, its global nodes, and the words it opened with."""
    build = built("vapi_workflow", graph="linked")
    assert build.agent_create_payload["firstMessage"] == "Ferry desk, ahoy."
    assert _stages(build).endswith(
        "- When They named a harbour: use departures. Then: hand over to tell_2.\n"
        "- When They lost something on board: hand over to lost_3."
    )
    assert [(way.source, way.target) for way in build.handoffs] == [
        ("greet_1", "tell_2"), ("greet_1", "lost_3"), ("tell_2", "lost_3"),
    ]  # fmt: skip


def test_a_stage_that_only_leads_on_is_no_agent() -> None:
    """MIG-3"""
    build = built("elevenlabs_agent", graph="linked")
    assert (build.entry, build.linked_agents) == ("rooms_1", [])
    assert build.agent_create_payload["firstMessage"] == "Welcome, {{visitor}}!"


def _tool(build: Build, name: str) -> JsonObject:
    return next(tool for tool in build.tools if tool["name"] == name)


def _source(build: Build, name: str) -> JsonObject:
    source = _tool(build, name)["source"]
    assert isinstance(source, dict)
    return source


def test_a_function_without_a_server_calls_the_assistants() -> None:
    """MIG-3: Vapi sends it there, though nothing on the tool says so."""
    assert _source(built("vapi_assistant"), "log_interest")["url"] == "https://boats.example.com/vapi/events"


def test_a_webhook_keeps_the_body_its_server_expects() -> None:
    """MIG-3"""
    formats = {adapter.tool: adapter.payload_format for adapter in built("retell_agent_and_llm").tool_adapters}
    assert formats == {"find_slot": "retell"}


def test_values_that_a_model_does_not_fill_are_no_parameters() -> None:
    """MIG-4"""
    build = built("elevenlabs_agent")
    parameters = _tool(build, "find_work")["parameters"]
    assert isinstance(parameters, dict)
    assert isinstance(parameters["properties"], dict)
    assert list(parameters["properties"]) == ["title"]
    adapter = next(adapter for adapter in build.tool_adapters if adapter.tool == "find_work")
    assert adapter.constants == {
        "lang": "en",
        "who": "{{visitor}}",
        "kind": "the kind of work the visitor is looking for",
    }


def test_a_placeholder_address_leaves_the_tool_inline_and_says_so() -> None:
    """MIG-3"""
    function = {
        "type": "function",
        "server": {"url": "REPLACE_WITH_YOUR_URL"},
        "function": {"name": "f", "parameters": {}},
    }
    build = vapi(model={"provider": "openai", "model": "gpt-4o", "tools": [function]})
    assert _source(build, "f") == {"kind": "inline"}
    assert "placeholder" in build.unmappable_tools[0].reason


def test_a_placeholder_number_is_no_destination() -> None:
    """MIG-3"""
    transfer = {"type": "transferCall", "destinations": [{"type": "number", "number": "+1XXXXXXXXXX"}]}
    build = vapi(model={"provider": "openai", "model": "gpt-4o", "tools": [transfer]})
    assert build.tools == []
    assert [tool.name for tool in build.unmappable_tools] == ["transfer_call"]


def test_the_vendors_own_defaults_are_written_out() -> None:
    """MIG-2: an export leaves them out, and the agent would behave differently."""
    assert vapi().agent_create_payload["llmOptions"] == {"temperature": 0.5, "maxTokens": 250, "model": "gpt-4o"}


FIRST: list[tuple[JsonObject, str, str | None]] = [
    ({"firstMessage": "Hi"}, "say", "Hi"),
    ({"firstMessage": ""}, "generate", None),
    ({"firstMessage": "Hi", "firstMessageMode": "assistant-waits-for-user"}, "wait", "Hi"),
    ({"firstMessage": "", "firstMessageMode": "assistant-speaks-first-with-model-generated-message"}, "generate", None),
    ({"firstMessage": "https://cdn.example.com/hello.mp3"}, "generate", None),
]


@pytest.mark.parametrize(("fields", "mode", "text"), FIRST)
def test_who_speaks_first_is_kept(fields: JsonObject, mode: str, text: str | None) -> None:
    """MIG-2"""
    payload = vapi(**fields).agent_create_payload
    assert (payload["firstMessageMode"], payload.get("firstMessage")) == (mode, text)


def test_a_speech_to_speech_model_is_no_language_model() -> None:
    """MIG-4"""
    build = vapi(model={"provider": "openai", "model": "gpt-realtime"})
    stack = build.agent_create_payload["stackPreferences"]
    assert stack == {"allowedProviders": {"s2s": ["openai:gpt-realtime"]}}
    assert any("speech-to-speech" in warning for warning in build.warnings)


def test_a_house_voice_is_left_behind() -> None:
    """MIG-4"""
    assert "voice" not in built("vapi_markdown").agent_create_payload


def test_vendors_that_are_not_served_here_are_left_out_with_a_word() -> None:
    """MIG-3"""
    options = BuildOptions(served=frozenset({"llm:openai", "llm:openai:gpt-4.1"}))
    build = build_session_config(parsed("vapi_assistant").agents, options)
    stack = build.agent_create_payload["stackPreferences"]
    assert stack == {"allowedProviders": {"llm": ["openai", "openai:gpt-4.1"]}}
    assert build.agent_create_payload["llmOptions"] == {"temperature": 0.3, "maxTokens": 250}
    assert "voice" not in build.agent_create_payload
    assert any("does not serve deepgram" in warning for warning in build.warnings)


def test_with_any_provider_nothing_is_pinned() -> None:
    """MIG-3"""
    payload = built("vapi_assistant", providers="any").agent_create_payload
    assert "stackPreferences" not in payload
    assert payload["llmOptions"] == {"temperature": 0.3, "maxTokens": 250}


EXTREMES: list[JsonObject] = [
    {"model": {"provider": "openai", "model": "x" * 500, "temperature": 9, "maxTokens": 0, "systemPrompt": "p" * 200_000}},
    {"voice": {"provider": "11labs", "voiceId": "v" * 900, "speed": 40}, "name": "n" * 900},
    {"transcriber": {"provider": "deepgram", "keywords": ["k" * 900] * 300, "language": "klingon"}},
    {"analysisPlan": {"structuredDataSchema": {"properties": {f"f{at}": {"description": "d" * 20_000} for at in range(150)}}}},
    {"analysisPlan": {"structuredDataSchema": {"properties": {"a b": {"enum": ["o" * 900] * 90}, "a_b": {}, "a-b": {"enum": [1, None]}}}}},
    {"firstMessage": "m" * 20_000, "metadata": {"big": "x" * 90_000}},
    {"messagePlan": {"idleMessages": ["i" * 5_000] * 40, "idleTimeoutSeconds": 0.001}},
    {"name": "", "model": {"provider": "openai", "model": "gpt-4o", "systemPrompt": "{{" + "v" * 90 + "}} {{system.x}} {{}}"}},
    {"voicemailMessage": "x" * 9_000, "maxDurationSeconds": 10**12, "endCallMessage": "e" * 20_000, "endCallFunctionEnabled": True},
]  # fmt: skip


@pytest.mark.parametrize("fields", EXTREMES)
def test_values_beyond_the_limits_still_make_a_valid_agent(fields: JsonObject) -> None:
    """MIG-3"""
    base: dict[str, JsonValue] = {"model": {"provider": "openai", "model": "gpt-4o"}, **fields}
    AgentCreate.model_validate(vapi(**base).agent_create_payload)


def test_what_was_cut_is_said() -> None:
    """MIG-2"""
    build = vapi(model={"provider": "openai", "model": "gpt-4o", "systemPrompt": "p" * 200_000})
    assert "The prompt is longer than 100,000 characters and was cut." in build.warnings


def test_a_delay_no_session_takes_becomes_the_nearest_and_is_said() -> None:
    """MIG-3"""
    build = vapi(startSpeakingPlan={"waitSeconds": -1}, stopSpeakingPlan={"numWords": 500})
    assert build.session_config["turnHandling"] == {"endpointing": {"minDelay": 0}, "interruption": {"minWords": 100}}
    assert any("the nearest is used" in warning for warning in build.warnings)
