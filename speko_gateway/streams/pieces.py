"""A request's body as it comes, for files that never stand in memory whole."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request

from speko_core.errors import InvalidInput


async def pieces(request: Request, stall_s: float) -> AsyncIterator[bytes]:
    """The body, piece by piece; a sender that stalls longer than `stall_s` between two of them is gone.

    Raises:
        InvalidInput: it stalled.
    """
    coming = request.stream().__aiter__()
    while True:
        try:
            async with asyncio.timeout(stall_s):
                piece = await anext(coming)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise InvalidInput("The body stopped coming.") from None
        yield piece
