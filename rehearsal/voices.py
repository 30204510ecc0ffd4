"""Voices of the test callers and of the ElevenLabs stand-in: flite for English, espeak-ng for Spanish.

Both engines run as processes of their own (espeak-ng is GPL and must). Where flite is missing, espeak-ng speaks
English too. What was synthesised once is kept in a directory for temporary files.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.int16]

ENGLISH_VOICES = ("slt", "rms", "kal", "awb", "kal16")
"""flite's voices, the better ones first."""

SPANISH_VOICES = ("es-419", "es", "es-419+f2", "es+m3")
"""espeak-ng's voices; after the plus a variant of the speaker."""

_TIMEOUT_SECONDS = 30.0
_LEAD_LEVEL = 200  # of 32768: below it, sound before the speech counts as silence
_LEAD_KEPT_SECONDS = 0.01


class VoiceUnavailable(RuntimeError):
    """No engine can speak this language here."""


def synthesise(text: str, *, lang: str = "en", voice: str | None = None, sample_rate: int = 8000) -> Samples:
    """Speak a text.

    Args:
        text: what to say.
        lang: `en` or `es`.
        voice: one of `ENGLISH_VOICES` or `SPANISH_VOICES`; None takes the first.
        sample_rate: of the result, in Hz.

    Returns:
        Mono int16 samples with no leading silence; read-only, since they are shared.

    Raises:
        ValueError: empty text or unknown language.
        VoiceUnavailable: neither engine works here.
    """
    if not text.strip():
        raise ValueError("nothing to say: the text is empty")
    if lang not in ("en", "es"):
        raise ValueError(f"no voice speaks {lang!r}; there are en and es")
    if voice is None:
        voice = SPANISH_VOICES[0] if lang == "es" else (ENGLISH_VOICES[0] if has_flite() else "en-us")
    return _synthesise(text, lang, voice, sample_rate)


def has_flite() -> bool:
    """Whether the English voices of flite are installed."""
    return shutil.which("flite") is not None


@functools.lru_cache(maxsize=512)
def _synthesise(text: str, lang: str, voice: str, sample_rate: int) -> Samples:
    key = hashlib.sha256(f"2|{voice}|{sample_rate}|{text}".encode()).hexdigest()
    file = _cache_dir() / f"{key}.npy"
    try:
        samples = np.load(file)
    except (OSError, ValueError, EOFError):
        samples, rate = _flite(text, voice) if voice in ENGLISH_VOICES else _espeak(text, voice)
        samples = _trimmed(_at_rate(samples, rate, sample_rate), sample_rate)
        _keep(file, samples)
    samples.flags.writeable = False
    return samples


def _cache_dir() -> Path:
    """A directory of our own below the one for temporary files; others' files in it are never trusted."""
    folder = Path(tempfile.gettempdir()) / f"ngx-voice-rehearsal-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        return Path(tempfile.mkdtemp(prefix="ngx-voice-rehearsal-"))
    return folder


def _keep(file: Path, samples: Samples) -> None:
    with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".npy", delete=False) as part:
        np.save(part, samples)
    Path(part.name).replace(file)


def _flite(text: str, voice: str) -> tuple[Samples, int]:
    flite = shutil.which("flite")
    if flite is None:
        raise VoiceUnavailable("flite is not installed (Debian: apt-get install flite); English can use espeak-ng")
    with tempfile.NamedTemporaryFile(suffix=".wav") as out:
        _run([flite, "-voice", voice, "-t", text, "-o", out.name])
        return _read(out.name)


def _espeak(text: str, voice: str) -> tuple[Samples, int]:
    with tempfile.NamedTemporaryFile(suffix=".wav") as out:
        _run([sys.executable, "-m", "rehearsal.espeak_process", voice, out.name, text])
        return _read(out.name)


def _read(path: str) -> tuple[Samples, int]:
    samples, rate = soundfile.read(path, dtype="int16")
    return np.asarray(samples, np.int16), int(rate)


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise VoiceUnavailable(f"{Path(command[0]).name} did not finish within {_TIMEOUT_SECONDS:g} s") from error
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip()[-200:]
        raise VoiceUnavailable(f"{Path(command[0]).name} failed with status {done.returncode}: {reason}")


def _at_rate(samples: Samples, rate: int, wanted: int) -> Samples:
    if rate == wanted:
        return samples
    return soxr.resample(samples, rate, wanted, quality="HQ")


def _trimmed(samples: Samples, rate: int) -> Samples:
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _LEAD_LEVEL)
    if not len(loud):
        return samples
    return samples[max(0, int(loud[0]) - int(_LEAD_KEPT_SECONDS * rate)) :].copy()
