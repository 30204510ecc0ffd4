"""Echo: is what comes from the caller only the bot's own voice, back from a loudspeaker?

A pure, streaming judge over the energies of 16 bands, which outlive companding, rooms and a shaky alignment where
waveforms do not. As long as no echo has been met, the spectral patch heard last is correlated with what was played, at
every lag; the lag that keeps fitting is the echo's. From then on, its lag and a gain for each band predict how loud the
echo can be, and what goes on exceeding that comes from someone else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WINDOW_SAMPLES = 256
"""Samples in one window at 8 kHz: 32 ms."""

SILENT_DBFS = -100.0
"""The level given where there is nothing."""

Samples = NDArray[np.float32]
Bands = NDArray[np.float32]

_HOP = WINDOW_SAMPLES // 2
_BANDS = 16
_LAGS = 58  # hops of 16 ms: 0 to 0.91 s
_BLUR = 2  # hops to either side of the lag in which the echo's source may lie: the alignment's jitter
_JUMP = 4  # hops by which the lag may change at once
_PATCH = 12  # hops that are correlated at a time: 0.19 s
_KEPT = _LAGS + _JUMP + _BLUR + _PATCH
_ROWS = 512
_BACKLOG = 16  # windows that may wait to be worked off together: 0.5 s
_ROOM_DECAY = np.float32(0.48)  # energy kept from hop to hop in a room whose sound is gone (-60 dB) after 0.3 s
_PLAYED_FLOOR_DB = -55.0  # a band below it leaves no echo that could be heard
_HEARD_FLOOR = np.float32(1e-7)  # power of a band; line noise of -60 dBFS is about as loud
_AUDIBLE_DBFS = -55.0
_PLAYED_AUDIBLE_DBFS = -50.0
_PLAYED_LOUD_DBFS = -35.0
_TINY = np.float32(1e-10)


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoParams:
    """Figures of the judgement; chosen on recorded speech with the scenes of tests/unit/pipelines/test_echo.py.

    A score rises by up to 3 for a window that speaks for someone else and falls otherwise; above `threshold` the
    window counts as somebody's. Correlations are between -1 and 1. Evidence is their mean over about 0.5 s at one lag.
    """

    threshold: float = 3.0
    limit: float = 5.0
    relief: float = 1.0  # what a window takes off the score by itself
    excess_margin_db: float = 3.0
    excess_limit_db: float = 10.0
    turned_up_db: float = 13.0  # an echo gets louder by no more than this from one moment to the next
    least_loss_db: float = 8.0  # an echo is quieter than what was played by at least this much
    unknown_correlation: float = 0.66  # below it the patch is somebody's
    unknown_weight: float = 12.0
    lock_evidence: float = 0.4  # an echo is met where the evidence of a lag is that high…
    lock_margin: float = 0.15  # …and that far above that of all others
    quiet_path_windows: int = 50  # that long nothing came back while the bot was loud: a handset, no loudspeaker
    quiet_path_extra: float = 0.1  # what more is asked of evidence and margin then


@dataclass(frozen=True, slots=True)
class EchoVerdict:
    """What one window brought.

    Attributes:
        is_echo: sound is heard, and what was played explains it (or nothing yet speaks against that).
        near_end_db: level in dBFS of what the echo does not explain; `SILENT_DBFS` where it explains everything,
            or where nothing is heard.
        level_db: level in dBFS of the window that was heard.
    """

    is_echo: bool
    near_end_db: float
    level_db: float

    @property
    def is_near_end(self) -> bool:
        """Whether somebody or something at the caller's end is heard that is not the bot."""
        return self.near_end_db > SILENT_DBFS


