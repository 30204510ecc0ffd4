"""Tells from the sound of a stream which known clip is being spoken, and where in it the speaker is."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rehearsal.standins.clips import FINE_HOP, HEARD, Bank, Clip, ClipBook, Word
from rehearsal.standins.spectrum import BANDS, HOP, RATE, SILENCE_DB, WINDOW, Floats, Samples, pictures

_ABOVE_FLOOR_DB = 9.0
_FLOOR_FRAMES = 75  # 1.5 s, in which speech has a gap
_FIRST_FLOOR_DB = -50.0
_RISE_DB = 8.0  # a jump that may be the start of another clip
_LOOK_AHEAD = 6  # frames after an onset before all clips are compared with it
_KEEP = 0.98  # weight of the past, a frame: about a second
_YOUNG = 11  # frames (0.22 s) before anything is decided
_RECOGNISED = 0.93  # 99 of 100 right guesses fit better, at 20 dB above the noise
_LOST = 0.85
_SLACK_PER_DB = 0.01  # less is asked of a fit below 20 dB above the noise
_TRIAL_SECONDS = 1.2  # what fits no more so soon after it was recognised never was it
_BETTER = 0.03
_GIVE_UP = 40  # frames after which an unrecognised sound is given up
_CUT = 7  # frames (0.14 s) of silence where the clip is loud: the speaker broke off
_MOST = 160
_DEAD, _DEAD_DB = 16, -70.0  # samples below it are no sound: 66 dB below full scale
_NOTHING: Floats = np.zeros(BANDS, np.float32)
_JUDGE_EVERY = 2
_PRUNE_EVERY = 6
_MISHEARD_SECONDS = 0.3  # how long it takes until a fit shows that something else is said
_SAME_SOUND = 0.4  # a clip recognised later that explains so much of the one before corrects it


@dataclass(frozen=True)
class Segment:
    """A stretch of a known clip in the stream. `origin` is the clip's first sample on the stream's clock (s)."""

    clip: Clip
    origin: float
    until: float = float("inf")

    @property
    def speech_start(self) -> float:
        """When its sound began."""
        return self.origin + self.clip.speech_start

    def last_speech(self, now: float) -> float:
        """When it last sounded, up to now."""
        last = self.speech_start
        for start, end in self.clip.speech:
            if self.origin + start > min(now, self.until):
                break
            last = min(self.origin + end, now, self.until)
        return last

    def unfinished(self, now: float) -> bool:
        """Whether more speech of this clip is to come."""
        return self.until == float("inf") and now < self.origin + self.clip.speech_end

    def words(self, now: float) -> Iterator[Word]:
        """Its words that have ended, on the stream's clock; the last one may be heard from its middle."""
        for word in self.clip.words:
            heard = word.end if self.until == float("inf") else (word.start + word.end) / 2
            if self.origin + heard > min(now, self.until):
                return
            yield word.later(self.origin)


