"""`speko migrate`, as a person uses it on their own machine."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from speko_core.db.migrate import upgrade
from speko_core.deps import build_deps
from speko_core.settings import load_settings
from speko_gateway.cli.migrate import migrate
from tests.conftest import add_tenant
from tests.core.migration.samples import FIXTURES


def run(*arguments: str) -> Result:
    """One run of the command."""
    result = CliRunner().invoke(migrate, arguments)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with one organization, named by the environment."""
    monkeypatch.setenv("SPEKO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SPEKO_DATABASE_URL", "")
    monkeypatch.setenv("SPEKO_MASTER_KEY", "c3Bla28tdGVzdC1tYXN0ZXIta2V5LTMyLWJ5dGVzISE=")
    settings = load_settings()
    upgrade(settings)

    async def fill() -> None:
        deps = build_deps(settings)
        await add_tenant(deps)
        await deps.aclose()

    asyncio.run(fill())
    return tmp_path


def test_inspecting_a_folder_says_what_to_migrate(tmp_path: Path) -> None:
    """MIG-1"""
    (tmp_path / "agent.json").write_bytes((FIXTURES / "vapi_assistant.json").read_bytes())
    output = run("inspect", str(tmp_path)).output
    assert "Vapi: assistant" in output
    assert "1. Parse these files" in output
    assert run("inspect", str(tmp_path), "--list-files").output == "agent.json\n"


def test_parsing_shows_the_report_and_the_keys_to_set() -> None:
    """MIG-2, MIG-5"""
    output = run("parse", str(FIXTURES / "retell_agent.json"), str(FIXTURES / "retell_llm.json")).output
    assert "retell_agent.json, retell_llm.json: retell bundle" in output
    assert "needs_input  retell_llm.json#/general_tools/1/headers/X-Api-Key" in output
    assert "HEADERS_X_API_KEY" in output
    assert "key_9f8e" not in output


def test_building_prints_the_requests() -> None:
    """MIG-3"""
    output = run("build", str(FIXTURES / "telnyx_assistant.json"), "--name", "Gym desk", "--language", "en-US").output
    payload = json.loads(output)[0]["agent_create_payload"]
    assert (payload["name"], payload["intent"]["language"]) == ("Gym desk", "en-US")


def test_applying_twice_updates_instead_of_doubling(installation: Path) -> None:
    """MIG-3"""
    first = run("apply", str(FIXTURES / "vapi_squad.json"), "--graph", "linked").output
    second = run("apply", str(FIXTURES / "vapi_squad.json"), "--graph", "linked").output
    made = [line.split()[1:] for line in first.splitlines() if line.startswith("created ")]
    again = [line.split()[1:] for line in second.splitlines() if line.startswith("unchanged ")]
    assert len(made) == 3
    assert again == made
    assert "  created tool " in first
    assert "  set:  " in first


def test_verifying_shows_a_table_that_lines_up_and_ends_with_what_was_found(installation: Path) -> None:
    """MIG-3: 0 when all matches, 1 when something is missing."""
    good = run("verify", str(FIXTURES / "pipecat_bot.py"))
    lines = good.output.splitlines()
    columns = [line.index("main") for line in lines if " main " in line]
    assert columns == [lines[1].index("agent")] * 2
    assert lines[-1] == "2 matches"
    lost = CliRunner().invoke(migrate, ["verify", str(FIXTURES / "vapi_assistant.json"), "--json"])
    assert lost.exit_code == 1
    answer = json.loads(lost.output)
    assert answer["equivalent"] is False
    assert [check["subject"] for check in answer["verified"][0]["checks"] if check["result"] == "missing"] == ["dtmf"]


def test_exporting_names_what_is_lost() -> None:
    """MIG-2"""
    result = run("export", str(FIXTURES / "vapi_assistant.json"), "--to", "retell")
    document, _, told = result.output.rpartition("\nHarbour Rentals Desk: ")
    assert json.loads(document)[0]["llm"]["begin_message"] == "Harbour Rentals, how can I help?"
    assert told.startswith("retell cannot say ")


def test_a_file_that_is_no_agent_is_a_clear_error(tmp_path: Path) -> None:
    """MIG-1"""
    (tmp_path / "a.json").write_text("{}")
    result = CliRunner().invoke(migrate, ["parse", str(tmp_path / "a.json")])
    assert result.exit_code != 0
    assert "No voice agent was recognized" in str(result.exception)


def test_the_schema_of_the_neutral_model_is_published() -> None:
    """MIG-2"""
    assert json.loads(run("schema").output)["title"] == "VoiceAgents"
