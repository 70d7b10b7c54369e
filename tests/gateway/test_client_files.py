"""The browser client as files: who may read them, what they are, and LiveKit's library beside them."""

import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from speko_core.doctor.installation import browser_library
from speko_core.settings import Settings
from speko_gateway.web.static_files import client_mount

ROOT = Path(__file__).parents[2]


def reader(library: Path) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=[client_mount(library)]))
    return httpx.AsyncClient(transport=transport, base_url="http://speko.test")


@pytest.mark.parametrize(
    ("name", "kind"), [("speko-client.js", "text/javascript"), ("speko-client.d.ts", "typescript")]
)
async def test_any_origin_may_import_the_client_and_read_its_types(name: str, kind: str, tmp_path: Path) -> None:
    """SES-8: a customer's page is on another origin; a browser refuses modules of the wrong type."""
    async with reader(tmp_path / "none.mjs") as http:
        answer = await http.get(f"/client/{name}")
    assert answer.status_code == 200
    assert kind in answer.headers["content-type"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-cache"


async def test_livekits_library_is_served_where_it_is_installed_and_nowhere_else(tmp_path: Path) -> None:
    """SES-8: nothing of it is shipped; `speko doctor` says how to get it."""
    without = Settings(data_dir=tmp_path, livekit_url="ws://127.0.0.1:7880")
    library = without.livekit_client_path
    async with reader(library) as http:
        missing = await http.get("/client/livekit-client.js")
        before = browser_library(without)
        library.parent.mkdir(parents=True)
        library.write_text("export const version = 1;")
        found = await http.get("/client/livekit-client.js")
    assert missing.status_code == 404
    assert (found.text, found.headers["content-type"].partition(";")[0]) == (
        "export const version = 1;",
        "text/javascript",
    )
    assert [finding.state for finding in (*before, *browser_library(without))] == ["warn", "ok"]
    assert browser_library(Settings(data_dir=tmp_path)) == []


def test_the_documented_command_fetches_the_library_that_is_tested() -> None:
    """SES-8: one version in docs and tests, to the place where the gateway looks."""
    documented = re.search(r"npm install --prefix data (\S+)", (ROOT / "docs" / "browser.md").read_text())
    assert documented is not None
    assert f'"{documented[1]}"' in (ROOT / "tests" / "e2e" / "clients" / "install.sh").read_text()
    name = documented[1].partition("@")[0]
    assert Settings(data_dir=Path("data")).livekit_client_path.parent == Path("data", "node_modules", name, "dist")
