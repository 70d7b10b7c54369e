"""Speech of a caller, from the voice the offline recogniser hears best on this machine."""

import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
import soxr

MICROPHONE_RATE = 48_000


def write_caller(path: Path, sentence: str, *, before_s: float, after_s: float) -> Path:
    """A microphone recording for a browser: silence, the sentence, silence; 48 kHz mono PCM16."""
    spoken = path.with_suffix(".spoken.wav")
    _synthesize(sentence, spoken)
    with wave.open(str(spoken)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    voice = soxr.resample(samples, rate, MICROPHONE_RATE)
    silences = [np.zeros(int(seconds * MICROPHONE_RATE), dtype="<i2") for seconds in (before_s, after_s)]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(MICROPHONE_RATE)
        file.writeframes(np.concatenate([silences[0], voice, silences[1]]).astype("<i2").tobytes())
    return path


def _synthesize(sentence: str, path: Path) -> None:
    if program := shutil.which("flite"):
        command = [program, "-voice", "rms", "-t", sentence, "-o", str(path)]
    elif program := shutil.which("espeak-ng"):
        command = [program, "-v", "en-us+f2", "-s", "140", "-w", str(path), sentence]
    else:
        pytest.skip("neither flite nor espeak-ng is installed: there is no speech for the microphone")
    subprocess.run(command, check=True, capture_output=True, timeout=20)
