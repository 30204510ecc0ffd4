"""When silence of the recogniser means that it does not hear: on virtual time."""

from __future__ import annotations

import pytest

from pipelines.hearing_watch import Hearing, HearingWatch


def verdicts(watch: HearingWatch, *, since: float, until: float) -> list[tuple[float, Hearing]]:
    """What looks every 20 ms give, but for FINE, with their times."""
    looks = ((round(since + 0.02 * step, 2)) for step in range(int((until - since) / 0.02) + 1))
    return [(at, verdict) for at in looks if (verdict := watch.look(now=at)) is not Hearing.FINE]


def say(watch: HearingWatch, *, at: float, seconds: float = 1.0, over_bot: bool = False) -> None:
    watch.voice_started(at=at, over_bot=over_bot)
    watch.voice_stopped(at=at + seconds)


def test_speech_that_nothing_is_said_about_is_told_once_and_in_time() -> None:
    watch = HearingWatch()
    say(watch, at=10.0)
    told = verdicts(watch, since=11.0, until=30.0)
    assert [verdict for _, verdict in told] == [Hearing.UNANSWERED]
    assert told[0][0] == pytest.approx(11.8, abs=0.03)


def test_the_second_in_a_row_means_that_hearing_is_lost() -> None:
    watch = HearingWatch()
    say(watch, at=10.0)
    verdicts(watch, since=11.0, until=15.0)
    say(watch, at=15.0)
    assert [verdict for _, verdict in verdicts(watch, since=16.0, until=20.0)] == [Hearing.LOST]


def test_a_final_word_between_the_two_starts_the_count_again() -> None:
    watch = HearingWatch()
    say(watch, at=10.0)
    verdicts(watch, since=11.0, until=15.0)
    say(watch, at=15.0)
    watch.sign(at=16.3, final=True)
    assert verdicts(watch, since=16.4, until=20.0) == []
    say(watch, at=20.0)
    assert [verdict for _, verdict in verdicts(watch, since=21.0, until=25.0)] == [Hearing.UNANSWERED]


def test_words_that_come_after_the_caller_was_answered_do_not_prove_hearing() -> None:
    watch = HearingWatch()
    say(watch, at=10.0)
    verdicts(watch, since=11.0, until=12.5)
    watch.sign(at=13.3, final=True)
    say(watch, at=15.0)
    assert [verdict for _, verdict in verdicts(watch, since=16.0, until=20.0)] == [Hearing.LOST]


def test_interim_words_buy_time_from_the_last_one_on_but_end_nothing() -> None:
    watch = HearingWatch()
    watch.voice_started(at=10.0)
    watch.sign(at=10.5)
    watch.voice_stopped(at=11.0)
    watch.sign(at=11.5)
    told = verdicts(watch, since=11.5, until=20.0)
    assert told[0][0] == pytest.approx(12.7, abs=0.03)


def test_a_recogniser_that_falls_silent_in_the_middle_of_an_utterance_is_noticed() -> None:
    watch = HearingWatch()
    watch.voice_started(at=10.0)
    watch.sign(at=10.5)
    watch.voice_stopped(at=14.0)
    assert verdicts(watch, since=14.0, until=20.0)[0][0] == pytest.approx(15.2, abs=0.03)


def test_a_short_sound_needs_no_answer_unless_words_were_heard_in_it() -> None:
    watch = HearingWatch()
    say(watch, at=10.0, seconds=0.3)
    assert verdicts(watch, since=10.3, until=15.0) == []
    watch.voice_started(at=20.0)
    watch.sign(at=20.2)
    watch.voice_stopped(at=20.3)
    assert len(verdicts(watch, since=20.3, until=25.0)) == 1


def test_a_caller_who_pauses_is_judged_from_the_end_of_the_last_words() -> None:
    watch = HearingWatch()
    say(watch, at=10.0)
    assert verdicts(watch, since=11.0, until=11.7) == []
    say(watch, at=11.7)
    assert verdicts(watch, since=12.7, until=20.0)[0][0] == pytest.approx(13.5, abs=0.03)


def test_nothing_is_told_while_the_caller_speaks() -> None:
    watch = HearingWatch()
    watch.voice_started(at=10.0)
    assert verdicts(watch, since=10.0, until=40.0) == []
    assert watch.waits


def test_a_voice_under_the_bots_is_not_judged_for_it_may_be_its_echo() -> None:
    watch = HearingWatch()
    say(watch, at=10.0, seconds=3.0, over_bot=True)
    assert verdicts(watch, since=13.0, until=20.0) == []


def test_a_caller_who_goes_on_after_the_bot_has_yielded_is_judged() -> None:
    watch = HearingWatch()
    watch.voice_started(at=10.0, over_bot=True)
    watch.bot_stopped(at=10.2)
    watch.voice_stopped(at=13.0)
    assert [verdict for _, verdict in verdicts(watch, since=13.0, until=20.0)] == [Hearing.UNANSWERED]
    watch.voice_started(at=30.0, over_bot=True)
    watch.bot_stopped(at=30.2)
    watch.voice_stopped(at=31.0)  # no longer than an echo
    assert verdicts(watch, since=31.0, until=40.0) == []


def test_a_stretch_without_words_is_excused() -> None:
    watch = HearingWatch()
    for start in (10.0, 20.0, 30.0):
        say(watch, at=start)
        assert [verdict for _, verdict in verdicts(watch, since=start + 1, until=start + 5)] == [Hearing.UNANSWERED]
        watch.excuse()
    assert watch.unanswered == 0
