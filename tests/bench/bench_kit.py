"""Data sets in folders, and benchmarks over scripted providers."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from speko_core.audio import wav_bytes
from speko_core.bench.benchmark import Benchmark, Question
from speko_core.bench.data import read_data
from speko_core.bench.run import Plan
from speko_core.bench.schemas import Result
from speko_core.bench.targets import Target
from speko_core.providers.base import Modality
from speko_core.routing.intent import Region
from speko_core.routing.offers import Offer
from tests.fakes.scripted_providers import Cast
from tests.twins import MovedClock

RATE = 16_000
TASK = {"id": "a", "user": "Hello", "expect": {"no_tool": True}}


def tone(speech_s: float, silence_s: float = 0.0) -> bytes:
    """A WAV file that is loud, then silent."""
    loud = 8_000 * np.sin(np.arange(int(speech_s * RATE)) * 0.3)
    return wav_bytes(np.concatenate([loud, np.zeros(int(silence_s * RATE))]).astype("<i2").tobytes(), RATE)


def speech_folder(folder: Path, texts: Sequence[str], speech_s: float = 1.0) -> Path:
    """Recordings with their transcripts beside them."""
    for at, said in enumerate(texts):
        (folder / f"{at:02}.wav").write_bytes(tone(speech_s, 0.5))
        (folder / f"{at:02}.txt").write_text(said)
    return folder


def write_lines(path: Path, records: Sequence[object]) -> Path:
    """JSON lines."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def targets_of(played: Cast, modality: Modality) -> tuple[Target, ...]:
    """Every vendor of a cast."""
    found = []
    for vendor, facts in played.registry.catalog.items():
        model = next(model for model in facts.models if model.modality is modality)
        provider = played.registry.get(vendor)
        assert provider is not None
        found.append(Target(Offer(vendor, model, facts.kind == "sandbox"), provider, None))
    return tuple(found)


def question(
    modality: Modality, folder: Path, played: Cast, plan: Plan | None = None, language: str = "en"
) -> Question:
    """What a cast is asked with the data of a folder."""
    found = read_data(modality, folder, language)
    listener = targets_of(played, Modality.STT)[-1] if modality is Modality.TTS else None
    targets = targets_of(played, modality)
    return Question(modality, language, Region.GLOBAL, found, targets, plan or Plan(), listener)


async def result_of(asked: Question) -> Result:
    """Run it to its end."""
    benchmark = Benchmark(asked, MovedClock())
    await benchmark.run(lambda sample: None)
    return benchmark.result()
