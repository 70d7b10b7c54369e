"""A repository is looked through without running it, and without what git ignores."""

from pathlib import Path

from speko_core.migration.documents import File
from speko_core.migration.gitignore import Ignore
from speko_core.migration.inspect import inspect_files
from speko_core.migration.workspace import select_files
from tests.core.migration.samples import FIXTURES

SERVER = b"""
app.post("/vapi/webhook", handler)
app.get("/health", ok)
const number = "+12025550199"
const client = fetch("https://api.vapi.ai/assistant")
"""


def _workspace(root: Path) -> Path:
    (root / "agents").mkdir()
    (root / "agents" / "boats.json").write_bytes((FIXTURES / "vapi_assistant.json").read_bytes())
    (root / "server.ts").write_bytes(SERVER)
    (root / "bot.py").write_bytes((FIXTURES / "livekit_agent.py").read_bytes())
    (root / "package.json").write_text('{"name": "x", "dependencies": {"@vapi-ai/server-sdk": "0.5"}}')
    (root / ".env").write_text("VAPI_API_KEY=sk-very-secret-value-123456\nPORT=3000\n")
    (root / ".gitignore").write_text(".env\n/private/\n*.bak.json\n!keep.bak.json\n")
    (root / "private").mkdir()
    (root / "private" / "agent.json").write_bytes((FIXTURES / "vapi_assistant.json").read_bytes())
    (root / "old.bak.json").write_bytes((FIXTURES / "vapi_assistant.json").read_bytes())
    (root / "keep.bak.json").write_bytes((FIXTURES / "bland_call.json").read_bytes())
    (root / "node_modules").mkdir()
    (root / "node_modules" / "a.json").write_bytes((FIXTURES / "vapi_assistant.json").read_bytes())
    (root / "link.json").symlink_to(root / "private" / "agent.json")
    return root


def test_a_workspace_is_walked_without_ignored_and_generated_files(tmp_path: Path) -> None:
    """MIG-1"""
    paths = {file.path for file in select_files(_workspace(tmp_path))}
    assert paths == {".env", "agents/boats.json", "bot.py", "keep.bak.json", "package.json", "server.ts"}


def test_of_an_environment_file_only_the_names_are_read(tmp_path: Path) -> None:
    """MIG-5"""
    environment = next(file for file in select_files(_workspace(tmp_path)) if file.path == ".env")
    assert environment.content == b"VAPI_API_KEY=\nPORT="


def test_everything_that_concerns_voice_agents_is_found(tmp_path: Path) -> None:
    """MIG-1"""
    found = inspect_files(select_files(_workspace(tmp_path)))
    seen = {(finding.path, finding.kind, finding.platform, finding.detail) for finding in found.findings}
    assert ("agents/boats.json", "configuration", "vapi", "Vapi: assistant") in seen
    assert ("keep.bak.json", "configuration", "bland", "Bland: call") in seen
    assert ("bot.py", "configuration", "livekit", "LiveKit Agents: python") in seen
    assert ("server.ts", "code", "vapi", "Vapi client or webhook code") in seen
    assert ("server.ts", "webhook_route", "vapi", "/vapi/webhook") in seen
    assert ("server.ts", "phone_number", None, "+12025550199") in seen
    assert (".env", "environment", None, "VAPI_API_KEY") in seen
    assert ("package.json", "dependency", None, "@vapi-ai/server-sdk") in seen
    assert not any(detail in ("PORT", "/health") for _, _, _, detail in seen)


def test_the_plan_moves_numbers_last(tmp_path: Path) -> None:
    """MIG-1"""
    found = inspect_files(select_files(_workspace(tmp_path)))
    assert [step.step for step in found.plan] == list(range(1, len(found.plan) + 1))
    assert "parse_external_config" in found.plan[0].action
    assert "numbers last" in found.plan[-1].action
    assert set(found.selected) == {"agents/boats.json", "keep.bak.json", "bot.py"}


def test_what_looks_like_an_agent_and_is_not_read_is_named() -> None:
    """MIG-1"""
    index = b'{"agents": [{"name": "a", "config": "agent_configs/a.json"}]}'
    found = inspect_files([File("agents.json", index), File("broken.json", b"{")])
    assert [item.path for item in found.refused] == ["agents.json", "broken.json"]
    assert found.findings == []


def test_a_credential_in_a_route_or_a_name_is_not_shown() -> None:
    """MIG-5"""
    text = b'app.post("/webhook/sk-proj-abcdefghij1234567890KLMN", vapi)'
    shown = inspect_files([File("src/server.js", text)]).model_dump_json()
    assert "/webhook/" in shown
    assert "1234567890" not in shown


def test_git_ignore_rules_hold_as_git_reads_them(tmp_path: Path) -> None:
    """MIG-1"""
    (tmp_path / ".gitignore").write_text(
        "# c\n/top\nsub/*.json\n**/deep/x\na?b\n[xy].md\nfolder/\n!sub/kept.json\n*" * 1
    )
    rules = Ignore.empty().with_file(tmp_path, tmp_path / ".gitignore")
    (tmp_path / ".gitignore").write_text("/top\nsub/*.json\n**/deep/x\na?b\n[xy].md\nfolder/\n!sub/kept.json\n")
    rules = Ignore.empty().with_file(tmp_path, tmp_path / ".gitignore")
    ignored = ["top", "sub/a.json", "p/q/deep/x", "acb", "d/x.md"]
    kept = ["d/top", "sub/kept.json", "sub/d/a.json", "z.md", "folder", "acbd"]
    assert [path for path in ignored if not rules.matches(tmp_path / path, is_folder=False)] == []
    assert [path for path in kept if rules.matches(tmp_path / path, is_folder=False)] == []
    assert rules.matches(tmp_path / "d" / "folder", is_folder=True)
