"""A microphone recording for the browser: silence, then a voice-like sound."""

import wave
from pathlib import Path

import numpy as np

RATE = 48_000


def write_voice(path: Path, *, silence_s: float = 0.5, voice_s: float = 12.0) -> Path:
    """Syllables of a buzzing 140 Hz tone, loud enough to pass a browser's noise suppression; 48 kHz mono PCM16."""
    time = np.arange(int(voice_s * RATE)) / RATE
    buzz = sum(np.sin(2 * np.pi * 140 * harmonic * time) / harmonic for harmonic in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * time) * 2, 0, 1)
    voice = np.concatenate([np.zeros(int(silence_s * RATE)), 0.3 * buzz * syllables])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(voice, -1, 1) * 32_000).astype("<i2").tobytes())
    return path
