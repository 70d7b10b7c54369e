"""Speak with espeak-ng, the system's program or our process around the wheel: text on stdin, WAV streamed out."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from speko_core.audio import WavInfo, parse_wav_header
from speko_core.errors import InvalidInput
from speko_core.providers.base import FailureKind, ProviderError
from speko_core.providers.local.children import child_environment, end_process

CHUNK_TIMEOUT_S = 15.0
READ_BYTES = 8_192
WORDS_PER_MINUTE = 140
SLOWEST, FASTEST = 80, 450


async def stream_speech(
    command: tuple[str, ...], voice: str, speed: float, text: str
) -> AsyncGenerator[tuple[bytes, int], None]:
    """16-bit mono samples as they are made, each piece with the rate. Closing the iterator ends the process.

    Raises:
        ProviderError: espeak-ng did not start, failed, hung, or wrote no WAV.
    """
    rate = min(max(round(WORDS_PER_MINUTE * speed), SLOWEST), FASTEST)
    async with aclosing(_output((*command, "-v", voice, "-s", str(rate), "--stdin", "--stdout"), text)) as output:
        head, info = b"", None
        async for piece in output:
            if info is not None:
                yield piece, info.sample_rate
                continue
            head += piece
            info = _header(head)
            if info is not None and len(head) > info.data_offset:
                yield head[info.data_offset :], info.sample_rate


def _header(head: bytes) -> WavInfo | None:
    try:
        return parse_wav_header(head)
    except InvalidInput as error:
        raise ProviderError(FailureKind.UPSTREAM, "espeak-ng wrote something that is not WAV") from error


async def _output(command: tuple[str, ...], text: str) -> AsyncGenerator[bytes, None]:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=child_environment(),
        )
    except OSError as error:
        raise ProviderError(FailureKind.NETWORK, "espeak-ng does not start") from error
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        # It reads all of its input before it speaks, so writing first cannot deadlock.
        async with asyncio.timeout(CHUNK_TIMEOUT_S):
            process.stdin.write(text.encode() + b"\n")
            await process.stdin.drain()
            process.stdin.close()
        while piece := await _read(process.stdout):
            yield piece
        async with asyncio.timeout(CHUNK_TIMEOUT_S):
            if await process.wait():
                raise ProviderError(FailureKind.UPSTREAM, f"espeak-ng ended with code {process.returncode}")
    except TimeoutError:
        raise ProviderError(FailureKind.TIMEOUT, "espeak-ng stopped answering") from None
    except (BrokenPipeError, ConnectionResetError) as error:
        raise ProviderError(FailureKind.UPSTREAM, "espeak-ng ended before it read the text") from error
    finally:
        await end_process(process)


async def _read(stream: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(CHUNK_TIMEOUT_S):
        return await stream.read(READ_BYTES)
