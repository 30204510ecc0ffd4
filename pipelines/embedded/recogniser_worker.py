"""The process in which pocketsphinx listens: it holds the interpreter's lock, so it must not share the server's.

Run as `python -m pipelines.embedded.recogniser_worker '<json>'` with the fields of `WorkerOptions`. Reads worker
messages on its input, writes them on its output, leaves when its input ends.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pocketsphinx  # pyright: ignore[reportMissingTypeStubs]

from pipelines.embedded.band_filter import BandFilter
from pipelines.embedded.worker_protocol import HEAD, Kind, Message, parse_head

IN_RATE = 8000
MODEL_RATE = 16000
FRAME_SECONDS = 0.01
_NOT_WORDS = ("<", "[", "+")


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What a worker is told at its start. Paths are absolute; `interim_seconds` 0 turns interim texts off."""

    lm_path: str
    dict_path: str
    transform_path: str
    cepstral_mean: str
    streams: int
    interim_seconds: float

    def to_json(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


def acoustic_model_path() -> Path:
    """The US English model inside the pocketsphinx wheel."""
    return Path(pocketsphinx.get_model_path("en-us")) / "en-us"


def doubled(samples: npt.NDArray[np.int16], *, last: int) -> npt.NDArray[np.int16]:
    """Twice the rate by straight lines, half an input sample late; `last` is the sample before the first.

    The telephone transform is fitted on audio doubled in this very way, so nothing better is needed.
    """
    out = np.empty(2 * len(samples), np.int16)
    wide = np.concatenate([np.array([last], np.int32), samples.astype(np.int32)])
    out[::2] = (wide[:-1] + wide[1:]) >> 1
    out[1::2] = samples
    return out


class LineEar:
    """Brings any 8 kHz line into the telephone's band, for which the transform is fitted, and to the model's rate."""

    def __init__(self) -> None:
        self._band = BandFilter()
        self._last = 0

    def reset(self) -> None:
        self._band.reset()
        self._last = 0

    def heard(self, samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
        """Samples at 8 kHz -> twice as many at 16 kHz, 10 ms late."""
        narrow = self._band.filter(samples)
        out = doubled(narrow, last=self._last)
        self._last = int(narrow[-1])
        return out


class Listener:
    """One stream's decoder: utterances one after another, audio in, hypotheses out."""

    def __init__(self, decoder: Any, *, options: WorkerOptions) -> None:
        self._decoder = decoder
        self._options = options
        self._listening = False
        self._ear = LineEar()
        self._since_interim = 0.0
        self._interim = ""

    def reset(self) -> None:
        """Forgets the caller before: an unfinished utterance and the line's cepstral mean."""
        self.abandon()
        self._decoder.set_cmn(self._options.cepstral_mean)

    def start(self) -> None:
        self.abandon()
        self._decoder.start_utt()
        self._ear.reset()
        self._listening, self._since_interim, self._interim = True, 0.0, ""

    def feed(self, audio: bytes) -> str | None:
        """Takes 8 kHz PCM; a new interim text where one is due."""
        if not self._listening:
            return None
        samples = np.frombuffer(audio[: len(audio) & ~1], "<i2")
        if not len(samples):
            return None
        self._decoder.process_raw(self._ear.heard(samples).tobytes(), no_search=False, full_utt=False)
        self._since_interim += len(samples) / IN_RATE
        if not self._options.interim_seconds or self._since_interim < self._options.interim_seconds:
            return None
        self._since_interim = 0.0
        text = self._text()
        if text == self._interim:
            return None
        self._interim = text
        return text

    def finish(self) -> dict[str, Any]:
        """The final text and its words with start and end in seconds from the utterance's first sample."""
        if not self._listening:
            return {"text": "", "words": []}
        self._decoder.end_utt()
        self._listening = False
        words: list[tuple[str, float, float]] = []
        for segment in self._decoder.seg() or ():
            if not segment.word.startswith(_NOT_WORDS):
                word = segment.word.partition("(")[0]
                words.append((word, segment.start_frame * FRAME_SECONDS, (segment.end_frame + 1) * FRAME_SECONDS))
        return {"text": " ".join(word for word, _, _ in words), "words": words}

    def abandon(self) -> None:
        if self._listening:
            self._decoder.end_utt()
            self._listening = False

    def _text(self) -> str:
        hypothesis = self._decoder.hyp()
        return hypothesis.hypstr if hypothesis else ""


def make_listeners(options: WorkerOptions) -> list[Listener]:
    """All decoders of this process; they share one language model."""
    listeners: list[Listener] = []
    model: Any = None
    for _ in range(options.streams):
        config = pocketsphinx.Config(
            hmm=str(acoustic_model_path()),
            lm=None,
            dict=options.dict_path,
            mllr=options.transform_path,
            cmninit=options.cepstral_mean,
            fwdflat=False,  # finalising takes 5 ms instead of 97, at no loss
            loglevel="FATAL",
        )
        decoder = pocketsphinx.Decoder(config)
        if model is None:
            model = pocketsphinx.NGramModel(decoder.config, decoder.logmath, options.lm_path)
        decoder.add_lm("caller", model)
        decoder.activate_search("caller")
        listeners.append(Listener(decoder, options=options))
    return listeners


def serve(listeners: list[Listener], *, source: BinaryIO, sink: BinaryIO) -> None:
    """Answers messages until `source` ends."""
    while len(head := source.read(HEAD.size)) == HEAD.size:
        kind, number, length = parse_head(head)
        body = source.read(length)
        answer = _answer(listeners[number], kind=kind, body=body)
        if answer is not None:
            answer_kind, content = answer
            sink.write(Message(answer_kind, number, json.dumps(content).encode()).to_bytes())
            sink.flush()


def _answer(listener: Listener, *, kind: Kind, body: bytes) -> tuple[Kind, dict[str, Any]] | None:
    match kind:
        case Kind.OPEN:
            listener.reset()
        case Kind.START:
            listener.start()
        case Kind.AUDIO:
            text = listener.feed(body)
            return None if text is None else (Kind.PARTIAL, {"text": text})
        case Kind.FINISH:
            return Kind.FINAL, listener.finish()
        case Kind.ABANDON | Kind.CLOSE:
            listener.abandon()
        case _:
            raise ValueError(f"a recogniser has no use for {kind!r}")
    return None


def main() -> None:
    """Loads the models, says READY, serves."""
    options = WorkerOptions(**json.loads(sys.argv[1]))
    sink = sys.stdout.buffer
    listeners = make_listeners(options)
    sink.write(Message(Kind.READY, 0).to_bytes())
    sink.flush()
    serve(listeners, source=sys.stdin.buffer, sink=sink)


if __name__ == "__main__":
    main()
