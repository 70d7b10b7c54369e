"""One file a platform. `READERS` is every platform in the order they are tried: the most particular shapes first."""

from speko_core.migration.readers.base import Detection, Reader
from speko_core.migration.readers.bland import READER as BLAND
from speko_core.migration.readers.bolna import READER as BOLNA
from speko_core.migration.readers.deepgram import READER as DEEPGRAM
from speko_core.migration.readers.dograh import READER as DOGRAH
from speko_core.migration.readers.elevenlabs import READER as ELEVENLABS
from speko_core.migration.readers.hume import READER as HUME
from speko_core.migration.readers.livekit import READER as LIVEKIT
from speko_core.migration.readers.livekit_script import READER as LIVEKIT_SCRIPT
from speko_core.migration.readers.openai_realtime import READER as OPENAI_REALTIME
from speko_core.migration.readers.pipecat_code import READER as PIPECAT
from speko_core.migration.readers.pipecat_flows import READER as PIPECAT_FLOWS
from speko_core.migration.readers.retell import READER as RETELL
from speko_core.migration.readers.synthflow import READER as SYNTHFLOW
from speko_core.migration.readers.telnyx import READER as TELNYX
from speko_core.migration.readers.ten import READER as TEN
from speko_core.migration.readers.twilio import READER as TWILIO
from speko_core.migration.readers.ultravox import READER as ULTRAVOX
from speko_core.migration.readers.vapi import READER as VAPI
from speko_core.migration.readers.vocode import READER as VOCODE
from speko_core.types import JsonValue

READERS: tuple[Reader, ...] = (
    ELEVENLABS,
    RETELL,
    BOLNA,
    DOGRAH,
    PIPECAT_FLOWS,
    BLAND,
    VAPI,
    SYNTHFLOW,
    DEEPGRAM,
    OPENAI_REALTIME,
    ULTRAVOX,
    TELNYX,
    HUME,
    TEN,
    LIVEKIT,
    LIVEKIT_SCRIPT,
    PIPECAT,
    VOCODE,
    TWILIO,
)


def detect(document: JsonValue) -> Detection | None:
    """What a document is; a refusal only when no platform knows it.

    The answer comes from structure alone: names of files say nothing.
    """
    refused: Detection | None = None
    for reader in READERS:
        found = reader.detect(document)
        if found is not None and found.refused is None:
            return found
        refused = refused or found
    return refused


def reader_of(document: JsonValue, detection: Detection) -> Reader:
    """The reader that made this detection; a platform may have several, for files and for programs."""
    named = [reader for reader in READERS if reader.platform == detection.platform]
    return next((reader for reader in named if reader.detect(document) == detection), named[0])


__all__ = ["READERS", "Detection", "Reader", "detect", "reader_of"]
