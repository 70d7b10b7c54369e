"""What is not a voice agent is not taken for one; near misses say why."""

import json

import pytest

from speko_core.migration.documents import File
from speko_core.migration.parse import parse_files
from speko_core.types import JsonObject

ORDINARY: dict[str, object] = {
    "package.json": {
        "name": "shop",
        "version": "1.0.0",
        "scripts": {"dev": "next"},
        "dependencies": {"@vapi-ai/web": "2"},
    },
    "tsconfig.json": {"compilerOptions": {"target": "es2022", "paths": {"@/*": ["./*"]}}, "include": ["src"]},
    "openapi.json": {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "servers": [{"url": "https://pets.example.com"}],
        "paths": {"/pets": {"get": {"parameters": [], "responses": {"200": {"description": "ok"}}}}},
        "tags": [{"name": "pets"}],
    },
    "agent_config.json": {"agent_name": "planner", "model": "gpt-4o", "tools": ["search"], "prompt": "Plan."},
    "agent_config2.json": {
        "agent": {"name": "x", "model": {"name": "gpt-4o"}},
        "tools": [{"type": "function", "function": {"name": "f"}}],
    },
    "chat.json": {
        "model": "gpt-4o",
        "messages": [{"role": "system", "content": "Hi"}],
        "temperature": 0.2,
        "tools": [],
    },
    "flow.json": {
        "nodes": [{"id": "1", "type": "input", "data": {"label": "A"}}],
        "edges": [{"id": "e", "source": "1", "target": "1"}],
    },
    "n8n.json": {"nodes": [{"id": "1", "type": "n8n-nodes-base.webhook", "parameters": {}}], "connections": {}},
    "mcp.json": {"mcpServers": {"speko": {"url": "https://example.com/mcp"}}},
    "settings.json": {"editor.fontSize": 12, "voice": "alloy", "language": "en"},
    "compose.yaml": "services:\n  web:\n    image: nginx\n    environment: {MODEL: gpt-4o}\n",
    "workflow.yml": "on: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: [{uses: actions/checkout@v4}]\n",
    "post.md": "---\ntitle: Voice agents\ntags: [vapi]\n---\nText.",
    "list.json": [1, 2, 3],
    "empty.json": {},
    "text.json": "hello",
    "train.py": "import torch\nmodel = torch.nn.Linear(2, 2)\n",
    "app.ts": "export const options = { model: 'gpt-4o', voice: 'alloy' };\n",
    "page.xml": "<?xml version='1.0'?><a><b/></a>",
}


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_file_is_no_voice_agent(name: str) -> None:
    """MIG-1"""
    value = ORDINARY[name]
    content = value.encode() if isinstance(value, str) and not name.endswith(".json") else json.dumps(value).encode()
    outcome = parse_files([File(name, content)])
    assert outcome.parsed == []
    assert outcome.refused[0].reason


NEAR: dict[str, tuple[JsonObject, str]] = {
    "part of an assistant": ({"firstMessageMode": "assistant-speaks-first", "voice": {}}, "no `model`"),
    "index of files": ({"agents": [{"name": "a", "config": "agent_configs/a.json"}]}, "give the files it names"),
    "note about an agent": (
        {"agent_name": "A", "agent_id": "1", "platform": "https://platform.bolna.ai", "tools": ["x"]},
        "export the agent",
    ),
    "stored agent": ({"type": "Settings", "agent": "6f1c1d0e-0000-4000-8000-000000000000"}, "by id"),
    "retell-like": ({"agent_name": "A", "voice_id": "11labs-Adrian"}, "no `response_engine`"),
}


@pytest.mark.parametrize("name", NEAR)
def test_a_near_miss_is_refused_with_the_reason(name: str) -> None:
    """MIG-1"""
    document, reason = NEAR[name]
    outcome = parse_files([File("file.json", json.dumps(document).encode())])
    assert outcome.parsed == []
    assert reason in outcome.refused[0].reason


def test_the_name_of_a_file_decides_nothing() -> None:
    """MIG-1"""
    agent = {
        "model": {"provider": "openai", "model": "gpt-4o"},
        "firstMessage": "Hi",
        "voice": {"provider": "azure", "voiceId": "x"},
    }
    for name in ("retell.json", "package.json", "notes"):
        outcome = parse_files([File(name, json.dumps(agent).encode())])
        assert [found.agents.platform for found in outcome.parsed] == ["vapi"]


def test_asking_for_one_platform_leaves_the_others_out() -> None:
    """MIG-2"""
    agent = {"model": {"provider": "openai", "model": "gpt-4o"}, "firstMessage": "Hi"}
    outcome = parse_files([File("a.json", json.dumps(agent).encode())], platform="retell")
    assert outcome.parsed == []
    assert "retell" in outcome.refused[0].reason
