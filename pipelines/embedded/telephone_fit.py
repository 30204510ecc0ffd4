"""Fits the telephone transform anew: `python -m pipelines.embedded.telephone_fit DIRECTORY`. For developers.

The same sentences are spoken by flite's four voices, once wide and once as the recogniser hears them: every other clip
through a telephone line, the rest as a line that lets all of 8 kHz pass, then the recogniser's own filter and doubling.
A linear map from the wide cepstra to the narrow ones, one for each of the three feature streams, is what the model's
means need.
"""

from __future__ import annotations

import json
import struct
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pocketsphinx  # pyright: ignore[reportMissingTypeStubs]
import soxr

from pipelines.embedded.band_filter import TAPS
from pipelines.embedded.caller_sentences import english_caller_sentences
from pipelines.embedded.flite import VOICES, synthesise
from pipelines.embedded.recogniser_worker import MODEL_RATE, LineEar, acoustic_model_path
from pipelines.embedded.telephone_line import telephone_band
from pipelines.embedded.voice import SAMPLE_RATE

SENTENCES = 160
_CEPSTRA = 13
_RIDGE = 1.0
_VARIANCE_SCALE = (0.5, 3.0)

Floats = npt.NDArray[np.float64]


def main() -> int:
    """Writes telephone_transform_en.mllr and .json to the directory given."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m pipelines.embedded.telephone_fit DIRECTORY\n")
        return 2
    target = Path(sys.argv[1])
    wide, narrow = fit_clips()
    wide_cepstra, narrow_cepstra = cepstra(wide), cepstra(narrow)
    text, explained = fit(wide_cepstra, narrow_cepstra)
    (target / "telephone_transform_en.mllr").write_text(text, "ascii")
    mean = np.concatenate(narrow_cepstra).mean(axis=0)
    card = {
        "cepstral_mean": ",".join(f"{value:.2f}" for value in mean),
        "clips": len(wide),
        "frames": int(sum(map(len, wide_cepstra))),
        "voices": list(VOICES),
        "variance_explained_by_stream": [round(value, 3) for value in explained],
    }
    (target / "telephone_transform_en.json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    return 0


def fit_clips() -> tuple[list[npt.NDArray[np.int16]], list[npt.NDArray[np.int16]]]:
    """The same clips wide and as heard over the telephone, in step, at the model's rate and half of full scale."""
    sentences = [text for text in english_caller_sentences() if len(text.split()) > 3]
    wide: list[npt.NDArray[np.int16]] = []
    narrow: list[npt.NDArray[np.int16]] = []
    for voice in VOICES:
        for text in sentences[:: max(1, len(sentences) // SENTENCES)]:
            clip = synthesise(text, voice=voice, sample_rate=MODEL_RATE).astype(np.float64)
            clip = np.pad(clip, MODEL_RATE // 10)
            samples = (clip * (16384 / np.abs(clip).max())).astype(np.int16)
            if len(wide) % 2:
                line = telephone_band(samples, sample_rate=MODEL_RATE)
            else:
                line = soxr.resample(samples, MODEL_RATE, SAMPLE_RATE)
            wide.append(samples)
            narrow.append(_heard(line))
    return wide, narrow


def _heard(line: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """What the model is given for a clip from the line, without the filter's delay."""
    delay = TAPS // 2
    return LineEar().heard(np.pad(line, (0, delay)))[2 * delay :]


def cepstra(clips: Iterable[npt.NDArray[np.int16]]) -> list[Floats]:
    """The recogniser's own cepstra of each clip, (frames, 13)."""
    with tempfile.TemporaryDirectory() as directory:
        bundled = pocketsphinx.get_model_path("en-us")
        decoder = pocketsphinx.Decoder(
            pocketsphinx.Config(
                hmm=str(acoustic_model_path()),
                dict=str(Path(bundled) / "cmudict-en-us.dict"),
                keyphrase="hello",  # the cheapest search: only the features are wanted
                lm=None,
                mfclogdir=directory,
                loglevel="FATAL",
            )
        )
        for clip in clips:
            decoder.start_utt()
            decoder.process_raw(clip.tobytes())
            decoder.end_utt()
        return [_read_cepstra(path) for path in sorted(Path(directory).iterdir())]


def _read_cepstra(path: Path) -> Floats:
    content = path.read_bytes()
    order = ">" if struct.unpack(">i", content[:4])[0] * 4 == len(content) - 4 else "<"
    return np.frombuffer(content[4:], f"{order}f4").reshape(-1, _CEPSTRA).astype(np.float64)


def fit(wide: list[Floats], narrow: list[Floats]) -> tuple[str, list[float]]:
    """The transform's file, and how much of the narrow features' variance it explains, by stream."""
    columns: list[tuple[list[Floats], list[Floats]]] = [([], []), ([], []), ([], [])]
    for before, after in zip(wide, narrow, strict=True):
        frames = min(len(before), len(after))
        pair = zip(_streams(_normalised(before[:frames])), _streams(_normalised(after[:frames])), strict=True)
        for column, (source, target) in zip(columns, pair, strict=True):
            column[0].append(source)
            column[1].append(target)
    lines = ["1", "3"]
    explained: list[float] = []
    for sources, targets in columns:
        source, target = np.concatenate(sources), np.concatenate(targets)
        with_one = np.hstack([source, np.ones((len(source), 1))])
        weights = np.linalg.solve(with_one.T @ with_one + _RIDGE * np.eye(_CEPSTRA + 1), with_one.T @ target)
        fitted = with_one @ weights
        scale = np.clip(target.var(axis=0) / fitted.var(axis=0), *_VARIANCE_SCALE)
        explained.append(float(1 - (target - fitted).var(axis=0).sum() / target.var(axis=0).sum()))
        rows = [str(_CEPSTRA)]
        for row in (*weights[:_CEPSTRA].T, weights[_CEPSTRA], scale):
            rows.append(" ".join(f"{value:.4f}" for value in row))
        lines.extend(rows)
    return "\n".join(lines) + "\n", explained


def _normalised(frames: Floats) -> Floats:
    return frames - frames.mean(axis=0)


def _streams(frames: Floats) -> tuple[Floats, Floats, Floats]:
    """Cepstra, their differences over four frames, and the differences of these: the model's three streams."""
    padded = np.pad(frames, ((3, 3), (0, 0)), mode="edge")
    count = len(frames)
    first = padded[5 : 5 + count] - padded[1 : 1 + count]
    second = (padded[6 : 6 + count] - padded[2 : 2 + count]) - (padded[4 : 4 + count] - padded[:count])
    return frames, first, second


if __name__ == "__main__":
    raise SystemExit(main())
