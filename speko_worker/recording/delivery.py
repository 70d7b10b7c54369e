"""A finished recording on its way to the gateway, through any outage that is not too long."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from speko_worker.backoff import Backoff
from speko_worker.gateway import GatewayError, SessionApi
from speko_worker.recording.call import CallRecording, Recorded

logger = logging.getLogger("speko.worker.recording")

UPLOAD_TIMEOUT_S = 120.0
LAST_WORD_S = 5.0


async def deliver(api: SessionApi, recording: CallRecording, recorded: Recorded | None, budget_s: float) -> None:
    """Upload the file, or say that there is none; the file is gone from this disk afterwards."""
    try:
        if recorded is None or not await _uploaded(api, recorded, budget_s):
            await _repeated(api.recording_failed, LAST_WORD_S)
    finally:
        recording.discard()


async def _uploaded(api: SessionApi, recorded: Recorded, budget_s: float) -> bool:
    return await _repeated(lambda: api.upload_recording(str(recorded.path), recorded.duration_ms), budget_s)


async def _repeated(call: Callable[[], Awaitable[None]], budget_s: float) -> bool:
    """Until the gateway takes it or refuses for good; False when it did not in time."""
    backoff = Backoff()
    try:
        async with asyncio.timeout(budget_s):
            while True:
                try:
                    await call()
                    return True
                except GatewayError as failure:
                    if failure.is_final:
                        logger.warning("gateway refused the recording", extra={"code": failure.code})
                        return True
                    await asyncio.sleep(backoff.next())
    except TimeoutError:
        logger.warning("gateway did not take the recording in time")
        return False