class _Guesses:
    """All guesses of which clip is at which place, and how well each fits what was heard so far."""

    def __init__(self) -> None:
        self.place = np.zeros(0, np.int32)
        self.clip = np.zeros(0, np.int32)
        self.born = np.zeros(0, np.int32)
        self._common = np.zeros(0, np.float32)
        self._expected = np.zeros(0, np.float32)
        self._heard = np.zeros(0, np.float32)

    def __len__(self) -> int:
        return len(self.place)

    @property
    def fit(self) -> Floats:
        """[n] normalised correlation of each guess."""
        return np.asarray(self._common / np.sqrt(self._expected * self._heard + 1e-9), np.float32)

    def sow(self, bank: Bank, born: int, past: Floats) -> None:
        """Add a guess for each beginning of a clip that the last frames may be ([HEARD, BANDS], the newest last)."""
        found = bank.beginnings.match(past)
        place = found.place.ravel()
        clip = np.repeat(bank.anchored, found.place.shape[1])
        heard = np.full(len(place), np.einsum("ij,ij->", past, past), np.float32)
        self.place = np.concatenate([self.place, place])
        self.clip = np.concatenate([self.clip, clip])
        self.born = np.concatenate([self.born, np.full(len(place), born, np.int32)])
        self._common = np.concatenate([self._common, found.common.ravel()])
        self._expected = np.concatenate([self._expected, found.expected.ravel()])
        self._heard = np.concatenate([self._heard, heard])

    def step(self, bank: Bank, vector: Floats, *, sounding: bool) -> None:
        """Move on by a frame. Silence (a zero vector) only counts against those that expect speech."""
        self.place = np.minimum(self.place + 2, bank.ends[self.clip] - 1)
        if sounding:
            self._common *= _KEEP
            self._expected *= _KEEP
            self._heard *= _KEEP
            self._common += bank.vectors[self.place] @ vector
            self._heard += float(vector @ vector)
        self._expected += bank.weights[self.place]

    def keep(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> None:
        """Forget the others."""
        self.place, self.clip, self.born = self.place[which], self.clip[which], self.born[which]
        self._common, self._expected, self._heard = self._common[which], self._expected[which], self._heard[which]

    def prune(self, frame: int) -> None:
        """Forget what fits far worse than the best of its age."""
        fit = self.fit
        age = frame - self.born
        margin = np.where(age < 12, 0.3, np.where(age < 25, 0.2, 0.1))
        kept = fit > fit.max() - margin
        most = _MOST if age.min() < 25 else _MOST // 4
        if kept.sum() > most:
            kept &= fit >= np.partition(fit, -most)[-most]
        self.keep(kept)


def _picture(window: NDArray[np.int16]) -> tuple[Floats, float]:
    """A frame's vector and level; a line that is as good as dead, which is most of a call, costs nothing."""
    if -_DEAD < window.min() and window.max() < _DEAD:
        return _NOTHING, _DEAD_DB
    vectors, levels = pictures(window[None, :])
    return vectors[0], float(levels[0])


class Ear:
    """Listens to one stream of 8 kHz sound.

    Feed it with `hear`; after each 20 ms it can be asked what has been said since `begin_turn`. Times are seconds
    of the stream's own audio. Nothing but the sound tells it anything.
    """

    def __init__(self, book: ClipBook) -> None:
        self._book = book
        self._bank = book.bank
        self._rest: NDArray[np.int16] = np.zeros(WINDOW // 2, np.int16)
        self._frame = 0
        self._levels: collections.deque[float] = collections.deque([_FIRST_FLOOR_DB], maxlen=_FLOOR_FRAMES)
        self._past: collections.deque[Floats] = collections.deque(maxlen=HEARD)
        self._guesses = _Guesses()
        self._done: list[Segment] = []
        self._current: Segment | None = None
        self._current_clip = -1
        self._current_born = -1
        self._broken_off = 0
        self._sounding = False
        self._onset_at: int | None = None
        self._above_noise_db = 40.0
        self.now = 0.0
        self.sound_since: float | None = None
        self.last_sound: float | None = None

    # -- what was heard ------------------------------------------------------------------------------------------

    @property
    def segments(self) -> list[Segment]:
        """The known clips of this turn, in their order."""
        return [*self._done, self._current] if self._current else list(self._done)

    @property
    def first_speech(self) -> float | None:
        """When the known speech of this turn began, or None."""
        segments = self.segments
        return segments[0].speech_start if segments else None

    @property
    def last_speech(self) -> float | None:
        """When known speech last sounded in this turn, or None."""
        segments = self.segments
        return segments[-1].last_speech(self.now) if segments else None

    @property
    def unfinished(self) -> bool:
        """Whether the clip now spoken has more speech to come."""
        return self._current is not None and self._current.unfinished(self.now)

    def words(self) -> list[Word]:
        """The words of this turn that have ended by now."""
        return [word for segment in self.segments for word in segment.words(self.now)]

    @property
    def first_word(self) -> Word | None:
        """The first word of this turn, ended or not."""
        segments = self.segments
        if not segments or not segments[0].clip.words:
            return None
        return segments[0].clip.words[0].later(segments[0].origin)

    def begin_turn(self) -> None:
        """What was said so far belongs to the past; a clip that goes on does so in the new turn."""
        self._done.clear()
        self.sound_since = self.last_sound = None
        current = self._current
        if current is None:
            return
        if not current.unfinished(self.now):
            self._drop_current()
            self._guesses = _Guesses()
            return
        at = self.now - current.origin
        rest = tuple(word for word in current.clip.words if word.end > at)
        speech = tuple(stretch for stretch in current.clip.speech if stretch[1] > at)
        self._current = replace(current, clip=replace(current.clip, words=rest, speech=speech))

    # -- listening -----------------------------------------------------------------------------------------------

    def hear(self, samples: Samples) -> Iterator[None]:
        """Take in samples (mono int16, 8 kHz, any number); yields after each 20 ms, when answers are up to date."""
        self._rest = np.concatenate([self._rest, samples])
        while len(self._rest) >= WINDOW:
            self._listen(self._rest[:WINDOW])
            self._rest = self._rest[HOP:]
            yield

    def _listen(self, window: NDArray[np.int16]) -> None:
        vector, level = _picture(window)
        self.now = (self._frame * HOP + WINDOW // 2) / RATE
        onset = self._follow_level(level)
        self._past.append(vector if self._sounding or onset else _NOTHING)
        if len(self._guesses):
            heard = vector if self._sounding else _NOTHING
            self._guesses.step(self._bank, heard, sounding=self._sounding)
        if onset and self._onset_at is None and not self._speaks_now():
            self._onset_at = self._frame
        elif self._onset_at is not None and self._frame - self._onset_at >= _LOOK_AHEAD:
            self._compare_all(self._onset_at)
            self._onset_at = None
        if len(self._guesses) and self._frame % _JUDGE_EVERY == 0:
            self._judge()
        self._frame += 1

    def _compare_all(self, onset: int) -> None:
        """Guess anew which clip began at an onset a moment ago."""
        if not len(self._guesses):
            self._bank = self._book.bank
        if not len(self._bank.anchors):
            return
        past = np.zeros((HEARD, BANDS), np.float32)
        past[HEARD - len(self._past) :] = self._past
        self._guesses.sow(self._bank, onset, past)
        self._guesses.prune(self._frame)

    def _follow_level(self, level: float) -> bool:
        """Track the noise floor; True where a sound begins or jumps up."""
        was_sounding = self._sounding
        floor = min(self._levels)
        before = max(list(self._levels)[-6:-2], default=level)
        self._levels.append(level)
        self._sounding = level > floor + _ABOVE_FLOOR_DB and level > SILENCE_DB
        if self._sounding:
            self._above_noise_db += 0.1 * (level - floor - self._above_noise_db)
            self.last_sound = self.now
            if not was_sounding:
                self.sound_since = self.sound_since if self.sound_since is not None else self.now
        return self._sounding and (not was_sounding or level > before + _RISE_DB)

    def _speaks_now(self) -> bool:
        """Whether the recognised clip expects speech here: then a jump in level is its own."""
        current = self._current
        if current is None:
            return False
        at = self.now - current.origin
        return any(start - 0.06 <= at <= end for start, end in current.clip.speech)

    def _judge(self) -> None:
        guesses = self._guesses
        if self._frame % _PRUNE_EVERY == 0:
            guesses.prune(self._frame)
        fit = guesses.fit
        old = self._frame - guesses.born >= _YOUNG
        best = int(np.argmax(np.where(old, fit, -1.0)))
        slack = _SLACK_PER_DB * max(0.0, 20.0 - self._above_noise_db)
        if self._current is None:
            if old[best] and fit[best] >= _RECOGNISED - slack:
                self._recognise(best)
            elif old.all() and self._frame - int(guesses.born.max()) > _GIVE_UP:
                self._guesses = _Guesses()
            return
        own = np.flatnonzero((guesses.clip == self._current_clip) & (guesses.born == self._current_born))
        own_fit = float(fit[own].max()) if len(own) else 0.0
        if old[best] and fit[best] >= _RECOGNISED - slack and fit[best] > own_fit + _BETTER:
            self._recognise(best)
        elif own_fit < _LOST - slack and self._sounding:
            finished = self._current.origin + self._current.clip.speech_end <= self.now
            self._break_off(self.now - _MISHEARD_SECONDS, at_least=0.0 if finished else _TRIAL_SECONDS)
        elif own_fit < _LOST - slack or self._broke_off(own, fit):
            self._break_off(self.now if self.last_sound is None else self.last_sound)

    def _recognise(self, index: int) -> None:
        guesses = self._guesses
        clip, born = int(guesses.clip[index]), int(guesses.born[index])
        behind = (int(guesses.place[index]) - int(self._bank.origins[clip])) * FINE_HOP
        segment = Segment(self._book[clip], (self._frame * HOP - behind) / RATE)
        before = self._current
        if before is not None:
            heard = before.last_speech(self.now)
            if heard - segment.speech_start < _SAME_SOUND * (heard - before.speech_start):
                self._done.append(replace(before, until=segment.speech_start))
        self._current = segment
        self._current_clip, self._current_born = clip, born
        self._broken_off = 0
        guesses.keep(guesses.born >= born)

    def _broke_off(self, own: NDArray[np.intp], fit: Floats) -> bool:
        """Whether it has been silent for a while where the clip is loud."""
        if self._sounding or not len(own):
            self._broken_off = 0
            return False
        place = self._guesses.place[own[int(np.argmax(fit[own]))]]
        self._broken_off += _JUDGE_EVERY * bool(self._bank.loud[place])
        return self._broken_off >= _CUT

    def _break_off(self, until: float, *, at_least: float = 0.0) -> None:
        """The speaker stopped in the middle, or says something else: what was said until then stays."""
        current = self._current
        if current is not None and until - current.speech_start > at_least:
            whole = current.origin + current.clip.speech_end <= self.now
            self._done.append(current if whole else replace(current, until=until))
        self._drop_current()
        self._guesses = _Guesses()

    def _drop_current(self) -> None:
        self._current = None
        self._current_clip = self._current_born = -1
        self._broken_off = 0
