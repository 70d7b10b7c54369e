"""What `mcp_speed.py` measures beside this product: the smallest servers of FastMCP and the SDK, and no MCP at all.

One tool that adds two numbers, no sign-in, no database, nothing written. `BARE` is fastmcp, sdk or json; uvicorn serves
`mcp_servers:app`.
"""

import json
import os

import mcp_types
from fastmcp import FastMCP
from mcp.server import Server, ServerRequestContext
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ADD = mcp_types.Tool(
    name="add",
    input_schema={
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "required": ["a", "b"],
    },
)


def fastmcp() -> Starlette:
    """FastMCP, stateless, JSON answers."""
    server: FastMCP[None] = FastMCP("bare")

    @server.tool
    async def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    return server.http_app(path="/mcp", stateless_http=True, json_response=True)


def sdk() -> Starlette:
    """The SDK's low-level server, stateless, JSON answers."""

    async def tools(
        context: ServerRequestContext[object], params: mcp_types.PaginatedRequestParams | None
    ) -> mcp_types.ListToolsResult:
        return mcp_types.ListToolsResult(tools=[ADD])

    async def call(
        context: ServerRequestContext[object], params: mcp_types.CallToolRequestParams
    ) -> mcp_types.CallToolResult:
        total = sum((params.arguments or {}).values())
        content: list[mcp_types.ContentBlock] = [mcp_types.TextContent(type="text", text=str(total))]
        return mcp_types.CallToolResult(content=content, structured_content={"result": total})

    server: Server[object] = Server("bare", on_list_tools=tools, on_call_tool=call)
    return server.streamable_http_app(stateless_http=True, json_response=True)


def plain() -> Starlette:
    """JSON over Starlette: what is left without any of it."""

    async def call(request: Request) -> Response:
        message = json.loads(await request.body())
        total = sum(message["params"]["arguments"].values())
        result = {"content": [{"type": "text", "text": str(total)}], "structuredContent": {"result": total}}
        return Response(
            json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), media_type="application/json"
        )

    return Starlette(routes=[Route("/mcp", call, methods=["POST"])])


app = {"fastmcp": fastmcp, "sdk": sdk, "json": plain}[os.environ["BARE"]]()
