"""The measuring of a rehearsal: calls composed of known sounds at known moments are measured as they are."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from rehearsal.line import Segment
from rehearsal.mulaw import RATE, encode
from rehearsal.rehearse.bot_track import find_runs, is_complete
from rehearsal.rehearse.caller import Deed
from rehearsal.rehearse.figures import Figures
from rehearsal.rehearse.measure import HeardCall, Judge
from rehearsal.rehearse.reference import AUDIBLE, Reference, ReferenceBank, references_of
from rehearsal.rehearse.scenario import Kind
from rehearsal.standins.speech import Spoken

GREETING = "Hello, this is the assistant of the house, and this call is stored."
LONG = "The plan starts from where you are right now, and it changes together with your days and your sleep."
SHORT = "That makes a lot of sense."
OPENER = "Good question."
SILENT_SECONDS = 30


@pytest.fixture(scope="module")
def bank() -> ReferenceBank:
    return ReferenceBank(references_of(Spoken(text, "voice", "en", RATE) for text in (GREETING, LONG, SHORT, OPENER)))


class Ear:
    """Composes what a caller hears."""

    def __init__(self, bank: ReferenceBank) -> None:
        self._bank = bank
        self._sound = np.zeros(SILENT_SECONDS * RATE, np.int16)

    def reference(self, text: str) -> Reference:
        return next(r for r in self._bank.references if r.text == text)

    def play(self, text: str, at: float, *, begins: float | None = None, ends: float | None = None) -> float:
        """Let a stretch of a sentence (seconds in it) be heard from `at` on; returns its last audible moment."""
        reference = self.reference(text)
        first = reference.first if begins is None else round(begins * RATE)
        last = reference.last if ends is None else round(ends * RATE)
        part: NDArray[np.int16] = reference.samples[first:last].astype(np.int16)
        start = round(at * RATE)
        self._sound[start : start + len(part)] = part
        return at + (int(np.flatnonzero(np.abs(part) >= AUDIBLE)[-1]) + 1) / RATE

    def judge(self, *deeds: Deed, echo: bool = False, openers: frozenset[str] = frozenset()) -> Figures:
        call = HeardCall(
            scenario="test",
            deeds=deeds,
            runs=find_runs(encode(self._sound), self._bank),
            stream_start=0.1,
            seconds=float(SILENT_SECONDS),
            has_echo=echo,
        )
        return Judge(self._bank, openers=openers, model_sentences=frozenset({SHORT})).judge([call])


@pytest.fixture
def ear(bank: ReferenceBank) -> Ear:
    return Ear(bank)


def deed(kind: Kind, onset: float, end: float, *, pauses: tuple[Segment, ...] = ()) -> Deed:
    return Deed(kind=kind, text="", onset=onset, end=end, pauses=pauses)


def test_whole_sentences_are_recognised_where_they_sound(ear: Ear, bank: ReferenceBank) -> None:
    end = ear.play(GREETING, 1.0)
    ear.play(SHORT, end + 0.2)
    runs = find_runs(encode(ear._sound), bank)
    assert [bank.references[run.reference or 0].text for run in runs] == [GREETING, SHORT]
    assert all(is_complete(run, bank) for run in runs)
    assert runs[0].start == pytest.approx(1.0, abs=0.005)
    assert runs[0].end == pytest.approx(end, abs=0.005)


def test_a_sentence_that_is_cut_and_taken_up_again_is_two_runs_of_it(ear: Ear, bank: ReferenceBank) -> None:
    ear.play(LONG, 1.0, ends=2.0)
    ear.play(LONG, 4.0, begins=1.5)
    first, second = find_runs(encode(ear._sound), bank)
    assert first.reference == second.reference
    assert first.ends == pytest.approx(2.0, abs=0.06)
    assert second.begins == pytest.approx(1.5, abs=0.06)


def test_a_sentence_torn_by_late_frames_is_recognised_all_the_same(ear: Ear, bank: ReferenceBank) -> None:
    at, begins = 1.0, 0.02
    for _ in range(6):
        ear.play(LONG, at, begins=begins, ends=begins + 0.06)
        at, begins = at + 0.08, begins + 0.06
    ear.play(LONG, at, begins=begins)
    runs = find_runs(encode(ear._sound), bank)
    assert {bank.references[run.reference].text for run in runs if run.reference is not None} == {LONG}
    assert sum(run.end - run.start for run in runs if run.reference is None) < 0.1
    assert is_complete(runs[-1], bank)


def test_sound_of_no_known_sentence_stays_unknown(ear: Ear, bank: ReferenceBank) -> None:
    noise = np.random.default_rng(3).normal(0, 3000, RATE).astype(np.int16)
    ear._sound[RATE : 2 * RATE] = noise
    assert [run.reference for run in find_runs(encode(ear._sound), bank)] == [None]


def test_the_answer_counts_from_the_last_sample_of_the_caller(ear: Ear) -> None:
    ear.play(GREETING, 0.4)
    ear.play(SHORT, 10.37)
    figures = ear.judge(deed(Kind.QUESTION, 8.0, 10.0))
    assert figures.series["answer"] == [pytest.approx(0.37, abs=0.005)]
    assert figures.series["content_model"] == [pytest.approx(0.37, abs=0.005)]
    assert figures.series["greeting"] == [pytest.approx(0.3, abs=0.005)]
    assert figures.shares["missed_turn"].hits == 0


def test_an_opener_is_told_from_the_reply_and_the_seam_is_measured(ear: Ear) -> None:
    end = ear.play(OPENER, 10.2)
    ear.play(SHORT, end + 0.15)
    figures = ear.judge(deed(Kind.OPEN_QUESTION, 8.0, 10.0), openers=frozenset({OPENER}))
    assert figures.series["answer"] == [pytest.approx(0.2, abs=0.005)]
    assert figures.series["seam"] == [pytest.approx(0.15, abs=0.005)]
    assert figures.series["content"] == [pytest.approx(end + 0.15 - 10.0, abs=0.005)]


def test_a_question_without_an_answer_is_a_missed_turn(ear: Ear) -> None:
    ear.play(SHORT, 16.0)
    figures = ear.judge(deed(Kind.QUESTION, 8.0, 10.0))
    assert figures.shares["missed_turn"].hits == 1
    assert "answer" not in figures.series


def test_a_bot_that_speaks_before_the_caller_is_done_starts_falsely(ear: Ear) -> None:
    ear.play(SHORT, 9.0)
    figures = ear.judge(deed(Kind.QUESTION, 8.0, 10.0))
    assert figures.shares["false_start_in_speech"].hits == 1


def test_a_yield_counts_from_the_onset_to_the_last_audible_sample(ear: Ear) -> None:
    stopped = ear.play(LONG, 1.0, ends=2.6)
    figures = ear.judge(deed(Kind.BARGE_IN, 2.4, 4.5))
    assert figures.series["yield"] == [pytest.approx(stopped - 2.4, abs=0.005)]
    assert figures.shares["talked_on"].hits == 0


def test_a_pause_that_is_resumed_counts_as_yielding(ear: Ear) -> None:
    stopped = ear.play(LONG, 1.0, ends=2.0)
    ear.play(LONG, stopped + 0.8, begins=2.0)
    figures = ear.judge(deed(Kind.BARGE_IN, 2.7, 4.5))
    assert figures.series["yield"] == [pytest.approx(stopped - 2.7, abs=0.05)]


def test_a_bot_that_talks_on_has_not_yielded(ear: Ear) -> None:
    end = ear.play(LONG, 1.0)
    figures = ear.judge(deed(Kind.BARGE_IN, 2.0, 3.0))
    assert figures.shares["talked_on"].hits == 1
    assert figures.series["yield"] == [pytest.approx(end - 2.0, abs=0.01)]


def test_a_sentence_about_to_end_anyway_is_no_yielding(ear: Ear) -> None:
    end = ear.play(LONG, 1.0)
    figures = ear.judge(deed(Kind.BARGE_IN, end - 0.2, end + 1.0))
    assert "yield" not in figures.series
    assert figures.shares["not_placed"].hits == 1


@pytest.mark.parametrize("kind", [Kind.BACKCHANNEL, Kind.NOISE, Kind.SIDE_TALK])
def test_going_on_undisturbed_is_no_false_stop(ear: Ear, kind: Kind) -> None:
    ear.play(LONG, 1.0)
    [share] = [s for name, s in ear.judge(deed(kind, 2.0, 2.4)).shares.items() if name.startswith("false_stop")]
    assert (share.hits, share.of) == (0, 1)


def test_falling_silent_at_a_backchannel_is_a_false_stop(ear: Ear) -> None:
    ear.play(LONG, 1.0, ends=1.5)
    assert ear.judge(deed(Kind.BACKCHANNEL, 2.0, 2.4)).shares["false_stop_backchannel"].hits == 1


def test_a_short_pause_that_loses_nothing_is_none_and_is_measured_apart(ear: Ear) -> None:
    stopped = ear.play(LONG, 1.0, ends=1.5)
    ear.play(LONG, stopped + 0.4, begins=1.5)
    figures = ear.judge(deed(Kind.BACKCHANNEL, 2.0, 2.4))
    assert figures.shares["false_stop_backchannel"].hits == 0
    assert figures.series["pause_resumed"] == [pytest.approx(0.4, abs=0.05)]


def test_a_pause_longer_than_a_second_is_a_false_stop(ear: Ear) -> None:
    stopped = ear.play(LONG, 1.0, ends=1.5)
    ear.play(LONG, stopped + 1.3, begins=1.5)
    assert ear.judge(deed(Kind.NOISE, 2.0, 2.4)).shares["false_stop_noise"].hits == 1


def test_going_on_with_words_lost_is_a_false_stop(ear: Ear) -> None:
    words = ear.reference(LONG).words
    stopped = ear.play(LONG, 1.0, ends=1.5)
    ear.play(LONG, stopped + 0.3, begins=words[12].start)
    assert ear.judge(deed(Kind.NOISE, 2.0, 2.4)).shares["false_stop_noise"].hits == 1


@pytest.mark.parametrize(("words", "hits"), [(1, 0), (5, 1)])
def test_up_to_two_words_may_be_said_again(ear: Ear, words: int, hits: int) -> None:
    spoken = ear.reference(LONG).words
    stopped = ear.play(LONG, 1.0, ends=spoken[8].end)
    ear.play(LONG, stopped + 0.3, begins=spoken[9 - words].start)
    onset = stopped - 0.3
    assert ear.judge(deed(Kind.BACKCHANNEL, onset, onset + 0.4)).shares["false_stop_backchannel"].hits == hits


def test_going_on_with_another_sentence_is_a_false_stop(ear: Ear) -> None:
    stopped = ear.play(LONG, 1.0, ends=1.5)
    ear.play(SHORT, stopped + 0.3)
    assert ear.judge(deed(Kind.SIDE_TALK, 2.0, 2.4)).shares["false_stop_side_talk"].hits == 1


def test_a_noise_at_the_very_end_of_the_words_proves_nothing(ear: Ear) -> None:
    end = ear.play(LONG, 1.0)
    assert "false_stop_noise" not in ear.judge(deed(Kind.NOISE, end - 0.3, end)).shares


def test_a_sentence_that_the_caller_cuts_by_hanging_up_is_no_false_stop(ear: Ear) -> None:
    ear.play(LONG, SILENT_SECONDS - 2.0, ends=2.0)
    share = ear.judge(deed(Kind.NOISE, SILENT_SECONDS - 1.5, SILENT_SECONDS - 1.0)).shares["false_stop_noise"]
    assert (share.hits, share.of) == (0, 1)


def test_a_bot_that_interrupts_itself_over_echo_is_found(ear: Ear) -> None:
    ear.play(GREETING, 1.0)
    ear.play(LONG, 8.0, ends=1.2)
    share = ear.judge(echo=True).shares["false_stop_echo"]
    assert (share.hits, share.of) == (1, 2)


def test_words_into_a_marked_pause_are_false_starts(ear: Ear) -> None:
    ear.play(SHORT, 9.1)
    pauses = (Segment(7.0, 7.9), Segment(9.0, 9.8))
    share = ear.judge(deed(Kind.DICTATION, 6.0, 11.0, pauses=pauses)).shares["false_start"]
    assert (share.hits, share.of) == (1, 2)


def test_gaps_of_late_audio_are_told_from_pauses(ear: Ear) -> None:
    stopped = ear.play(LONG, 1.0, ends=2.0)
    ear.play(LONG, stopped + 0.04, begins=2.0)
    figures = ear.judge()
    assert figures.series["late_audio"] == [pytest.approx(0.04, abs=0.02)]
    assert "pause_resumed" not in figures.series


def test_a_caller_left_in_silence_is_noticed(ear: Ear) -> None:
    end = ear.play(GREETING, 1.0)
    silence = deed(Kind.SILENCE, 2.0, 25.0)
    assert ear.judge(silence).shares["left_in_silence"].hits == 1
    ear.play(SHORT, end + 8.0)
    figures = ear.judge(silence)
    assert figures.shares["left_in_silence"].hits == 0
    assert figures.series["asked_again_after"] == [pytest.approx(8.0, abs=0.01)]
