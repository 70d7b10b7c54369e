"""What an agent hands to a person: the quickstart's steps over MCP, snippets that run, a web app that talks."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from tests.e2e.caller_speech import write_caller
from tests.e2e.cdp import browser_page, chromium_path
from tests.e2e.mcp_clients import CLIENTS
from tests.e2e.running_product import Product
from tests.ports import reserve_ports

RUN_S = 60
SDK = CLIENTS / "python-sdk" / "bin" / "python"
NODE = shutil.which("node")
SPOKEN = "what are your opening hours"
RUNNERS = {"python": SDK if SDK.exists() else None, "node": NODE, "curl": shutil.which("sh")}
ANSWERED = "document.querySelectorAll('#transcript .agent').length"

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@asynccontextmanager
async def running(folder: Path, *command: str | Path, **variables: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program in `folder`; it is gone when the block ends."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env={"PATH": os.environ["PATH"], "HOME": str(folder), **variables},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(RUN_S):
            yield process
    finally:
        # npm starts a program of its own; both are in this group.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()


async def output_of(folder: Path, *command: str | Path, **variables: str) -> str:
    """What a program says that ends well."""
    async with running(folder, *command, **variables) as process:
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
    return said.decode()


def mcp(product: Product) -> Client[Any]:
    """A scripted coding agent."""
    return Client(StreamableHttpTransport(f"{product.base_url}/mcp?profile=builder", auth=product.links["test_key"]))


async def call(client: Client[Any], tool: str, **arguments: object) -> dict[str, Any]:
    """What a tool answers."""
    result = await client.call_tool(tool, arguments)
    assert result.structured_content is not None
    return result.structured_content


@pytest.mark.parametrize("code_language", ["python", "node", "curl"])
async def test_every_snippet_runs_as_it_is(product: Product, tmp_path: Path, code_language: str) -> None:
    """MCP-2: talk, complete, synthesize and transcribe, against the server that wrote the snippet."""
    runner = RUNNERS[code_language]
    if runner is None:
        pytest.skip(f"nothing here runs {code_language}")
    await asyncio.to_thread(write_caller, tmp_path / "call.wav", [SPOKEN], [0.3], after_s=0.5)
    headers = {"Authorization": f"Bearer {product.links['test_key']}"}
    said: dict[str, str] = {}
    async with httpx.AsyncClient(base_url=product.base_url, headers=headers) as http:
        for task in ("talk", "complete", "synthesize", "transcribe"):
            asked = await http.get("/v1/snippets", params={"codeLanguage": code_language, "task": task})
            snippet = asked.json()
            await asyncio.to_thread((tmp_path / snippet["fileName"]).write_text, snippet["code"])
            key = product.links["test_key"]
            said[task] = await output_of(tmp_path, runner, snippet["fileName"], SPEKO_API_KEY=key)
    assert f"{product.base_url}/talk/" in said["talk"]
    assert "sandbox" in said["complete"]
    assert (tmp_path / "speech.pcm").stat().st_size > 10_000
    assert "opening hours" in said["transcribe"].lower()


@pytest.mark.skipif(NODE is None or chromium_path() is None, reason="needs Node and Chromium")
async def test_the_quickstart_ends_with_an_app_that_talks(product: Product, tmp_path: Path) -> None:
    """MCP-4: search, create, deploy, start a test session, scaffold; the app is built, run and talked to."""
    async with mcp(product) as client:
        found = await call(client, "search_docs", query="best practices for the system prompt of a voice agent")
        agent = await call(
            client, "create_agent", name="my-first-agent", systemPrompt="You are a friendly assistant.",
            firstMessage="Hello, how can I help?", intent={"language": "en-US"},
        )  # fmt: skip
        await call(client, "deploy_agent", id=agent["id"], environment="production")
        session = await call(client, "start_test_session", agentId=agent["id"])
        app = await call(client, "scaffold_app", agentId=agent["id"], appName="first-app")
    assert found["results"]
    assert session["talkUrl"].startswith(f"{product.base_url}/talk/")
    folder = tmp_path / "first-app"
    for file in app["files"]:
        path = folder / file["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file["content"])
    await output_of(folder, "npm", "run", "build")
    port = str(reserve_ports())
    microphone = await asyncio.to_thread(write_caller, tmp_path / "caller.wav", [], [], after_s=1.0)
    key = product.links["test_key"]
    async with (
        running(folder, "npm", "start", SPEKO_API_KEY=key, PORT=port) as server,
        browser_page(tmp_path / "profile", microphone) as page,
    ):
        assert server.stdout is not None
        while f":{port}" not in (await server.stdout.readline()).decode():
            assert server.returncode is None
        await page.open(f"http://127.0.0.1:{port}/")
        await page.click("#talk")
        await page.until(f"{ANSWERED} > 0", 30)
        before = await page.evaluate(ANSWERED)
        await page.click("#text")
        await page.fill("#text", "who are you")
        await page.evaluate("document.getElementById('typed').requestSubmit()")
        await page.until(f"{ANSWERED} > {before}", 30)
        await page.click("#talk")
        await page.until("document.getElementById('state').textContent.includes('over')")
        assert page.problems == []
