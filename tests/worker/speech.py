"""Real speech for the VAD, made on this machine."""

import shutil
import subprocess
from functools import cache

import pytest


@cache
def speech_wav(text: str) -> bytes:
    """A WAV of a spoken sentence; the test is skipped where no synthesizer is installed."""
    if program := shutil.which("espeak-ng"):
        return subprocess.run([program, "--stdout", "-v", "en-us", text], check=True, capture_output=True).stdout
    if program := shutil.which("flite"):
        made = subprocess.run([program, "-t", text, "-o", "/dev/stdout"], check=True, capture_output=True)
        return made.stdout
    pytest.skip("neither espeak-ng nor flite is installed: there is no speech for the VAD")
