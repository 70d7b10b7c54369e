"""Callers' sentences as WAV, in the voice that the offline recognizer understands best."""

import asyncio
import shutil
from pathlib import Path

import httpx

from tests.worker.speech import joined, speech_wav


async def caller_wav(*sentences: str, pause_s: float = 3.0) -> bytes:
    """The sentences with silence between and after them; flite where it is installed."""
    spoken = [await _say(sentence) for sentence in sentences]
    parts: list[bytes | float] = [0.3]
    for wav in spoken:
        parts += [wav, pause_s]
    return joined(*parts[:-1], 0.6)


async def _say(sentence: str) -> bytes:
    program = shutil.which("flite")
    if program is None:
        return await asyncio.to_thread(speech_wav, sentence)
    process = await asyncio.create_subprocess_exec(
        program, "-voice", "rms", "-t", sentence, "-o", "/dev/stdout", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return out


async def heard(base_url: str, key: str, wav: bytes) -> str:
    """What the product's own recognizer understands of a recording."""
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "audio/wav",
        "Accept": "application/json",
        "X-Speko-Intent": '{"language":"en-US"}',
    }
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=30) as http:
        answer = await http.post("/v1/transcribe", content=wav)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["text"]).lower()


async def write_caller(path: Path, *sentences: str) -> Path:
    """A file for `speko talk --in`."""
    wav = await caller_wav(*sentences)
    await asyncio.to_thread(path.write_bytes, wav)
    return path