def _filter_bank(taper: Samples) -> Bands:
    """Triangles from 150 to 3500 Hz, evenly spaced in mel: shape (129, _BANDS); scaled to the mean square."""
    low_mel, high_mel = (2595.0 * math.log10(1.0 + hertz / 700.0) for hertz in (150.0, 3500.0))
    edges = 700.0 * (10.0 ** (np.linspace(low_mel, high_mel, _BANDS + 2) / 2595.0) - 1.0)
    hertz = np.arange(_HOP + 1)[:, np.newaxis] * 8000.0 / WINDOW_SAMPLES
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.maximum(np.minimum((hertz - low) / (middle - low), (high - hertz) / (high - middle)), 0.0)
    return (triangles * 2.0 / (WINDOW_SAMPLES * np.square(taper).sum())).astype(np.float32)


_TAPER: Samples = np.hanning(WINDOW_SAMPLES + 1)[:WINDOW_SAMPLES].astype(np.float32)
_BANK = _filter_bank(_TAPER)


def _level(samples: Samples) -> float:
    power = float(samples @ samples) / len(samples)
    return 10.0 * math.log10(power) if power > 1e-10 else SILENT_DBFS


def _band_power(samples: Samples) -> Bands:
    """The band energies of n hops of two signals: shape (2, n, _BANDS); `samples` is (2, n * 128 + 128)."""
    halves = samples.reshape(2, -1, _HOP)
    frames = np.empty((2, halves.shape[1] - 1, WINDOW_SAMPLES), dtype=np.float32)
    np.multiply(halves[:, :-1], _TAPER[:_HOP], out=frames[:, :, :_HOP])
    np.multiply(halves[:, 1:], _TAPER[_HOP:], out=frames[:, :, _HOP:])
    spectrum = np.fft.rfft(frames)
    return np.asarray((spectrum.real**2 + spectrum.imag**2) @ _BANK, dtype=np.float32)


def _room_decay(hops: int) -> Bands:
    """What is left of each hop's energy at each later one: shape (hops, hops + 1), the first column of what was."""
    age = np.arange(hops)[:, np.newaxis] + 1 - np.arange(hops + 1)
    return np.where(age >= 0, _ROOM_DECAY ** np.maximum(age, 0), 0.0).astype(np.float32)


_DECAY = _room_decay(2 * _BACKLOG)


