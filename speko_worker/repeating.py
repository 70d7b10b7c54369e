"""Saying something to the gateway until it is taken."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from speko_worker.backoff import Backoff
from speko_worker.gateway import GatewayError

logger = logging.getLogger("speko.worker.repeating")


async def repeated(call: Callable[[], Awaitable[None]], budget_s: float, what: str) -> bool:
    """Repeat until the gateway takes it or refuses it for good; False when it did neither in time."""
    backoff = Backoff()
    try:
        async with asyncio.timeout(budget_s):
            while True:
                try:
                    await call()
                    return True
                except GatewayError as failure:
                    if failure.is_final:
                        logger.warning("gateway refused the %s", what, extra={"code": failure.code})
                        return True
                    await asyncio.sleep(backoff.next())
    except TimeoutError:
        logger.warning("gateway did not take the %s in time", what)
        return False
