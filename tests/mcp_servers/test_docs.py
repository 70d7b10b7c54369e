"""The commands of docs/mcp-servers.md do what the page says."""

import json
import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.mcp_servers.kit import TOKEN, Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAGE = Path(__file__).parents[2] / "docs" / "mcp-servers.md"


def commands(**given: str) -> list[tuple[str, dict[str, object]]]:
    """Path and body of each command, with the variables of its shell."""
    found = []
    for command in re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.DOTALL):
        words = shlex.split(command.replace("\\\n", " "))
        path = urlsplit(next(word for word in words if word.startswith("http"))).path
        for name, value in given.items():
            path = path.replace(f"${name}", value)
        found.append((path, json.loads(words[-1])))
    return found


async def test_the_commands_of_the_page_add_a_server_and_look_at_it_again(desk: Desk) -> None:
    """AGT-9"""
    (path, body), _ = commands(SPEKO_AGENT_ID=desk.tenant.agent_id)
    assert {"bearerToken", "url"} <= body.keys()
    ours = {"bearerToken": TOKEN, "url": f"{desk.clinic.url}/locked/mcp"}
    made = await desk.rest.post(path, json={**body, **ours})
    assert made.status_code == 201, made.text
    assert set(await desk.tools()) == {"clinic_free_slots", "clinic_book"}
    _, (again, body) = commands(SPEKO_AGENT_ID=desk.tenant.agent_id, SERVER_ID=made.json()["id"])
    answer = await desk.rest.post(again, json=body)
    assert (answer.status_code, answer.json()["changes"], answer.json()["dryRun"]) == (200, [], True)
