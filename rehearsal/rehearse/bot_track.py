"""The bot's side of a call as its caller heard it: which stretch of which sentence sounded when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rehearsal.mulaw import RATE, decode
from rehearsal.rehearse.reference import AUDIBLE, WINDOW, Place, Reference, ReferenceBank

_STEP = 160  # samples: 20 ms
_ALIKE = 0.6
_QUIET_RMS = 110.0
_NEARLY_DONE_SECONDS = 0.08
_BREATH = round(0.012 * RATE)  # silence after which unknown sound is looked at afresh: a late frame makes such a gap
_TORN = 4  # how much longer sound may have become by holes in it
_LOST_SECONDS = 0.3
_CRUMB_SECONDS = 0.2  # gaps within which unknown sound belongs to the sentence that follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Sound of the bot from `start` to `end` (first to last audible sample, seconds on the call's clock).

    Where it is a known sentence, `reference` is its number in the bank and `begins`, `ends` are the moments of the
    sentence that `start` and `end` are.
    """

    start: float
    end: float
    reference: int | None = None
    begins: float = 0.0
    ends: float = 0.0


def find_runs(bot: bytes, bank: ReferenceBank) -> tuple[Run, ...]:
    """All that was heard of the bot, in order; `bot` is the mu-law sound at the caller's ear from the answer on."""
    sound = decode(bot).astype(np.float32)
    loud = np.flatnonzero(np.abs(sound) >= AUDIBLE)
    runs: list[Run] = []
    position = 0
    while (index := int(np.searchsorted(loud, position))) < len(loud):
        start = int(loud[index])
        # Choppy sound of no known sentence is searched for everywhere once, not after each of its gaps.
        lost = bool(runs) and runs[-1].reference is None and start / RATE - runs[-1].end < _LOST_SECONDS
        run, position = _run_from(sound, loud, start, bank, near=_unfinished(runs, bank), everywhere=not lost)
        runs.append(run)
    return tuple(_joined(runs))


def is_complete(run: Run, bank: ReferenceBank) -> bool:
    """Whether a run goes to the end of its sentence; unknown sound counts as complete."""
    if run.reference is None:
        return True
    return run.ends >= bank.references[run.reference].seconds - _NEARLY_DONE_SECONDS


def _unfinished(runs: list[Run], bank: ReferenceBank) -> int | None:
    known = next((run for run in reversed(runs) if run.reference is not None), None)
    return known.reference if known is not None and not is_complete(known, bank) else None


def _run_from(
    sound: NDArray[np.float32],
    loud: NDArray[np.intp],
    start: int,
    bank: ReferenceBank,
    *,
    near: int | None,
    everywhere: bool,
) -> tuple[Run, int]:
    """The run that begins at an audible sample, and where to look on."""
    place = _place(sound, start, bank, near=near, everywhere=everywhere) if bank.references else None
    if place is None:
        return _unknown(loud, start)
    reference = bank.references[place.reference]
    length = _alike(sound[start:], reference, place.offset)
    heard = loud[(loud >= start) & (loud < start + length)]
    if len(heard) < 2:
        return _unknown(loud, start)
    last = int(heard[-1]) + 1
    run = Run(
        start=start / RATE,
        end=last / RATE,
        reference=place.reference,
        begins=place.offset / RATE,
        ends=(place.offset + last - start) / RATE,
    )
    return run, max(last, start + length)


def _place(
    sound: NDArray[np.float32], start: int, bank: ReferenceBank, *, near: int | None, everywhere: bool
) -> Place | None:
    """Where the sound from `start` on lies; once more without its holes, as late frames tear them."""
    window = sound[start : start + WINDOW]
    ahead = sound[start : start + _TORN * WINDOW]
    filled = ahead[~_holes(ahead)][:WINDOW]
    if len(filled) == WINDOW and not np.array_equal(filled, window):
        mended = bank.find(filled, near=near, everywhere=False)
        if mended is not None:
            return mended
    return bank.find(np.pad(window, (0, WINDOW - len(window))), near=near, everywhere=everywhere)


def _holes(sound: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which samples lie in a stretch of dead silence of at least 10 ms."""
    dead = np.concatenate(([False], sound == 0, [False]))
    edges = np.flatnonzero(np.diff(dead.astype(np.int8)))
    holes = np.zeros(len(sound), np.bool_)
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        holes[begin:end] = end - begin >= _STEP // 2
    return holes


def _alike(sound: NDArray[np.float32], reference: Reference, offset: int) -> int:
    """For how many samples the sound goes along with the sentence from `offset` on."""
    expected = reference.samples[max(0, offset) : reference.last]
    lead = max(0, -offset)
    size = min(len(expected), len(sound) - lead)
    blocks = size // _STEP
    heard = sound[lead : lead + blocks * _STEP].reshape(blocks, _STEP)
    known = expected[: blocks * _STEP].reshape(blocks, _STEP)
    heard_rms, known_rms = (np.sqrt(np.mean(part**2, axis=1)) for part in (heard, known))
    common = np.sum(heard * known, axis=1) / _STEP / (heard_rms * known_rms + 1.0)
    alike = (common >= _ALIKE) | ((heard_rms < _QUIET_RMS) & (known_rms < _QUIET_RMS))
    odd = np.flatnonzero(~alike)
    if not len(odd):
        return lead + size
    first = int(odd[0])
    # A block in which the sound stops half-way still belongs to the run up to its last audible sample.
    stops = heard_rms[first] > _QUIET_RMS and not np.any(np.abs(heard[first][-_STEP // 4 :]) >= AUDIBLE)
    return lead + (first + (1 if stops else 0)) * _STEP


def _unknown(loud: NDArray[np.intp], start: int) -> tuple[Run, int]:
    """Sound of no known sentence: up to the next breath."""
    ahead = loud[np.searchsorted(loud, start) :]
    gaps = np.flatnonzero(np.diff(ahead) > _BREATH)
    last = int(ahead[gaps[0]] if len(gaps) else ahead[-1]) + 1
    return Run(start=start / RATE, end=last / RATE), last


def _joined(runs: list[Run]) -> list[Run]:
    """Unknown sound with short gaps is one run; short pieces before or after a known run are part of its sentence."""
    joined: list[Run] = []
    for run in reversed(runs):
        after = joined[-1] if joined else None
        if run.reference is None and after is not None and after.reference is not None and _leads_to(run, after):
            begins = max(0.0, after.begins - (run.end - run.start))
            run = Run(start=run.start, end=run.end, reference=after.reference, begins=begins, ends=after.begins)
        joined.append(run)
    return _without_crumbs(joined[::-1])


def _leads_to(run: Run, after: Run) -> bool:
    """Whether a piece of unknown sound can be what the next run's sentence lacks at its beginning."""
    return after.start - run.end <= _CRUMB_SECONDS and run.end - run.start <= after.begins + 2 * _CRUMB_SECONDS


def _without_crumbs(runs: list[Run]) -> list[Run]:
    joined: list[Run] = []
    for run in runs:
        before = joined[-1] if joined else None
        unknown = run.reference is None
        if before is not None and unknown and before.reference is None and run.start - before.end < 0.3:
            joined[-1] = Run(start=before.start, end=run.end)
        elif before is not None and unknown and run.end - run.start < 0.03 and run.start - before.end < 0.03:
            continue
        else:
            joined.append(run)
    return joined
