"""A provider's audio in the format the caller asked for, between the adapter and the failover loop.

Standing there, an answer that cannot be decoded, or in which there is no sound, is a failed candidate like any other.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

from speko_core.audio.content_type import media_type
from speko_core.audio.transcode import AudioTarget, Transcoder, UnreadableAudio
from speko_core.providers.base import AudioChunk, FailureKind, ProviderError

# What goes through a codec at once: a second of PCM or some of MP3, so that memory and the wait are bounded.
PIECE_BYTES: Final = 64 * 1024
_CHEAP_SOURCES: Final = frozenset({"audio/pcm", "audio/wav"})


async def transcoded(source: AsyncIterator[AudioChunk], target: AudioTarget) -> AsyncIterator[AudioChunk]:
    """`source` in `target`'s format; untouched where it already is.

    Codecs run in a thread, one piece at a time; closing waits for none of them.

    Raises:
        ProviderError: as `source`; `UPSTREAM` when the audio is not what the provider says it is.
    """
    transcoder: Transcoder | None = None
    native, inline = "", True
    async with aclosing(_generator(source)) as chunks:
        async for chunk in chunks:
            if target.is_native(chunk.content_type):
                yield chunk
                continue
            if transcoder is None:
                native = chunk.content_type
                transcoder = _transcoder(chunk.content_type, target)
                inline = target.inexpensive and media_type(chunk.content_type) in _CHEAP_SOURCES
            if chunk.content_type != native:
                raise ProviderError(FailureKind.UPSTREAM, "the audio format changed in the middle")
            for start in range(0, len(chunk.data), PIECE_BYTES):
                data = await _fed(transcoder, chunk.data[start : start + PIECE_BYTES], inline)
                if data:
                    yield AudioChunk(data, transcoder.content_type)
    if transcoder is not None and (rest := await _fed(transcoder, None, inline)):
        yield AudioChunk(rest, transcoder.content_type)


def _transcoder(content_type: str, target: AudioTarget) -> Transcoder:
    try:
        return Transcoder(content_type, target)
    except UnreadableAudio as error:
        raise ProviderError(FailureKind.UPSTREAM, str(error)) from None


async def _fed(transcoder: Transcoder, data: bytes | None, inline: bool) -> bytes:
    """One piece through the codecs, or what they still hold when there is no more."""

    def work() -> bytes:
        return transcoder.flush() if data is None else transcoder.feed(data)

    try:
        return work() if inline else await asyncio.to_thread(work)
    except UnreadableAudio as error:
        raise ProviderError(FailureKind.UPSTREAM, str(error)) from None


async def _generator(source: AsyncIterator[AudioChunk]) -> AsyncGenerator[AudioChunk, None]:
    """`source` as a generator, so that it can be closed whatever it is."""
    try:
        async for chunk in source:
            yield chunk
    finally:
        if isinstance(source, AsyncGenerator):
            await source.aclose()
