"""A finished recording on its way to the gateway, through any outage that is not too long."""

from speko_worker.gateway import SessionApi
from speko_worker.recording.call import CallRecording, Recorded
from speko_worker.repeating import repeated

UPLOAD_TIMEOUT_S = 120.0
LAST_WORD_S = 5.0


async def deliver(api: SessionApi, recording: CallRecording, recorded: Recorded | None, budget_s: float) -> None:
    """Upload the file, or say that there is none; the file is gone from this disk afterwards."""
    try:
        if recorded is None or not await _uploaded(api, recorded, budget_s):
            await repeated(api.recording_failed, LAST_WORD_S, "end of a recording")
    finally:
        recording.discard()


async def _uploaded(api: SessionApi, recorded: Recorded, budget_s: float) -> bool:
    return await repeated(lambda: api.upload_recording(str(recorded.path), recorded.duration_ms), budget_s, "recording")
