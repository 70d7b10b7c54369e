"""Fetching a recording."""

from pydantic import Field

from speko_core.context import Ctx
from speko_core.errors import NotFound
from speko_core.recordings.rules import CONTENT_TYPE, URL_LIFE_S, RecordingStatus
from speko_core.schemas import Output
from speko_core.sessions import service as sessions
from speko_core.sessions.schemas import SessionRef


class RecordingUrl(Output):
    """Where the recording is, for the next minutes."""

    url: str = Field(description="Fetch it without any other credential; ask again for a fresh one.")
    expires_in_seconds: int
    content_type: str
    duration_ms: int | None


async def locate(ctx: Ctx, data: SessionRef) -> RecordingUrl:
    """A fresh URL of the file.

    Raises:
        NotFound: `RECORDING_NOT_AVAILABLE`: no such session, not ready, failed, suppressed, or past its time.
    """
    try:
        row = await sessions.found(ctx, data.id)
    except NotFound:
        raise _unavailable() from None
    if row.recording_status != RecordingStatus.READY or row.recording_object_path is None:
        raise _unavailable()
    url = await ctx.deps.blobs.download_url(
        row.recording_object_path, content_type=CONTENT_TYPE, expires_in_s=URL_LIFE_S
    )
    return RecordingUrl(
        url=url, expires_in_seconds=URL_LIFE_S, content_type=CONTENT_TYPE, duration_ms=row.recording_duration_ms
    )


def _unavailable() -> NotFound:
    return NotFound(
        "There is no recording to fetch.",
        "RECORDING_NOT_AVAILABLE",
        hint="Look at recordingStatus of the session: pending and uploading become ready or failed.",
    )
