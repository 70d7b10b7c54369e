"""The built-in sounds, made in code: a few seconds that loop without a seam."""

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np

from speko_core.agents.config import Clip

Samples = np.ndarray[tuple[int], np.dtype[np.float32]]
_Rng = np.random.Generator

LOOP_S = 8.0
# The loudness of an ambience at volume 1, root mean square of full scale: below a voice by some 20 dB.
_QUIET = 0.02
_FULL = 32_767.0


@lru_cache(maxsize=32)
def clip(name: Clip, rate: int) -> Samples:
    """Samples of one loop, in 16-bit units. The same name and rate give the same sound."""
    made = _MAKERS[name](np.random.default_rng(list(name.encode())), rate)
    return (made * _FULL).astype(np.float32)


def _times(rate: int) -> Samples:
    return (np.arange(int(LOOP_S * rate)) / rate).astype(np.float32)


def _noise(rng: _Rng, rate: int, low: float, high: float, tilt: float) -> Samples:
    """Noise between two frequencies, falling by `tilt` powers of the frequency; a spectrum of the loop has no seam."""
    count = int(LOOP_S * rate)
    hertz = np.fft.rfftfreq(count, 1 / rate)
    inside = (hertz >= low) & (hertz <= high)
    spectrum = np.zeros(len(hertz), np.complex64)
    size = np.maximum(hertz[inside], 1.0) ** -tilt
    spectrum[inside] = size * np.exp(2j * np.pi * rng.random(int(inside.sum())))
    return _level(np.fft.irfft(spectrum, count).astype(np.float32), 1.0)


def _level(samples: Samples, rms: float) -> Samples:
    return (samples * (rms / max(float(np.sqrt(np.mean(samples**2))), 1e-9))).astype(np.float32)


def _swell(rng: _Rng, rate: int, per_second: float) -> Samples:
    """A slow rise and fall between 0 and 1, about so many times a second."""
    wave = _noise(rng, rate, 1 / LOOP_S, per_second, 0.0)
    return np.clip(0.5 + wave / 3, 0.0, 1.0).astype(np.float32)


def _office(rng: _Rng, rate: int) -> Samples:
    t = _times(rate)
    hum = np.sin(2 * np.pi * 100 * t) + 0.4 * np.sin(2 * np.pi * 200 * t)
    air, voices = _noise(rng, rate, 40, 2_500, 0.9), _babble(rng, rate, 2)
    return _level(air + 0.15 * hum.astype(np.float32) + 0.5 * voices, _QUIET) + 0.12 * _typing(rng, rate, 2.0, 2_500)


def _city(rng: _Rng, rate: int) -> Samples:
    rumble, wheels = _noise(rng, rate, 30, 400, 1.0), _noise(rng, rate, 200, 3_000, 0.8)
    return _level(rumble + 1.2 * wheels * _swell(rng, rate, 0.4), _QUIET)


def _forest(rng: _Rng, rate: int) -> Samples:
    leaves = _noise(rng, rate, 300, 3_500, 0.5) * (0.3 + 0.7 * _swell(rng, rate, 0.6))
    return _level(leaves, _QUIET / 2) + _birds(rng, rate)


def _birds(rng: _Rng, rate: int) -> Samples:
    out = np.zeros(int(LOOP_S * rate), np.float32)
    t = np.arange(int(0.12 * rate)) / rate
    for _ in range(10):
        low, rise = rng.uniform(2_200, 2_900), rng.uniform(-4_000, 6_000)
        song = np.sin(2 * np.pi * (low * t + rise * t * t / 2)) * np.sin(np.pi * t / 0.12) ** 2
        at = int(rng.uniform(0, LOOP_S - 0.6) * rate)
        for repeat in range(int(rng.integers(1, 4))):
            start = at + repeat * int(0.16 * rate)
            out[start : start + len(t)] += (0.03 * song).astype(np.float32)
    return out


def _babble(rng: _Rng, rate: int, voices: int) -> Samples:
    """Voices too far away to be understood: bands of speech that open and close like syllables."""
    out = np.zeros(int(LOOP_S * rate), np.float32)
    for _ in range(voices):
        centre = rng.uniform(250, 700)
        voice = _noise(rng, rate, centre * 0.7, centre * 1.4, 0.3) + 0.4 * _noise(rng, rate, 1_000, 2_400, 0.6)
        out += voice * _swell(rng, rate, 5.0) ** 2
    return _level(out, 1.0)


def _crowd(rng: _Rng, rate: int) -> Samples:
    return _level(_babble(rng, rate, 8) + 0.2 * _noise(rng, rate, 40, 1_500, 1.0), _QUIET)


def _typing(rng: _Rng, rate: int, keys_a_second: float, brightness: float) -> Samples:
    out = np.zeros(int(LOOP_S * rate), np.float32)
    t = np.arange(int(0.03 * rate)) / rate
    at = 0.05
    while at < LOOP_S - 0.1:
        body = np.sin(2 * np.pi * rng.uniform(140, 220) * t) * np.exp(-t * 160)
        click = rng.standard_normal(len(t)) * np.sin(2 * np.pi * brightness * t) * np.exp(-t * 320)
        start = int(at * rate)
        out[start : start + len(t)] += (rng.uniform(0.06, 0.14) * (body + click)).astype(np.float32)
        at += float(rng.gamma(4.0, 1 / (4.0 * keys_a_second)))
    return out


_MAKERS: Mapping[Clip, Callable[[_Rng, int], Samples]] = {
    "office-ambience": _office,
    "city-ambience": _city,
    "forest-ambience": _forest,
    "crowded-room": _crowd,
    "keyboard-typing": lambda rng, rate: _typing(rng, rate, 6.0, 2_200),
    "keyboard-typing2": lambda rng, rate: _typing(rng, rate, 9.0, 3_200),
}
