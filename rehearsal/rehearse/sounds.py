"""Made sounds that are no words: coughs, doors, music, a bad line, laughter, a hum of agreement.

Each is made from a seed, so that two runs hear the same. Levels are those of a telephone: about 20 dB below full scale
for what is near the caller's mouth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from rehearsal.mulaw import RATE

Floats = NDArray[np.float64]
Samples = NDArray[np.int16]


def make_sound(name: str, *, seed: int = 0) -> Samples:
    """A sound by its name (see `SOUNDS`), 8 kHz mono; other seeds give other ones of its kind.

    Raises:
        ValueError: there is no such sound.
    """
    maker = SOUNDS.get(name)
    if maker is None:
        raise ValueError(f"no sound {name!r}; there are {', '.join(sorted(SOUNDS))}")
    return _levelled(maker(np.random.default_rng([seed, *name.encode()])))


def _levelled(wave: Floats, *, peak_dbfs: float = -9.0) -> Samples:
    peak = float(np.max(np.abs(wave)))
    return np.asarray(wave / peak * 32767 * 10 ** (peak_dbfs / 20), np.int16)


def _time(seconds: float) -> Floats:
    return np.arange(round(seconds * RATE)) / RATE


def _band(rng: np.random.Generator, seconds: float, low: float, high: float) -> Floats:
    """Noise between two frequencies, RMS 1."""
    size = round(seconds * RATE)
    spectrum = np.fft.rfft(rng.normal(size=size))
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    spectrum[(hertz < low) | (hertz > high)] = 0
    wave = np.fft.irfft(spectrum, size)
    return np.asarray(wave / np.sqrt(np.mean(wave**2)))


def _hum(pitch: Floats, *, formants: tuple[float, ...], width: float = 120.0) -> Floats:
    """A voiced sound: harmonics of a pitch (Hz a sample), weighed by resonances."""
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    wave = np.zeros_like(pitch)
    for number in range(1, 24):
        hertz = number * pitch
        weight = sum(1 / (1 + ((hertz - formant) / width) ** 2) for formant in formants) / number**0.5
        wave += np.where(hertz < 3600, weight * np.sin(number * phase), 0)
    return wave


def _swell(size: int, rise: float, fall: float) -> Floats:
    """A rise and a fall, in seconds, with full strength between."""
    time = np.arange(size) / RATE
    return np.clip(np.minimum(time / rise, (size / RATE - time) / fall), 0, 1)


def _cough(rng: np.random.Generator) -> Floats:
    parts: list[Floats] = []
    for _ in range(int(rng.integers(1, 4))):
        seconds = float(rng.uniform(0.18, 0.3))
        time = _time(seconds)
        burst = _band(rng, seconds, 250, 3200) * np.exp(-time / rng.uniform(0.04, 0.09))
        voice = _hum(np.full(len(time), rng.uniform(110, 180)), formants=(600, 1300)) * np.exp(-time / 0.08)
        parts += [burst + 0.6 * voice, np.zeros(round(rng.uniform(0.06, 0.2) * RATE))]
    return np.concatenate(parts)


def _throat(rng: np.random.Generator) -> Floats:
    seconds = float(rng.uniform(0.35, 0.6))
    time = _time(seconds)
    rough = 0.5 + 0.5 * np.sign(np.sin(2 * np.pi * rng.uniform(22, 32) * time))
    voice = _hum(np.full(len(time), rng.uniform(85, 130)), formants=(450, 1100))
    return (0.7 * voice + 0.5 * _band(rng, seconds, 200, 2500)) * rough * _swell(len(time), 0.04, 0.15)


def _laughter(rng: np.random.Generator) -> Floats:
    pitch = rng.uniform(170, 320)
    parts: list[Floats] = []
    for number in range(int(rng.integers(4, 7))):
        size = round(0.1 * RATE)
        ha = _hum(np.linspace(pitch * 1.1, pitch * 0.9, size), formants=(750, 1400)) * _swell(size, 0.02, 0.06)
        breath = 0.25 * _band(rng, 0.08, 800, 3400) * _swell(round(0.08 * RATE), 0.02, 0.03)
        parts += [ha * 0.9**number, breath * 0.9**number]
        pitch *= 0.97
    return np.concatenate(parts)


def _door(rng: np.random.Generator) -> Floats:
    time = _time(0.5)
    thump = np.sin(2 * np.pi * rng.uniform(70, 140) * time) * np.exp(-time / 0.06)
    clap = _band(rng, 0.5, 300, 2800) * np.exp(-time / rng.uniform(0.02, 0.05))
    return thump + clap


def _music(rng: np.random.Generator) -> Floats:
    notes = 220 * 2 ** (rng.choice([0, 2, 4, 5, 7, 9, 11, 12], size=8) / 12)
    parts: list[Floats] = []
    for note in notes:
        time = _time(0.28)
        chord = sum(np.sin(2 * np.pi * note * ratio * k * time) / k for ratio in (1, 1.26, 1.5) for k in (1, 2, 3))
        parts.append(np.asarray(chord) * np.exp(-time / 0.25))
    return np.concatenate(parts) * 0.5


def _line_noise(rng: np.random.Generator) -> Floats:
    wave = 0.15 * _band(rng, 1.4, 300, 3400)
    for at in rng.integers(0, len(wave) - 80, size=14):
        wave[at : at + 40] += rng.normal(0, 1.5, 40)
    return wave


def _typing(rng: np.random.Generator) -> Floats:
    wave = np.zeros(round(1.5 * RATE))
    for at in rng.integers(0, len(wave) - 400, size=11):
        wave[at : at + 240] += _band(rng, 0.03, 700, 3500) * np.exp(-_time(0.03) / 0.006)
    return wave


def _traffic(rng: np.random.Generator) -> Floats:
    wave = _band(rng, 2.0, 80, 900)
    return wave * (0.4 + 0.6 * np.hanning(len(wave)))


def _mm_hm(rng: np.random.Generator) -> Floats:
    base = rng.uniform(105, 210)
    first, second = round(0.16 * RATE), round(0.22 * RATE)
    low = _hum(np.linspace(base, base * 0.95, first), formants=(260, 1000), width=90) * _swell(first, 0.03, 0.05)
    breath = 0.03 * _band(rng, 0.05, 500, 3000)
    high = _hum(np.linspace(base * 1.1, base * 1.35, second), formants=(260, 1000), width=90)
    return np.concatenate([low, breath, high * _swell(second, 0.04, 0.08)])


def _mm(rng: np.random.Generator) -> Floats:
    base = rng.uniform(105, 210)
    size = round(rng.uniform(0.25, 0.4) * RATE)
    return _hum(np.linspace(base * 1.15, base * 0.9, size), formants=(260, 1000), width=90) * _swell(size, 0.05, 0.1)


SOUNDS: Mapping[str, Callable[[np.random.Generator], Floats]] = MappingProxyType(
    {
        "cough": _cough,
        "throat": _throat,
        "laughter": _laughter,
        "door": _door,
        "music": _music,
        "line": _line_noise,
        "typing": _typing,
        "traffic": _traffic,
        "mm-hm": _mm_hm,
        "mm": _mm,
    }
)
"""Every sound by its name."""

HEARD_AS: Mapping[str, str] = MappingProxyType({"mm-hm": "Mm-hm.", "mm": "Mm."})
"""What a recogniser makes of those that are nearly words; the others are no words to it."""
