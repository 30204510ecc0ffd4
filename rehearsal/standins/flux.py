"""Deepgram Flux's idea of turns, driven by an ear: pure, no I/O, its clock is the stream's audio."""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from rehearsal.standins.clips import Word, estimated_words
from rehearsal.standins.ear import Ear
from rehearsal.standins.profile import Dice

_CONFIDENCE = 0.97
_UNKNOWN_SPEECH_SECONDS = 0.6
_FORGET_SECONDS = 1.0

Event = Literal["StartOfTurn", "Update", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"]


@dataclass(frozen=True)
class FluxSettings:
    """What the client asked for in the query or by Configure."""

    eot_threshold: float = 0.7
    eager_eot_threshold: float | None = None
    eot_timeout_ms: float = 5000.0
    keyterms: tuple[str, ...] = ()
    language_hints: tuple[str, ...] = ()
    multilingual: bool = False

    def configured(self, message: Mapping[str, Any]) -> FluxSettings:
        """These settings with the changes of a Configure message.

        Raises:
            ValueError: a value outside Flux's limits.
        """
        thresholds = message.get("thresholds") or {}
        changed = replace(
            self,
            eot_threshold=float(thresholds.get("eot_threshold", self.eot_threshold)),
            eager_eot_threshold=thresholds.get("eager_eot_threshold", self.eager_eot_threshold),
            eot_timeout_ms=float(thresholds.get("eot_timeout_ms", self.eot_timeout_ms)),
            keyterms=_strings(message.get("keyterms"), self.keyterms),
            language_hints=_strings(message.get("language_hints"), self.language_hints),
        )
        return changed.checked()

    def checked(self) -> FluxSettings:
        """The same settings.

        Raises:
            ValueError: a value outside Flux's limits.
        """
        if not 0.5 <= self.eot_threshold <= 0.9:
            raise ValueError(f"eot_threshold must be between 0.5 and 0.9, not {self.eot_threshold:g}")
        eager = self.eager_eot_threshold
        if eager is not None and not 0.3 <= float(eager) <= self.eot_threshold:
            raise ValueError(f"eager_eot_threshold must be between 0.3 and eot_threshold, not {eager}")
        if not 500 <= self.eot_timeout_ms <= 10_000:
            raise ValueError(f"eot_timeout_ms must be between 500 and 10000, not {self.eot_timeout_ms:g}")
        if self.language_hints and not self.multilingual:
            raise ValueError("language_hint is only supported by flux-general-multi")
        return self


def _strings(value: object, default: tuple[str, ...]) -> tuple[str, ...]:
    if value is None:
        return default
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Sequence):
        return tuple(str(item) for item in value)
    raise ValueError(f"expected a list of strings, not {value!r}")


