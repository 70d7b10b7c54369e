"""Configurations that other people published, where a folder of them stands beside the checkout; none are kept here."""

from pathlib import Path

import pytest

from speko_core.agents.schemas import AgentCreate
from speko_core.migration.build import BuildOptions
from speko_core.migration.documents import File, documents_of
from speko_core.migration.emit import build_session_config
from speko_core.migration.parse import parse_files
from speko_core.migration.paths import leaf_paths
from speko_core.migration.secrets import Scrubber

CORPUS = Path(__file__).parents[3].parent / "shared" / "corpus"
FILES = sorted(path for path in CORPUS.glob("*/*") if path.is_file())
PLATFORMS = {"pipecat-flows": "pipecat"}

pytestmark = pytest.mark.skipif(not FILES, reason="there is no folder of other people's configurations")


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_a_published_configuration_is_read_in_full(path: Path) -> None:
    """MIG-2, MIG-3, MIG-4, MIG-5"""
    file = File(path.name, path.read_bytes())
    outcome = parse_files([file])
    if not outcome.parsed:
        # A note about an agent is no agent; the refusal has to say so.
        assert "export" in outcome.refused[0].reason
        return
    expected = PLATFORMS.get(path.parent.name, path.parent.name)
    assert {found.agents.platform for found in outcome.parsed} == {expected}
    leaves = sum(len(list(leaf_paths(document.value))) for document in documents_of(file))
    assert sum(found.report.leaves for found in outcome.parsed) == leaves
    for found in outcome.parsed:
        assert len({entry.pointer for entry in found.report.entries}) == found.report.leaves
        for graph in ("staged", "linked"):
            build = build_session_config(found.agents, BuildOptions.model_validate({"graph": graph}))
            for payload in (build.agent_create_payload, *(one.agent_create_payload for one in build.linked_agents)):
                AgentCreate.model_validate(payload)
        # What is shown would be found by the same eyes that look for credentials on the way in.
        scrubber = Scrubber()
        scrubber.scrub(build.model_dump(mode="json", exclude={"keys_to_set", "tools"}))
        assert scrubber.found == []
