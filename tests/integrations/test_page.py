"""docs/integrations.md says what is so, and its commands work as they stand."""

import re
import shlex
from pathlib import Path

from speko_core.integrations.apps import APPS
from speko_core.integrations.operations import OPERATIONS
from tests.integrations.kit import Desk, consent, desk

__all__ = ["desk"]

PAGE = (Path(__file__).parents[2] / "docs" / "integrations.md").read_text()
COMMANDS = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)


def _command(text: str, **variables: str) -> tuple[str, str | None]:
    """The path and the body of a curl command, with the shell's variables filled in."""
    for name, value in variables.items():
        text = text.replace(f"'\"${name}\"'", value).replace(f"${name}", value)
    words = shlex.split(text.replace("\\\n", " "))
    (url,) = [word for word in words if word.startswith("http")]
    return url.removeprefix("http://127.0.0.1:8484"), words[words.index("-d") + 1] if "-d" in words else None


async def test_the_commands_connect_a_calendar_and_give_an_agent_a_tool(desk: Desk) -> None:
    """AGT-5: as a reader would do it."""
    path, _ = _command(COMMANDS[0], SPEKO_API_KEY="")
    url = (await desk.rest.post(path)).json()["url"]
    assert (await desk.browser.see(await consent(url))).status_code == 303
    (installation,) = await desk.installations()
    names = {"SPEKO_AGENT_ID": desk.tenant.agent_id, "SPEKO_INSTALLATION_ID": installation["id"], "SPEKO_API_KEY": ""}
    path, body = _command(COMMANDS[1], **names)
    made = await desk.rest.post(path, content=body, headers={"content-type": "application/json"})
    assert made.status_code == 201, made.text
    told = await desk.call(
        {**made.json(), "executionMode": "integration"},
        {"start": "2026-12-03T09:00:00", "end": "2026-12-03T09:30:00"},
    )
    assert (told.data["title"], told.data["start"]) == ("Appointment by phone", "2026-12-03T09:00:00+01:00")


def test_the_tables_name_every_action_and_operation() -> None:
    """AGT-5: parameters and settings as they are declared."""
    row = "| `{}` | {} | {} |".format
    for action in (action for app in APPS for action in app.actions):
        given, fixed = (", ".join(f"`{name}`" for name in names) for names in (action.parameters, action.settings))
        assert row(action.key, given, fixed) in PAGE
    for operation in OPERATIONS:
        assert operation.http is not None
        assert operation.tool is not None
        assert f"| `{operation.http.method} {operation.http.path}` | `{operation.tool.name}` |" in PAGE