class FluxTurns:
    """Makes TurnInfo messages of what an ear hears.

    Call `tick` after each 20 ms that the ear has heard. `unknown_transcript` is what Flux makes of speech that no
    clip explains; empty: nothing, no turn.
    """

    def __init__(self, ear: Ear, dice: Dice, settings: FluxSettings, *, unknown_transcript: str = "") -> None:
        self.settings = settings
        self.turn_index = 0
        self._ear = ear
        self._dice = dice
        self._unknown = unknown_transcript
        self._in_turn = False
        self._eager_sent = False
        self._eager_here: bool | None = None  # drawn once a pause
        self._updated_at = 0.0
        self._turn_from = 0.0
        self._end_ms = 0.0

    def tick(self) -> list[dict[str, Any]]:
        """What there is to say after another 20 ms."""
        heard = self._heard()
        if not self._in_turn:
            return self._before_turn(heard)
        if heard is None:  # what was taken for speech has turned out to be none
            return [self._end("model", [])]
        _, last, words = heard
        silence_ms = (self._ear.now - last) * 1000
        if silence_ms < 1:
            self._eager_here = None
        messages: list[dict[str, Any]] = []
        if self._eager_sent and silence_ms < 1:
            self._eager_sent = False
            self._end_ms = self._dice.draw_ms("flux_end_of_turn_ms")
            messages.append(self._info("TurnResumed", words, confidence=0.1))
        if self._ends(silence_ms):
            trigger = "timeout" if silence_ms >= self.settings.eot_timeout_ms else "model"
            messages.append(self._end(trigger, words))
        elif self._is_eager(silence_ms):
            self._eager_sent = True
            threshold = float(self.settings.eager_eot_threshold or 0)
            messages.append(self._info("EagerEndOfTurn", words, confidence=min(0.95, threshold + 0.05)))
        elif not self._eager_sent and self._update_due():
            messages.append(self._info("Update", words, confidence=0.1))
        return messages

    def force_end(self) -> list[dict[str, Any]]:
        """End the turn now, as the client asks with ForceEndTurn or by closing the stream."""
        heard = self._heard()
        return [self._end("manual", heard[2] if heard else [])] if self._in_turn else []

    def _heard(self) -> tuple[float, float, list[Word]] | None:
        """Start and last moment of the turn's speech (s) and its words, or None when there is none."""
        ear = self._ear
        first, last = ear.first_speech, ear.last_speech
        if first is not None and last is not None:
            return first, last, ear.words()
        if self._unknown and ear.sound_since is not None and ear.last_sound is not None:
            stretch = (ear.sound_since, max(ear.last_sound, ear.sound_since + _UNKNOWN_SPEECH_SECONDS))
            return ear.sound_since, ear.last_sound, list(estimated_words(self._unknown, [stretch]))
        return None

    def _before_turn(self, heard: tuple[float, float, list[Word]] | None) -> list[dict[str, Any]]:
        ear = self._ear
        if heard is not None:
            first, last, words = heard
            known = ear.first_speech is not None
            needed = self._dice.profile.flux_start_ms / 1000 if known else _UNKNOWN_SPEECH_SECONDS
            over = ear.now - last > self._dice.profile.flux_end_of_turn_ms / 1000
            opening = words or ([ear.first_word] if ear.first_word else [])
            if opening and (last - first >= needed - 0.01 or (over and known)):
                return [self._start(opening)]
        if ear.last_sound is not None and ear.now - ear.last_sound > _FORGET_SECONDS:
            ear.begin_turn()
        return []

    def _start(self, words: list[Word]) -> dict[str, Any]:
        self._in_turn = True
        self._eager_sent = False
        self._end_ms = self._dice.draw_ms("flux_end_of_turn_ms")
        self._updated_at = self._ear.now
        return self._info("StartOfTurn", words, confidence=0.05)

    def _ends(self, silence_ms: float) -> bool:
        needed = self._end_ms
        if self._ear.unfinished:
            needed = max(needed, self._dice.profile.flux_incomplete_ms)
        return silence_ms >= min(needed, self.settings.eot_timeout_ms)

    def _is_eager(self, silence_ms: float) -> bool:
        wanted = self.settings.eager_eot_threshold is not None and not self._eager_sent
        if not wanted or silence_ms < self._dice.profile.flux_eager_ms:
            return False
        if self._eager_here is None:
            share = self._dice.profile.flux_eager_in_pause_share if self._ear.unfinished else 1.0
            self._eager_here = self._dice.happens(share)
        return self._eager_here

    def _update_due(self) -> bool:
        due = self._updated_at + self._dice.profile.flux_update_every_ms / 1000
        return self._ear.now >= due - 0.001

    def _end(self, trigger: str, words: list[Word]) -> dict[str, Any]:
        message = self._info("EndOfTurn", words, confidence=max(0.85, self.settings.eot_threshold))
        message["trigger"] = trigger
        self._in_turn = False
        self._eager_sent = False
        self.turn_index += 1
        self._turn_from = self._ear.now
        self._ear.begin_turn()
        return message

    def _info(self, event: Event, words: list[Word], *, confidence: float) -> dict[str, Any]:
        if event == "Update":
            self._updated_at = self._ear.now
        message: dict[str, Any] = {
            "type": "TurnInfo",
            "event": event,
            "turn_index": self.turn_index,
            "audio_window_start": round(self._turn_from, 3),
            "audio_window_end": round(self._ear.now, 3),
            "transcript": " ".join(word.text for word in words),
            "words": [
                {
                    "word": word.text,
                    "confidence": _CONFIDENCE,
                    "start": round(word.start, 3),
                    "end": round(word.end, 3),
                }
                for word in words
            ],
            "end_of_turn_confidence": round(confidence, 4),
        }
        if self.settings.multilingual:
            message["languages"] = languages_of(words)
            if self.settings.language_hints:
                message["languages_hinted"] = list(self.settings.language_hints)
        return message


def languages_of(words: Sequence[Word]) -> list[str]:
    """The words' languages, the most frequent one first."""
    return [language for language, _ in collections.Counter(word.language for word in words).most_common()]
