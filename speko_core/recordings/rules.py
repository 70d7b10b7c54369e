"""What may happen to a recording, and where its file is. Pure.

pending ──upload begins──► uploading ──stored──► ready ──its time is over──► (none)
   └───────┴──given up, worker lost──► failed          suppressed: nothing was ever recorded
"""

from datetime import timedelta
from enum import StrEnum

FOLDER = "recordings"
CONTENT_TYPE = "audio/ogg"
# Single use, as the calls pages promise; a receiver of `call.recording` has a week.
URL_LIFE_S = 300
EVENT_URL_LIFE_S = 7 * 86_400
# 24 kbit/s is 3,000 bytes a second. Twice that, and a beginning: no call's file is larger.
BYTES_PER_SECOND = 6_000
BASE_BYTES = 1 << 20
# A worker tries for two minutes; whatever has not come by then is not coming.
GIVEN_UP_AFTER = timedelta(minutes=5)


class RecordingStatus(StrEnum):
    """Where a recording is in its life."""

    PENDING = "pending"
    UPLOADING = "uploading"
    READY = "ready"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


EXPECTED = frozenset({RecordingStatus.PENDING, RecordingStatus.UPLOADING})


def recordings_of(organization_id: str) -> str:
    """Where the files of an organization's recordings are."""
    return f"{FOLDER}/{organization_id}"


def file_key(organization_id: str, session_id: str) -> str:
    """Where the file of a session's recording is."""
    return f"{recordings_of(organization_id)}/{session_id}"


def limit_bytes(max_duration_s: int) -> int:
    """The largest file that a call of this length can have."""
    return BASE_BYTES + BYTES_PER_SECOND * max_duration_s
