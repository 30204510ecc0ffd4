"""Deepgram Nova's streaming results (v1/listen), driven by an ear: pure, no I/O, its clock is the stream's audio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.standins.clips import Word
from rehearsal.standins.ear import Ear
from rehearsal.standins.flux import languages_of
from rehearsal.standins.profile import Dice

_CONFIDENCE = 0.97
_FORGET_SECONDS = 1.0
_PUNCTUATION = ".,;:!?¿¡\"'()"


@dataclass(frozen=True)
class NovaSettings:
    """What the client asked for in the query."""

    interim_results: bool = False
    endpointing_ms: float | None = 10.0
    utterance_end_ms: float | None = None
    vad_events: bool = False
    punctuate: bool = False
    language: str = "en"

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> NovaSettings:
        """Read the query string.

        Raises:
            ValueError: a number that is none.
        """
        endpointing = query.get("endpointing", "10")
        utterance_end = query.get("utterance_end_ms")
        return cls(
            interim_results=query.get("interim_results") == "true",
            endpointing_ms=None if endpointing == "false" else float(endpointing),
            utterance_end_ms=float(utterance_end) if utterance_end else None,
            vad_events=query.get("vad_events") == "true",
            punctuate=query.get("punctuate") == "true" or query.get("smart_format") == "true",
            language=query.get("language", "en"),
        )


class NovaResults:
    """Makes the messages of a v1 stream of what an ear hears; `tick` after each 20 ms that it has heard."""

    def __init__(self, ear: Ear, dice: Dice, settings: NovaSettings) -> None:
        self._ear = ear
        self._dice = dice
        self._settings = settings
        self._final_words = 0
        self._final_until = 0.0
        self._interim_at = 0.0
        self._started = False
        self._final_ms = dice.draw_ms("nova_final_ms")
        self._utterance_ended = True

    def tick(self) -> list[dict[str, Any]]:
        """What there is to say after another 20 ms."""
        last = self._ear.last_speech
        if last is None:
            self._forget_noise()
            return []
        messages: list[dict[str, Any]] = []
        if not self._started:
            self._started = True
            self._utterance_ended = False
            if self._settings.vad_events:
                messages.append({"type": "SpeechStarted", "channel": [0], "timestamp": round(self._first(), 3)})
        words = self._open_words()
        silence_ms = (self._ear.now - last) * 1000
        if words and self._settings.endpointing_ms is not None:
            if silence_ms >= max(self._settings.endpointing_ms, self._final_ms):
                messages.append(self._final(words, speech_final=True))
                words = []
        if words and self._settings.interim_results and silence_ms < 1 and self._interim_due():
            messages.append(self._result(words, is_final=False))
        if not words:
            messages.extend(self._after_words(silence_ms))
        return messages

    def finalize_after_ms(self) -> float:
        """How long the vendor would take to answer a Finalize that comes now."""
        last = self._ear.last_speech
        if last is None or not self._open_words():
            return 0.0
        return max(0.0, self._final_ms - (self._ear.now - last) * 1000)

    def finalize(self) -> dict[str, Any]:
        """The answer to Finalize: all that was heard, maybe nothing."""
        return self._final(self._open_words(), from_finalize=True)

    def close(self) -> list[dict[str, Any]]:
        """The last results before the stream closes."""
        words = self._open_words()
        return [self._final(words, speech_final=True)] if words else []

    def _first(self) -> float:
        return self._ear.first_speech or 0.0

    def _open_words(self) -> list[Word]:
        return self._ear.words()[self._final_words :]

    def _interim_due(self) -> bool:
        return self._ear.now - self._interim_at >= self._dice.profile.nova_interim_every_ms / 1000 - 0.001

    def _forget_noise(self) -> None:
        if self._ear.last_sound is not None and self._ear.now - self._ear.last_sound > _FORGET_SECONDS:
            self._ear.begin_turn()

    def _after_words(self, silence_ms: float) -> list[dict[str, Any]]:
        """The end of the utterance, once all its words are final."""
        messages: list[dict[str, Any]] = []
        wait = self._settings.utterance_end_ms
        spoken = self._ear.words()
        if wait and spoken and not self._utterance_ended and silence_ms >= wait:
            self._utterance_ended = True
            messages.append(
                {"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": round(spoken[-1].end, 3)},
            )
        if silence_ms >= max(_FORGET_SECONDS * 1000, wait or 0) and not self._ear.unfinished:
            self._ear.begin_turn()
            self._final_words = 0
            self._started = False
        return messages

    def _final(self, words: list[Word], *, speech_final: bool = False, from_finalize: bool = False) -> dict[str, Any]:
        message = self._result(words, is_final=True, speech_final=speech_final, from_finalize=from_finalize)
        self._final_words += len(words)
        self._final_until = self._ear.now
        self._final_ms = self._dice.draw_ms("nova_final_ms")
        return message

    def _result(
        self, words: list[Word], *, is_final: bool, speech_final: bool = False, from_finalize: bool = False
    ) -> dict[str, Any]:
        self._interim_at = self._ear.now
        return {
            "type": "Results",
            "channel_index": [0, 1],
            "start": round(self._final_until, 3),
            "duration": round(self._ear.now - self._final_until, 3),
            "is_final": is_final,
            "speech_final": speech_final,
            "from_finalize": from_finalize,
            "channel": {
                "alternatives": [
                    alternative(words, punctuate=self._settings.punctuate, multi=self._settings.language == "multi")
                ]
            },
        }


def alternative(words: list[Word], *, punctuate: bool, multi: bool) -> dict[str, Any]:
    """One transcript with its words, as v1 writes it."""
    plain = [_plain(word.text) for word in words]
    shown = [word.text for word in words] if punctuate else plain
    result: dict[str, Any] = {
        "transcript": " ".join(shown),
        "confidence": _CONFIDENCE if words else 0.0,
        "words": [
            {
                "word": bare,
                "start": round(word.start, 3),
                "end": round(word.end, 3),
                "confidence": _CONFIDENCE,
                **({"punctuated_word": word.text} if punctuate else {}),
                **({"language": word.language} if multi else {}),
            }
            for word, bare in zip(words, plain, strict=True)
        ],
    }
    if multi:
        result["languages"] = languages_of(words)
    return result


def _plain(text: str) -> str:
    return text.strip(_PUNCTUATION).lower()
