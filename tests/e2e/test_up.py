"""A newcomer's first hour: `speko up`, REST, MCP, a spoken conversation, the command line, the second start."""

import json
import shlex
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastmcp import Client
from fastmcp.client.auth import BearerAuth

from tests.e2e.running_product import Product
from tests.e2e.spoken import heard, write_caller

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

QUESTION = "what are your opening hours"


def rest(product: Product, key: str = "test_key") -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {product.links[key]}"}
    return httpx.AsyncClient(base_url=product.base_url, headers=headers, timeout=30)


async def test_the_first_start_shows_everything_a_person_needs(product: Product) -> None:
    """OPS-1: talk page, MCP, dashboard, one-time sign-in, two keys, and the line for a coding agent."""
    links = product.links
    assert links["talk"] == f"{product.base_url}/talk"
    assert links["mcp"] == f"{product.base_url}/mcp"
    assert links["test_key"].startswith("sk_test_")
    assert links["live_key"].startswith("sk_live_")
    assert shlex.split(links["claude"]) == [
        "claude", "mcp", "add", "--transport", "http", "speko", links["mcp"],
        "--header", f"Authorization: Bearer {links['test_key']}",
    ]  # fmt: skip
    async with httpx.AsyncClient(timeout=30) as http:
        page = await http.get(links["sign_in"], follow_redirects=True)
        assert (page.status_code, (await http.get(f"{product.base_url}/readyz")).status_code) == (200, 200)


async def test_every_role_answers_its_health_port(product: Product) -> None:
    """OPS-3: `/healthz` and `/readyz` per role."""
    port = int(product.environment["SPEKO_PORT"])
    async with httpx.AsyncClient(timeout=10) as http:
        for role_port in (port, port + 1, port + 2):
            for path in ("/healthz", "/readyz"):
                assert (await http.get(f"http://127.0.0.1:{role_port}{path}")).status_code == 200


@pytest.mark.parametrize("key", ["test_key", "live_key"])
async def test_the_seeded_agent_is_there_over_rest(product: Product, key: str) -> None:
    """ORG-2: the organization has its `Default` agent."""
    async with rest(product, key) as http:
        agents = (await http.get("/v1/agents")).json()
    assert "Default" in [agent["name"] for agent in agents]


async def test_an_agent_built_over_mcp_holds_a_spoken_conversation(product: Product, tmp_path: Path) -> None:
    """MCP-4, SES-8: create an agent, talk to it with real audio, read who said what over both doors."""
    async with Client(product.links["mcp"], auth=BearerAuth(product.links["test_key"])) as mcp:
        wish = {"name": "Bakery", "systemPrompt": "You answer for a bakery.", "intent": {"language": "en-US"}}
        agent = await call(mcp, "create_agent", {**wish, "firstMessage": "Hello, this is the bakery."})
        report, reply = await talk(product, tmp_path, str(agent["id"]), QUESTION)
        transcript = await call(mcp, "get_transcript", {"id": report["sessionId"]})
        session = await call(mcp, "create_session", {"agentId": agent["id"]})
    assert str(session["talkUrl"]).startswith(f"{product.base_url}/talk/")
    assert report["status"] == "ended"
    for turns in (report["turns"], transcript["entries"]):
        assert QUESTION in said(turns, "user")
        assert "this is the bakery" in said(turns, "agent")
    answer = report["turns"][-1]
    assert (answer["legs"]["llm"]["provider"], answer["legs"]["tts"]["provider"]) == ("sandbox", "local")
    assert answer["latency"]["totalMs"] > 0
    understood = set((await heard(product.base_url, product.links["test_key"], reply)).split())
    words = set(said(report["turns"], "agent").replace(",", " ").replace(".", " ").split())
    assert len(understood & words) >= 3


async def call(mcp: Client[Any], tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The structured answer of a tool."""
    content = (await mcp.call_tool(tool, arguments)).structured_content
    assert isinstance(content, dict)
    return content


def said(turns: list[dict[str, Any]], source: str) -> str:
    """Everything one side said, in lower case."""
    return " ".join(turn["text"].lower() for turn in turns if turn["source"] == source)


async def talk(product: Product, folder: Path, agent: str, sentence: str) -> tuple[dict[str, Any], bytes]:
    """`speko talk` as a person runs it: no key at hand, a WAV in, a WAV out."""
    wav = await write_caller(folder / "caller.wav", sentence)
    out = folder / "reply.wav"
    code, stdout, stderr = await product.command(
        "talk", "--agent", agent, "--in", str(wav), "--out", str(out), "--json"
    )
    assert code == 0, stderr
    report: dict[str, Any] = json.loads(stdout)
    return report, out.read_bytes()


async def test_talk_says_which_agents_there_are_when_the_name_is_wrong(product: Product, tmp_path: Path) -> None:
    """OPS-6: a sentence and an exit code, not a trace."""
    wav = await write_caller(tmp_path / "caller.wav", QUESTION)
    code, _, err = await product.command("talk", "--agent", "Nobody", "--in", str(wav))
    assert code == 1
    assert "There is no agent named Nobody; there are: Default" in err