class _Played:
    """What was played, a row a hop, the newest at `end` - 1; folded back when the rows are full."""

    __slots__ = ("_sums", "dry_db", "end", "level_db", "silent_hops", "wet")

    def __init__(self) -> None:
        self.end = _KEPT
        self.silent_hops = _KEPT
        self.wet = np.zeros((_ROWS, _BANDS), dtype=np.float32)
        self.dry_db = np.full((_ROWS, _BANDS), _PLAYED_FLOOR_DB, dtype=np.float32)
        self.level_db = np.full(_ROWS, SILENT_DBFS, dtype=np.float32)
        # Running sums of all values and of their squares: a patch's is a difference of two rows.
        self._sums = np.empty((_ROWS, 2))
        self._sums[:] = np.arange(_ROWS)[:, np.newaxis] * _BANDS * np.array([_PLAYED_FLOOR_DB, _PLAYED_FLOOR_DB**2])

    def push(self, power: Bands, power_db: Bands) -> None:
        """Add n hops, shape (n, _BANDS)."""
        hops = len(power)
        if self.end + hops > _ROWS:
            for rows in (self.wet, self.dry_db, self.level_db, self._sums):
                rows[:_KEPT] = rows[self.end - _KEPT : self.end]
            self.end = _KEPT
        first, end = self.end, self.end + hops
        decay = _DECAY[:hops, : hops + 1]
        np.matmul(decay[:, 1:], power, out=self.wet[first:end])
        self.wet[first:end] += decay[:, :1] * self.wet[first - 1]
        rows = np.maximum(power_db, _PLAYED_FLOOR_DB, out=self.dry_db[first:end])
        sums = self._sums[first:end]
        sums[:, 0] = rows.sum(axis=1)
        sums[:, 1] = np.einsum("hb,hb->h", rows, rows)
        np.cumsum(self._sums[first - 1 : end], axis=0, out=self._sums[first - 1 : end])
        self.level_db[first:end] = 10.0 * np.log10(power.sum(axis=1) + _TINY)
        self.end = end

    def loudest_db(self, end: int) -> float:
        """The level of the loudest hop that can come back up to hop `end`."""
        return float(self.level_db[end - _LAGS : end].max())

    def patch_moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sum and sum of squares of the patch that ended at each lag, the longest lag first."""
        sums = self._sums[self.end - _LAGS : self.end] - self._sums[self.end - _LAGS - _PATCH : self.end - _PATCH]
        return sums[:, 0], sums[:, 1]

    def sources(self, lag: int, hops: int, end: int | None = None) -> Bands:
        """How loud each band may have been played, room included, to come back in the `hops` hops up to `end`."""
        end = self.end if end is None else end
        loudest = np.empty((hops, _BANDS), dtype=np.float32)
        for row, at in enumerate(range(end - hops - lag, end - lag)):
            np.maximum.reduce(self.wet[max(0, at - _BLUR) : min(at + _BLUR + 1, end)], axis=0, out=loudest[row])
        return loudest


class EchoJudge:
    """One call's echo judgement: feed it what was heard and played, window by window.

    Not thread-safe. About 0.1 MB a call; next to nothing to compute once the bot has been silent for 1.2 s.
    """

    def __init__(self, params: EchoParams | None = None) -> None:
        self._params = params or EchoParams()
        # Both sides' samples that wait to be worked off, after half a window that was: heard, played.
        self._samples = np.zeros((2, _HOP + _BACKLOG * WINDOW_SAMPLES), dtype=np.float32)
        self._waiting: list[bool] = []  # of each window: whether it was audible
        self._played = _Played()
        self._noise = np.full(_BANDS, 10.0**-7.2, dtype=np.float32)
        # Heard in the last patch, the newest hop last, and its product with what was played at each lag.
        self._heard_db = np.empty((_PATCH, _BANDS), dtype=np.float32)
        self._products = np.empty((_PATCH, _LAGS), dtype=np.float32)
        self._forget_heard()
        self._score = 0.0
        self._audible_windows = 0
        self._quiet_path_windows = 0
        self._evidence = np.zeros(_LAGS, dtype=np.float32)
        self._evidence_share = 0.0  # how much of a mean the evidence is by now: it began at zero
        self._lag: int | None = None
        self._gain_db = np.zeros(_BANDS, dtype=np.float32)
        self._missed_windows = 0
        self._echo_db = SILENT_DBFS  # how loud the echo was lately where it was alone

    def push(self, heard: Samples, played: Samples, *, has_voice: bool = True) -> EchoVerdict:
        """Judge one window.

        Args:
            heard: 256 samples at 8 kHz, -1..1, that came from the caller.
            played: what the caller's telephone played meanwhile as far as is known; zeros where the bot was silent.
            has_voice: whether there is a voice in `heard`, whosesoever. What holds none is not judged while the bot
                may be heard: it is kept for what comes after it, and worked off with that at little cost.

        Raises:
            ValueError: either is not 256 samples long.
        """
        if heard.shape != (WINDOW_SAMPLES,) or played.shape != (WINDOW_SAMPLES,):
            raise ValueError(f"expected two windows of {WINDOW_SAMPLES} samples, got {heard.shape} and {played.shape}")
        level_db = _level(heard)
        audible = level_db >= _AUDIBLE_DBFS
        if self._is_idle(heard, played):
            return EchoVerdict(False, level_db if audible else SILENT_DBFS, level_db)
        start = _HOP + len(self._waiting) * WINDOW_SAMPLES
        self._samples[0, start : start + WINDOW_SAMPLES] = heard
        self._samples[1, start : start + WINDOW_SAMPLES] = played
        self._waiting.append(audible)
        if audible and has_voice:
            if self._is_usual(level_db):
                return EchoVerdict(True, SILENT_DBFS, level_db)
            return self._judge(self._work_off(), level_db)
        if len(self._waiting) == _BACKLOG:
            self._work_off()
        return EchoVerdict(False, SILENT_DBFS, level_db)

    def _is_usual(self, level_db: float) -> bool:
        """Whether a window may wait for the next one: so far the echo is alone, and this is no louder."""
        usual = self._lag is not None and self._score <= 0.0 and len(self._waiting) == 1
        return usual and level_db < self._echo_db

    def _judge(self, heard: Bands, level_db: float) -> EchoVerdict:
        """Judge the window worked off last, of which `heard` are the energies."""
        played_db = self._played.loudest_db(self._played.end)
        if played_db < _PLAYED_AUDIBLE_DBFS:
            self._score = self._params.limit
            return EchoVerdict(False, level_db, level_db)
        correlation = self._correlation()
        self._weigh(correlation, level_db)
        if self._lag is None:
            near_db = self._judge_unknown(correlation, level_db, played_db)
        else:
            near_db = self._judge_known(self._lag, correlation, heard)
            self._echo_db = max(level_db if self._score <= 0.0 else SILENT_DBFS, self._echo_db - 1.0)
        if self._score > self._params.threshold:
            return EchoVerdict(False, min(near_db, level_db), level_db)
        return EchoVerdict(True, SILENT_DBFS, level_db)

    def _weigh(self, correlation: Samples, level_db: float) -> None:
        """Let the evidence follow: slowly where the sound is hardly above silence, or is known to be somebody's."""
        rate = 0.06 * min((level_db - _AUDIBLE_DBFS) / 5.0, 1.0)
        if self._lag is not None and self._score > self._params.threshold:
            rate *= 0.25
        self._evidence += rate * (correlation - self._evidence)
        self._evidence_share += rate * (1.0 - self._evidence_share)

    def _is_idle(self, heard: Samples, played: Samples) -> bool:
        """Whether the bot has been silent for so long that no history of it is left to keep."""
        if played.any():
            self._played.silent_hops = 0
            return False
        self._played.silent_hops += 2
        if self._played.silent_hops <= _KEPT + 2:
            return False
        if self._waiting:
            self._work_off()
        self._samples[0, :_HOP], self._samples[1, :_HOP] = heard[_HOP:], played[_HOP:]
        if self._audible_windows >= 0:
            self._forget_heard()
            self._score = 0.0
            self._audible_windows = -1  # marks that this is done
        return True

    def _forget_heard(self) -> None:
        floor_db = 10.0 * math.log10(float(_HEARD_FLOOR))
        self._heard_db.fill(floor_db)
        self._products.fill(floor_db * _PLAYED_FLOOR_DB * _BANDS)

    def _work_off(self) -> Bands:
        """Take the windows that wait into the history; returns the energies heard in the last one."""
        waiting, self._waiting = self._waiting, []
        size = len(waiting) * WINDOW_SAMPLES
        power = _band_power(self._samples[:, : _HOP + size])
        self._samples[:, :_HOP] = self._samples[:, size : size + _HOP]
        self._keep(power)
        end = self._played.end - 2 * len(waiting)
        for audible in waiting:
            end += 2
            if audible:
                self._audible_windows = max(self._audible_windows, 0) + 1
            else:
                self._hear_nothing(end)
        return power[0, -2:]

    def _keep(self, power: Bands) -> None:
        """Add n hops of both sides to the history; `power` is (2, n, _BANDS): heard, played."""
        hops = power.shape[1]
        floored = power + _TINY
        for first in range(0, hops, 2):
            floored[0, first : first + 2] += self._heard_floor()
            # Falls at once, rises by 1.4 dB a second.
            calm = np.maximum((power[0, first] + power[0, first + 1]) * np.float32(0.5), np.float32(1e-8))
            followed = self._noise * np.float32(0.7) + calm * np.float32(0.3)
            self._noise = np.minimum(self._noise * np.float32(1.01), followed)
        decibels = np.log10(floored)
        decibels *= 10.0
        self._played.push(power[1], decibels[1])
        new = min(hops, _PATCH)
        self._heard_db[:-new] = self._heard_db[new:]
        self._heard_db[-new:] = decibels[0, -new:]
        self._products[:-new] = self._products[new:]
        for row in range(_PATCH - new, _PATCH):
            end = self._played.end - (_PATCH - 1 - row)
            np.dot(self._played.dry_db[end - _LAGS : end], self._heard_db[row], out=self._products[row])

    def _heard_floor(self) -> Bands:
        return np.maximum(self._noise * np.float32(3.0), _HEARD_FLOOR)

    def _correlation(self) -> Samples:
        """Of the heard patch with the played one at each lag in hops, shape (_LAGS,)."""
        size = _PATCH * _BANDS
        least = 4.0 * size  # a patch that varies by less than 2 dB is like no other
        total = float(self._heard_db.sum())
        spread = float(np.vdot(self._heard_db, self._heard_db)) - total * total / size
        played_total, played_square = self._played.patch_moments()
        played_spread = np.maximum(played_square - played_total * played_total / size, least)
        covariance = self._products.sum(axis=0) - played_total * (total / size)
        return (covariance / np.sqrt(played_spread * max(spread, least)))[::-1].astype(np.float32)

    def _hear_nothing(self, end: int) -> None:
        """Nothing was heard in the window up to hop `end`: learn from it where an echo was due."""
        self._audible_windows = 0
        self._score = max(0.0, self._score - 2.0 * self._params.relief)
        if self._played.loudest_db(end) <= _PLAYED_LOUD_DBFS:
            return
        if self._lag is None:
            self._quiet_path_windows += 1
            return
        due = self._played.sources(self._lag, 1, end)[0] * 10.0 ** (self._gain_db / 10.0)
        self._missed_windows = self._missed_windows + 1 if float(due.sum()) > 10.0 ** (-4.5) else 0
        if self._missed_windows > self._params.quiet_path_windows:
            self._unlock()

    def _judge_unknown(self, correlation: Samples, level_db: float, played_db: float) -> float:
        """No echo has been met: is this the first? Returns the level of what would be somebody's."""
        params = self._params
        best, peak = int(correlation.argmax()), int(self._evidence.argmax())
        fit, evidence = float(correlation[best]), float(self._evidence[peak])
        others = max(self._evidence[: max(1, peak - 4)].max(), self._evidence[min(peak + 5, _LAGS - 1) :].max())
        margin = evidence - float(others)
        steady = abs(best - peak) <= _BLUR
        handset = self._quiet_path_windows > params.quiet_path_windows
        extra = params.quiet_path_extra if handset else 0.0
        if level_db > played_db - params.least_loss_db and not (steady and fit > 0.92):
            self._score += 4.0
        else:
            likeness = (fit + evidence / max(self._evidence_share, 0.01)) / 2.0
            # What is loud enough to stand clear of the line's noise has to fit better.
            wanted = params.unknown_correlation + 0.07 * min(max((level_db + 50.0) / 10.0, 0.0), 1.0)
            found = evidence > params.lock_evidence + extra and margin > params.lock_margin + extra
            if found and steady and likeness > wanted:
                self._lock(peak)
            if handset and fit < 0.85 and not (steady and margin > 0.2 and evidence > 0.35):
                self._score += 5.0 * min(max((level_db + 50.0) / 10.0, 0.0), 1.0)
            elif self._audible_windows >= 3:
                weight = params.unknown_weight * min(max((level_db + 52.0) / 12.0, 0.0), 1.0)
                # A perfect fit counts for itself: the evidence may still remember the line's noise.
                self._score += weight * (wanted - (fit if fit > 0.87 else likeness))
        if fit > 0.8:
            self._quiet_path_windows = max(0, self._quiet_path_windows - 4)
        self._score = min(max(self._score, 0.0), params.limit)
        return level_db

    def _lock(self, lag: int) -> None:
        """The echo is met: its lag, and a first guess of its gains from the patch that is heard."""
        self._lag = lag
        self._missed_windows = self._quiet_path_windows = 0
        hops = min(_PATCH, 2 * max(1, self._audible_windows))
        sources_db = 10.0 * np.log10(self._played.sources(lag, hops) + _TINY)
        heard = 10.0 ** (self._heard_db[-hops:] / 10.0) - self._heard_floor()
        loss = 10.0 * np.log10(np.maximum(heard, 1e-9)) - sources_db
        usable = sources_db > _PLAYED_FLOOR_DB
        count, total = usable.sum(axis=0), np.where(usable, loss, 0.0).sum(axis=0)
        overall = float(total.sum()) / max(1, int(count.sum()))
        self._gain_db = np.minimum((total + 4.0 * overall) / (count + 4) + 3.0, 0.0).astype(np.float32)
        self._evidence.fill(0.3)
        self._evidence[max(0, lag - 1) : lag + 2] = 0.8

    def _unlock(self) -> None:
        """The echo is gone: the loudspeaker was switched off."""
        self._lag = None
        self._evidence.fill(0.0)
        self._evidence_share = 0.0
        self._missed_windows = 0
        self._quiet_path_windows = self._params.quiet_path_windows + 1

    def _judge_known(self, lag: int, correlation: Samples, heard: Bands) -> float:
        """The echo is known: does what is heard exceed it? Returns the level of what does."""
        params = self._params
        self._missed_windows = 0
        lag, fit = self._follow(lag, correlation)
        sources = self._played.sources(lag, 2)
        predicted: Bands = sources * np.power(np.float32(10.0), self._gain_db / np.float32(10.0))
        expected = predicted + self._noise
        excess_db = 10.0 * np.log10((heard + _TINY) / expected)
        beyond = np.minimum(np.maximum(excess_db - params.excess_margin_db, 0.0), params.excess_limit_db)
        # A patch that is the echo's very image is echo: somebody has turned up the volume. But not by so much at once.
        overall_db = 10.0 * math.log10(float(heard.sum() + _TINY) / float(expected.sum()))
        unlike = (0.93 - fit) / 0.12
        leap = min(max((overall_db - params.turned_up_db) / 4.0, 0.0), 1.0)
        trust = min(max(unlike, leap), 1.0)
        self._score += min(float(beyond.sum()) / _BANDS, 3.0 + 1.5 * leap) * trust - params.relief
        self._score = min(max(self._score, 0.0), params.limit)
        if self._score < params.threshold / 2.0 or fit > 0.82:
            self._learn_gain(heard, sources, predicted, quickly=fit > 0.82)
        unexplained = float(np.maximum(heard - 2.0 * expected, 0.0).sum()) / 2.0
        return max(10.0 * math.log10(unexplained + 1e-10), SILENT_DBFS + 1.0)

    def _follow(self, lag: int, correlation: Samples) -> tuple[int, float]:
        """The lag now, and how well it fits: it drifts with the evidence and may jump with the alignment."""
        peak = int(self._evidence.argmax())
        if peak != lag and (abs(peak - lag) <= _BLUR or self._evidence[peak] > self._evidence[lag] + 0.1):
            lag = peak
        first = max(0, lag - _JUMP)
        best = first + int(correlation[first : lag + _JUMP + 1].argmax())
        fit = float(correlation[best])
        if fit > 0.85 and fit > correlation[lag] + 0.1:
            self._evidence[best] = self._evidence[lag] + 0.02
            lag = best
        self._lag = lag
        return lag, fit

    def _learn_gain(self, heard: Bands, sources: Bands, predicted: Bands, *, quickly: bool) -> None:
        """Move each band's gain towards the 85th percentile of what comes back: up 0.5 dB a hop, 1 if `quickly`."""
        apart = 10.0 * np.log10((heard + _TINY) / (sources + _TINY)) - self._gain_db
        step = np.where(apart > 0.0, 0.51, 0.09) * np.minimum(np.maximum(apart, -1.0), 2.0 if quickly else 1.0)
        step *= predicted > 2.0 * self._noise
        self._gain_db = np.minimum(self._gain_db + step.sum(axis=0), 0.0).astype(np.float32)
