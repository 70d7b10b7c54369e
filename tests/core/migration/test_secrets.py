"""Credentials go in and never come out."""

import json
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speko_core.errors import SpekoError
from speko_core.migration.build import BuildOptions
from speko_core.migration.documents import File
from speko_core.migration.emit import build_session_config
from speko_core.migration.neutral import dump
from speko_core.migration.parse import parse_files
from speko_core.migration.report import render
from speko_core.migration.secrets import Scrubber, scrub_text
from speko_core.types import JsonObject, JsonValue
from tests.core.migration.samples import FIXTURES, SAMPLES, parsed, snapshot

PLANTED_IN_FIXTURES = (
    "dock-4f9a81c2d7e6b5a4", "hunter2-hunter2-hunter2", "key_9f8e7d6c5b4a39281706", "fern-3344556677889900",
    "pipes-998877665544", "metro-token-5566778899", "eyJhbGciOiJIUzI1NiJ9", "sky-0099887766554433", "gym-2233445566",
    "hotel-7788990011", "relay-5544332211", "dg-secret-value-1234567890", "el-hidden-0011223344556677",
)  # fmt: skip
_TAIL = st.text("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=24, max_size=40)
_HEX = st.text("0123456789abcdef", min_size=32, max_size=32)
BY_LOOK = st.one_of(
    st.builds("sk-proj-{}9a".format, _TAIL), st.builds("sk_live_{}9a".format, _TAIL), st.builds("key_{}9a".format, _TAIL),
    st.builds("AC{}".format, _HEX), st.builds("AIzaSy{}9a".format, _TAIL), st.builds("ghp_{}9a".format, _TAIL),
    st.builds("xoxb-{}9a".format, _TAIL), st.builds("eyJ{}.{}.{}".format, _TAIL, _TAIL, _TAIL), st.builds("AKIA{}".format, st.text("ABCDEFGH234567", min_size=16, max_size=16)),
)  # fmt: skip
IN_TEXT = (
    "Use {} now.",
    "Bearer {}",
    "https://api.example.com/x?token={}&a=1",
    "https://me:{}@db.example.com/x",
    "key={}",
)
NAMES = (
    "apiKey",
    "api_key",
    "serverUrlSecret",
    "password",
    "auth_token",
    "Authorization",
    "client_secret",
    "x-api-key",
)


def everything(text: str) -> str:
    """All that comes out for a JSON text: model, report, requests, reprs, errors."""
    try:
        outcome = parse_files([File("agent.json", text.encode())])
    except SpekoError as error:
        return repr(error) + error.message
    shown = [repr(outcome)]
    for found in outcome.parsed:
        build = build_session_config(found.agents, BuildOptions(), found.report, found.keys_to_set)
        shown += [
            json.dumps(dump(found.agents)),
            render(found.report),
            found.report.model_dump_json(),
            build.model_dump_json(),
        ]
        shown += [repr(build), repr(found)]
    return "\n".join(shown)


@pytest.mark.parametrize("name", SAMPLES)
def test_no_planted_credential_comes_out_of_a_fixture(name: str) -> None:
    """MIG-5"""
    found = parsed(name)
    text = snapshot(name) + repr(found) + json.dumps(dump(found.agents)) + found.report.model_dump_json()
    assert [secret for secret in PLANTED_IN_FIXTURES if secret in text] == []


def test_the_planted_credentials_are_in_the_fixtures() -> None:
    """MIG-5: or the test above could not fail."""
    source = "\n".join(path.read_text("utf-8-sig") for path in FIXTURES.iterdir())
    assert [secret for secret in PLANTED_IN_FIXTURES if secret not in source] == []


def _containers(value: JsonValue) -> list[JsonObject]:
    if isinstance(value, dict):
        return [value, *(inner for item in value.values() for inner in _containers(item))]
    return [inner for item in value for inner in _containers(item)] if isinstance(value, list) else []


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_credential_planted_anywhere_never_comes_out(data: st.DataObject) -> None:
    """MIG-5"""
    name = data.draw(st.sampled_from(sorted(path.name for path in FIXTURES.glob("*.json"))))
    document = cast(JsonValue, json.loads((FIXTURES / name).read_text("utf-8-sig")))
    place = data.draw(st.sampled_from(_containers(document)))
    if data.draw(st.booleans()):
        secret = data.draw(_TAIL) + "7Q"
        place[data.draw(st.sampled_from(NAMES))] = secret
    else:
        secret = data.draw(BY_LOOK)
        place[data.draw(st.sampled_from(["note", "url", "prompt", "content", secret]))] = data.draw(
            st.sampled_from(IN_TEXT)
        ).format(secret)
    assert secret not in everything(json.dumps(document))


def test_what_was_taken_out_is_listed_as_a_key_to_set() -> None:
    """MIG-5"""
    found = parsed("vapi_assistant")
    assert [(key.name, key.pointer) for key in found.keys_to_set] == [
        ("HEADERS_AUTHORIZATION", "/model/tools/0/server/headers/Authorization")
    ]
    entry = next(entry for entry in found.report.entries if entry.pointer.endswith("/headers/Authorization"))
    assert (entry.status, entry.severity) == ("needs_input", "action")


def test_a_credential_in_a_prompt_leaves_the_rest_of_the_prompt() -> None:
    """MIG-5"""
    agent = {
        "model": {
            "provider": "openai",
            "model": "gpt-4o",
            "systemPrompt": "Call with sk-proj-abcdefghij1234567890KLMN only.",
        },
        "firstMessage": "Hi",
    }
    found = parse_files([File("a.json", json.dumps(agent).encode())]).parsed[0]
    assert found.agents.agents[0].prompt == "Call with [set MODEL_SYSTEM_PROMPT] only."
    assert [key.name for key in found.keys_to_set] == ["MODEL_SYSTEM_PROMPT"]


ORDINARY = (
    {"maxTokens": 250, "max_tokens": 100, "keywords": ["token"], "token_count": 5, "credentialId": "c-1"},
    {"voiceId": "21m00Tcm4TlvDq8ikWAM", "id": "5f0c2f44-8a57-4c8e-9a46-0a5d1c7a9b10", "model": "claude-haiku-4-5-20251001"},
    {"parameters": {"properties": {"password": {"type": "string", "description": "The new password"}}, "required": ["password"]}},
    {"Authorization": "Bearer {{token}}", "api_key": "${OPENAI_API_KEY}", "secret": "YOUR_SECRET_HERE", "password": "<password>"},
    {"text": "Ask for the password: it has four words. Say token. The key points of the call."},
    {"url": "https://branch-el.example.com/book"},
    {"name": "key_points_of_the_conversation_with_the_caller", "url": "https://example.com/hook/4612e97d-49e8-4a13-8df9-69cef8505f38"},
)  # fmt: skip


@pytest.mark.parametrize("value", ORDINARY)
def test_ordinary_values_are_left_alone(value: JsonObject) -> None:
    """MIG-5: ids, placeholders and schemas are not credentials."""
    scrubber = Scrubber()
    assert scrubber.scrub(value) == value
    assert scrubber.found == []


def test_names_of_files_are_shown_without_credentials() -> None:
    """MIG-5"""
    assert "1234567890" not in scrub_text("backup/sk-proj-abcdefghij1234567890KLMN.json")
