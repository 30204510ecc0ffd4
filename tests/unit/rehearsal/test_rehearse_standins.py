"""What rehearsals ask of the stand-ins: chance faults, pauses taken for ends, long replies, a voice with a memory."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from rehearsal.mulaw import RATE
from rehearsal.standins.clips import ClipBook
from rehearsal.standins.ear import Ear
from rehearsal.standins.flux import FluxSettings, FluxTurns
from rehearsal.standins.profile import Dice, FaultScript, LatencyProfile
from rehearsal.standins.replies import SENTENCES, talkative_reply
from rehearsal.standins.speech import Speaker, Spoken, utter
from rehearsal.voices import synthesise


def test_a_share_of_requests_goes_wrong_by_chance() -> None:
    script = FaultScript(share=0.02, seed=4)
    faults = [script.of(script.begin()) for _ in range(2000)]
    assert 20 <= sum(fault is not None for fault in faults) <= 65
    assert len({fault.kind for fault in faults if fault}) >= 4
    same = FaultScript(share=0.02, seed=4)
    assert faults == [same.of(same.begin()) for _ in range(2000)]


def test_a_bad_day_is_three_times_slower_and_has_faults() -> None:
    usual, bad = LatencyProfile.named("published"), LatencyProfile.named("bad-day")
    for field in ("flux_end_of_turn_ms", "llm_first_token_ms", "tts_first_chunk_ms", "nova_final_ms"):
        assert getattr(bad, field) == pytest.approx(3 * getattr(usual, field))
    assert bad.fault_share == 0.02
    with pytest.raises(ValueError, match="fault_share"):
        LatencyProfile.parse("odd", {"fault_share": 2})


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (1.0, 1)])
def test_a_pause_inside_a_turn_is_taken_for_its_end_as_often_as_the_profile_says(share: float, expected: int) -> None:
    first, second = synthesise("My number is"), synthesise("five five five.")
    clip = np.concatenate([first, np.zeros(round(0.9 * RATE), np.int16), second])
    book = ClipBook()
    book.add(clip, "My number is five five five.")
    profile = LatencyProfile(flux_eager_in_pause_share=share)
    ear = Ear(book)
    turns = FluxTurns(ear, Dice(profile), FluxSettings(eager_eot_threshold=0.5))
    line = np.concatenate([np.zeros(RATE // 2, np.int16), clip, np.zeros(RATE, np.int16)])
    line = (line + np.random.default_rng(1).normal(0, 8, len(line))).astype(np.int16)
    events = [message["event"] for _ in ear.hear(line) for message in turns.tick()]
    assert events.count("TurnResumed") == expected
    assert events.count("EagerEndOfTurn") == expected + 1
    assert events[-1] == "EndOfTurn"


def test_the_models_long_replies_are_known_sentence_by_sentence() -> None:
    for words in ("I want to get stronger.", "Quiero bajar de peso.", ""):
        messages = [{"role": "user", "content": words}] if words else []
        text = talkative_reply({"messages": messages}).text
        found = [sentence for sentence in SENTENCES if sentence in text]
        assert len(found) == 3
        assert sum(map(len, found)) + 2 == len(text)


async def test_the_voice_makes_once_what_many_want_at_once_and_remembers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Spoken] = []

    def count(wanted: Spoken):  # type: ignore[no-untyped-def]
        made.append(wanted)
        return utter(wanted)

    monkeypatch.setattr("rehearsal.standins.speech.utter", count)
    speaker = Speaker()
    wanted = {"text": "Hello there.", "voice": "v", "language": "en", "form": "pcm_8000"}
    first, *others = await asyncio.gather(*(speaker.speak(**wanted) for _ in range(5)))
    assert len(made) == 1
    assert all(other is first for other in others)
    [spoken] = speaker.log
    assert np.array_equal(utter(spoken).samples, first.samples)
