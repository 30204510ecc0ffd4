"""Sound as it goes over the vendors' wires: mu-law and linear bytes, files, rates."""

from __future__ import annotations

import io

import numpy as np
import soundfile
import soxr

from pipelines.mulaw import TO_LINEAR, pcm16_to_ulaw
from rehearsal.standins.spectrum import RATE, Samples

_BAD_DATA = "Bad Request: failed to process audio: corrupt or unsupported data"


MULAW = TO_LINEAR
"""The linear sample of each mu-law byte (G.711)."""


class Decoder:
    """Turns a stream's bytes into 8 kHz samples, whatever the framing.

    Raises:
        ValueError: an encoding or a rate that it does not know.
    """

    def __init__(self, encoding: str, sample_rate: int) -> None:
        if encoding not in ("linear16", "mulaw"):
            raise ValueError(f"unsupported encoding {encoding!r}: this server reads linear16 and mulaw")
        if sample_rate < RATE or sample_rate % RATE:
            raise ValueError(f"unsupported sample_rate {sample_rate}: this server reads multiples of {RATE}")
        self._is_mulaw = encoding == "mulaw"
        self._factor = sample_rate // RATE
        self._bytes = b""
        self._rest = np.zeros(0, np.int16)

    def decode(self, data: bytes) -> Samples:
        if self._is_mulaw:
            samples = MULAW[np.frombuffer(data, np.uint8)]
        else:
            data = self._bytes + data
            whole = len(data) & ~1
            self._bytes = data[whole:]
            samples = np.frombuffer(data[:whole], "<i2")
        if self._factor == 1:
            return samples
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) - len(samples) % self._factor
        self._rest = samples[whole:]
        return samples[:whole].reshape(-1, self._factor).mean(axis=1).astype(np.int16)


def read_sound(body: bytes, *, encoding: str | None = None, sample_rate: int = RATE) -> Samples:
    """8 kHz samples of a whole recording.

    Args:
        body: a sound file of any known kind, or raw samples.
        encoding: of raw samples; None: the body is a file.
        sample_rate: of raw samples.

    Raises:
        ValueError: it cannot be read.
    """
    if not body:
        raise ValueError(_BAD_DATA)
    if encoding is not None:
        return Decoder(encoding, sample_rate).decode(body)
    try:
        sound, rate = soundfile.read(io.BytesIO(body), dtype="int16", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ValueError(_BAD_DATA) from error
    samples = np.ascontiguousarray(sound[:, 0], np.int16)
    return samples if rate == RATE else soxr.resample(samples, rate, RATE).astype(np.int16)


def to_mulaw(samples: Samples) -> bytes:
    """G.711 mu-law bytes of linear samples."""
    return pcm16_to_ulaw(samples.astype(np.int16).tobytes())


def encode(samples: Samples, form: str) -> bytes:
    """Bytes of samples in one of ElevenLabs' output formats.

    Args:
        samples: int16 at the format's own rate (see `rate_of`).
        form: `pcm_RATE`, `ulaw_8000`, `wav_RATE`, `mp3_RATE_KBPS`, `opus_48000_KBPS`.

    Raises:
        ValueError: a format that it does not know.
    """
    kind = form.partition("_")[0]
    if kind == "pcm":
        return samples.astype("<i2").tobytes()
    if kind == "ulaw":
        return to_mulaw(samples)
    containers = {"mp3": ("MP3", "MPEG_LAYER_III"), "opus": ("OGG", "OPUS"), "wav": ("WAV", "PCM_16")}
    if kind not in containers:
        raise ValueError(f"unknown output_format {form!r}")
    out = io.BytesIO()
    container, subtype = containers[kind]
    soundfile.write(out, samples, rate_of(form), format=container, subtype=subtype)
    return out.getvalue()


def rate_of(form: str) -> int:
    """Samples a second of an output format.

    Raises:
        ValueError: a format that it does not know.
    """
    kind, _, rest = form.partition("_")
    rate = rest.partition("_")[0]
    if kind not in ("pcm", "ulaw", "mp3", "opus", "wav") or not rate.isdigit() or int(rate) < RATE:
        raise ValueError(f"unknown output_format {form!r}")
    return int(rate)
