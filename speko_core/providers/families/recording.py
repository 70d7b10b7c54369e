"""What goes up to a recognizer: the caller's own file where the vendor reads its container, else a WAV of the samples.

The container is known by its first bytes, because a `Content-Type` is often wrong. A WAV is always written anew:
telephone codecs, several channels and the unknown lengths of streaming writers are read differently by every vendor.
"""

from dataclasses import dataclass
from typing import Final

from speko_core.audio import wav_bytes
from speko_core.audio.content_type import media_type
from speko_core.providers.base import FailureKind, ProviderError, SttRequest

# Containers that every vendor's file endpoint reads, with the name an upload needs to be recognized.
FILES: Final = frozenset({"mp3", "ogg", "flac", "webm"})
NO_FILES: Final[frozenset[str]] = frozenset()
_SIGNATURES: Final = (
    (b"OggS", "ogg", "audio/ogg"),
    (b"fLaC", "flac", "audio/flac"),
    (b"\x1a\x45\xdf\xa3", "webm", "audio/webm"),
    (b"ID3", "mp3", "audio/mpeg"),
)


@dataclass(frozen=True)
class Upload:
    """A file as a vendor gets it; `extension` without a dot."""

    extension: str
    content_type: str
    data: bytes

    @property
    def filename(self) -> str:
        """A name that says nothing about the caller."""
        return f"audio.{self.extension}"


def upload_of(request: SttRequest, accepted: frozenset[str] = FILES, max_bytes: int | None = None) -> Upload:
    """The caller's bytes if their container is `accepted`, else a WAV of the decoded samples.

    Raises:
        ProviderError: `REFUSED` when it is larger than the vendor takes; another vendor may take it.
    """
    upload = _original(request, accepted) or Upload("wav", "audio/wav", wav_bytes(request.pcm, request.sample_rate))
    if max_bytes is not None and len(upload.data) > max_bytes:
        raise ProviderError(FailureKind.REFUSED, f"the recording is larger than {max_bytes} bytes")
    return upload


def duration_s(request: SttRequest) -> float:
    """Length of the recording in seconds."""
    return len(request.pcm) / 2 / request.sample_rate


def _original(request: SttRequest, accepted: frozenset[str]) -> Upload | None:
    # Raw samples may happen to begin like an MPEG frame; a signature of four bytes they do not.
    raw = media_type(request.content_type) == "audio/pcm"
    for magic, extension, content_type in _SIGNATURES:
        if request.body.startswith(magic) and extension in accepted:
            return Upload(extension, content_type, request.body)
    if "mp3" in accepted and not raw and request.body[:1] == b"\xff" and request.body[1:2] > b"\xdf":
        return Upload("mp3", "audio/mpeg", request.body)
    return None
