"""`POST /v1/audio/transcriptions`."""

from starlette.requests import Request
from starlette.responses import Response

from speko_core.oneshot.transcribe import open_transcribe
from speko_core.providers.base import Modality
from speko_gateway.auth import deps_of, principal_with
from speko_gateway.streams.compat.intent import wish
from speko_gateway.streams.compat.multipart import read_upload
from speko_gateway.streams.compat.transcription_answers import TranscriptionAnswer, TranscriptionStream
from speko_gateway.streams.compat.transcription_input import TranscriptionRequest, transcription_of
from speko_gateway.streams.incoming import CLIENT_GONE, SCOPE, body_of, session_of


async def transcriptions(request: Request) -> Response:
    """Recognize an uploaded recording."""
    deps, principal = deps_of(request), await principal_with(request, SCOPE)
    body = await body_of(request, deps.settings.max_body_bytes)
    if body is None:
        return CLIENT_GONE
    upload = await read_upload(request, body)
    said = TranscriptionRequest.of(upload)
    data = transcription_of(said, upload, wish(deps, request, said, Modality.STT, said.language))
    call = await open_transcribe(deps, principal, data, session_id=session_of(request))
    return TranscriptionStream(call, said) if said.stream else TranscriptionAnswer(call, said)
