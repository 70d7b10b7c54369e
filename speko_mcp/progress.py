"""Progress of long work, for clients that ask for it.

An answer is one JSON object, except where a client sent a progress token to a tool that may take long: then it is a
stream of events, which says every few seconds that the work goes on and ends with the answer.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from fastmcp.server.dependencies import get_context
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from speko_core.operations import AnyOperation
from speko_core.ports.clock import Clock
from speko_mcp.bodies import Body, at, called_tool, message_in

EVERY_S = 2.0
MAX_BODY_BYTES = 4_194_304
_STREAM = "text/event-stream"


def takes_long(operation: AnyOperation) -> bool:
    """Whether a call may take longer than people wait without a word: it waits for work, reads files, or calls out."""
    tool = operation.tool
    return tool is not None and (bool(tool.unfinished) or tool.toolset == "migrate" or operation.conclude is not None)


@asynccontextmanager
async def told(operation: AnyOperation, clock: Clock) -> AsyncIterator[None]:
    """Say that the call goes on for as long as the block runs; nothing where the client did not ask."""
    if not takes_long(operation):
        yield
        return
    telling = asyncio.create_task(_tell(operation, clock))
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


async def _tell(operation: AnyOperation, clock: Clock) -> None:
    request = get_context().request_context
    begun = clock.monotonic()
    while request is not None:
        await clock.sleep(EVERY_S)
        passed = round(clock.monotonic() - begun, 1)
        await request.session.report_progress(passed, message=f"{operation.summary} Still at it after {passed:g} s.")


class Streams:
    """ASGI middleware that chooses how a request is answered: `plain` in JSON, `streaming` with progress."""

    def __init__(self, plain: ASGIApp, streaming: ASGIApp, long: Iterable[str], calling: str) -> None:
        self._plain = plain
        self._streaming = streaming
        self._long = frozenset(long)
        self._calling = calling

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["method"] != "POST" or _STREAM not in Headers(scope=scope).get("accept", ""):
            await self._plain(scope, receive, send)
            return
        body = Body(receive)
        message = message_in(await body.read(MAX_BODY_BYTES))
        token, tool = at(message, "params", "_meta", "progressToken"), called_tool(message, self._calling)
        watched = token is not None and tool in self._long
        await (self._streaming if watched else self._plain)(scope, body.replay, send)
