"""Every platform's shapes: recognized, accounted for, as the snapshots a person has read."""

import ast
import re
from pathlib import Path

import jsonschema
import pytest

from speko_core.migration import targets
from speko_core.migration.documents import File
from speko_core.migration.neutral import dump, neutral_schema
from speko_core.migration.parse import parse_files
from speko_core.migration.readers import READERS
from speko_core.migration.report import STATUSES
from tests.core.migration.samples import DOCS, FIXTURES, GENERATED, SAMPLES, SNAPSHOTS, page_with, parsed, snapshot

READER_FOLDER = Path(targets.__file__).parent
_TAKES = {
    "take",
    "take_text",
    "take_number",
    "take_flag",
    "take_texts",
    "take_template",
    "take_prompt",
    "_seconds",
    "_text",
    "read_seconds",
    "take_words",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_shape_is_recognized_as_what_it_is(name: str) -> None:
    """MIG-4"""
    platform, kind, files = SAMPLES[name]
    agents = parsed(name).agents
    assert (agents.platform, agents.kind) == (platform, kind)
    assert agents.files == list(files)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_report_reads_as_its_snapshot(name: str) -> None:
    """MIG-2"""
    assert snapshot(name) == (SNAPSHOTS / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", SAMPLES)
def test_the_neutral_model_fits_its_published_schema(name: str) -> None:
    """MIG-2"""
    jsonschema.validate(dump(parsed(name).agents), neutral_schema())


@pytest.mark.parametrize("name", SAMPLES)
def test_everything_but_a_plain_copy_has_a_reason(name: str) -> None:
    """MIG-2"""
    silent = [entry.pointer for entry in parsed(name).report.entries if entry.status != "mapped" and not entry.reason]
    assert silent == []


def test_every_fixture_belongs_to_a_sample_and_every_platform_has_one() -> None:
    """MIG-4"""
    used = {file for _, _, files in SAMPLES.values() for file in files}
    assert used == {path.name for path in FIXTURES.iterdir()}
    assert {reader.platform for reader in READERS} == {platform for platform, _, _ in SAMPLES.values()}


def test_an_agent_and_its_engine_in_two_files_are_one_agent() -> None:
    """MIG-2"""
    found = parsed("retell_agent_and_llm")
    assert found.agents.agents[0].name == "Garage"
    assert found.agents.agents[0].prompt.startswith("Du nimmst Aufträge an.")
    assert {entry.pointer.split("#")[0] for entry in found.report.entries} == {"retell_agent.json", "retell_llm.json"}


def test_a_member_given_by_id_is_read_from_its_own_file() -> None:
    """MIG-2"""
    squad = b'{"members": [{"assistantId": "a-1"}, {"assistantId": "a-2"}]}'
    member = b'{"id": "a-1", "name": "One", "firstMessage": "Hi", "model": {"provider": "openai", "model": "gpt-4o", "systemPrompt": "P"}}'
    outcome = parse_files([File("squad.json", squad), File("one.json", member)])
    assert [agent.prompt for agent in outcome.parsed[0].agents.agents] == ["P", ""]
    assert len(outcome.parsed) == 1


def _neutral_names(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        texts = [item.value for item in node.args if isinstance(item, ast.Constant) and isinstance(item.value, str)]
        named = [
            item.value.value for item in node.keywords if item.arg == "target" and isinstance(item.value, ast.Constant)
        ]
        if called in _TAKES and texts:
            names.add(texts[-1] if texts[-1] != "single" else texts[-2])
        if (called == "mark" and len(node.args) == 3) or (called == "approximated" and len(node.args) == 2):
            names.update(texts[-1:])
        if called == "Rule" and len(texts) == 4:
            names.add(texts[3])
        names.update(str(name) for name in named)
    return {name for name in names if re.fullmatch(r"[a-z]\w*(\.\w+)*", name) and name not in STATUSES}


def test_every_field_a_reader_names_has_a_landing() -> None:
    """MIG-2: a name missing from the table would be reported as unsupported though it is carried over."""
    named = set().union(*(_neutral_names(path) for path in READER_FOLDER.rglob("*.py")))
    assert len(named) > 60
    unknown = {name for name in named if targets.landing_of(name).note == "No field for it here."}
    assert unknown == set()


def test_the_page_shows_the_present_table_and_reports() -> None:
    """MIG-2: the documentation is generated from the same tables."""
    for name in GENERATED:
        assert page_with(name) == (DOCS / f"{name}.md").read_text()
