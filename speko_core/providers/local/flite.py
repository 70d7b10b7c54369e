"""Speak one sentence with flite: text on stdin, a WAV file out.

Text goes in over stdin because arguments are visible to every user of the machine, and the audio out through a file
because flite reopens its output to write the header.
"""

import asyncio
import tempfile
from pathlib import Path

from speko_core.audio import WavInfo, parse_wav_header
from speko_core.providers.base import FailureKind, ProviderError
from speko_core.providers.local.children import child_environment, end_process

SENTENCE_TIMEOUT_S = 20.0


async def speak_sentence(command: tuple[str, ...], voice: str, speed: float, sentence: str) -> tuple[bytes, int]:
    """16-bit mono samples of the sentence and their rate.

    Raises:
        ProviderError: flite did not start, failed, hung, or wrote no WAV.
    """
    with tempfile.TemporaryDirectory(prefix="speko-flite-") as folder:
        target = Path(folder) / "speech.wav"
        stretch = f"duration_stretch={1 / speed:.3f}"
        arguments = ("-voice", voice, "--setf", stretch, "-f", "-", "-o", str(target))
        await _run((*command, *arguments), sentence.encode() + b"\n")
        wav = await asyncio.to_thread(_read, target)
    info = parse_wav_header(wav)
    if info is None:
        raise ProviderError(FailureKind.UPSTREAM, "flite wrote no audio")
    return wav[info.data_offset :][: _length(info, wav)], info.sample_rate


def _length(info: WavInfo, wav: bytes) -> int:
    return len(wav) if info.data_bytes is None else info.data_bytes


def _read(target: Path) -> bytes:
    return target.read_bytes() if target.exists() else b""


async def _run(command: tuple[str, ...], text: bytes) -> None:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=child_environment(),
        )
    except OSError as error:
        raise ProviderError(FailureKind.NETWORK, "flite does not start") from error
    try:
        async with asyncio.timeout(SENTENCE_TIMEOUT_S):
            await process.communicate(text)
    except TimeoutError:
        raise ProviderError(FailureKind.TIMEOUT, "flite took too long for a sentence") from None
    finally:
        await end_process(process)
    if process.returncode:
        raise ProviderError(FailureKind.UPSTREAM, f"flite ended with code {process.returncode}")
