"""Which speech engines this machine has: flite and espeak-ng on PATH, else the espeak-ng wheel in its own process."""

import importlib.util
import shutil
import sys
from dataclasses import dataclass

ESPEAK_MODULE = "speko_core.providers.local.espeak_process"


@dataclass(frozen=True)
class SpeechEngines:
    """The commands found, as the first words of their argument lists; None where there is none.

    `espeak` takes espeak-ng's options `-v`, `-s`, `--stdin`, `--stdout`, whichever implementation it is.
    """

    flite: tuple[str, ...] | None
    espeak: tuple[str, ...] | None


def find_engines(search_path: str | None = None, *, wheel: bool = True) -> SpeechEngines:
    """Look for the engines on `search_path` (default: PATH), and for the wheel unless told not to.

    The wheel is GPL-3 and is never imported here: it runs as a program of its own.
    """
    flite = shutil.which("flite", path=search_path)
    espeak = shutil.which("espeak-ng", path=search_path)
    from_wheel = wheel and importlib.util.find_spec("espeakng_loader") is not None
    return SpeechEngines(
        (flite,) if flite else None,
        (espeak,) if espeak else ((sys.executable, "-m", ESPEAK_MODULE) if from_wheel else None),
    )
