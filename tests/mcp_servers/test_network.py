"""AGT-4: the MCP client reaches nothing that a webhook may not reach, whatever the library under it would do."""

import pytest

from speko_core.adapters.mcp_servers import McpServers
from speko_core.outbound.backend import Resolver
from speko_core.outbound.client import GuardedTransport, guarded_client
from speko_core.ports.tool_servers import Discovery, ToolServer, ToolServerFailed
from tests.core.outbound.endpoint_kit import ScriptedResolver, endpoint
from tests.core.outbound.test_guarded_client import BLOCKED

REFUSED = "the URL leads to a private or reserved address"


async def asked(url: str, resolve: Resolver | None = None, *, insecure: bool = False) -> Discovery:
    async with guarded_client(GuardedTransport(allow_insecure=insecure, resolve=resolve)) as outbound:
        return await McpServers(outbound).discover(ToolServer(url), timeout_s=2.0)


@pytest.mark.parametrize("host", BLOCKED.split())
async def test_no_spelling_of_a_private_host_is_dialled(host: str) -> None:
    """AGT-4"""
    async with endpoint() as server:
        with pytest.raises(ToolServerFailed):
            await asked(f"https://{host}:{server.port}/mcp")
        assert server.connections == 0


@pytest.mark.parametrize("answers", [(["203.0.113.9"], ["127.0.0.1"]), (["127.0.0.1"],), (["8.8.8.8", "::1"],)])
async def test_names_that_rebind_or_answer_both_ways_are_not_dialled(answers: tuple[list[str], ...]) -> None:
    """AGT-4"""
    async with endpoint() as server:
        with pytest.raises(ToolServerFailed, match=REFUSED):
            await asked(f"https://rebind.example:{server.port}/mcp", ScriptedResolver(*answers))
        assert server.connections == 0


async def test_plain_http_is_not_dialled_outside_development() -> None:
    """AGT-4"""
    async with endpoint() as server:
        with pytest.raises(ToolServerFailed):
            await asked(f"http://clinic.example:{server.port}/mcp", ScriptedResolver(["8.8.8.8"]))
        assert server.connections == 0


@pytest.mark.parametrize("status", [302, 307, 308])
@pytest.mark.parametrize("target", ["http://127.0.0.1:{port}/there", "/there"])
async def test_redirects_are_not_followed(status: int, target: str) -> None:
    """AGT-4: the library follows those within the origin; here none is."""
    async with endpoint() as server, endpoint() as other:
        location = target.format(port=other.port)
        server.answer = f"HTTP/1.1 {status} Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n".encode()
        with pytest.raises(ToolServerFailed, match="redirect"):
            await asked(f"http://127.0.0.1:{server.port}/mcp", insecure=True)
        assert (server.connections, other.connections) == (1, 0)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n\r\nbomb", "compressed"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{}", "broke off"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n<html>", "does not know"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + b"data: x\n" * 400_000, "too large"),
        (b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", "HTTP status 503"),
        (b"SSH-2.0-OpenSSH\r\n", "not valid HTTP"),
    ],
)
async def test_what_is_no_answer_of_the_protocol_is_a_failure_in_our_words(answer: bytes, problem: str) -> None:
    """AGT-9"""
    async with endpoint() as server:
        server.answer = answer
        with pytest.raises(ToolServerFailed, match=problem):
            await asked(f"http://127.0.0.1:{server.port}/mcp", insecure=True)
