"""What remains of a call: only what may, and exactly what was heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.domain import Outcome, Speaker
from bot.settings import load_settings
from bot.stores.opening import open_records
from bot.stores.records.protocol import Records
from pipelines.playout import MARK_SECONDS
from rehearsal.caller_script import AfterBot, HangUp, IntoBot, Press, Say, Step, UntilServerHangsUp
from rehearsal.line import CallResult, EndedBy, EventKind
from rehearsal.standins.speech import Spoken, utter
from tests.calls.stage import Service, open_service, until

_PERSON = "+12125550143"
_OTHER = "+12125550177"
_VOICE = "EXAVITQu4vr4xnSDxMaL"
"""The voice that is used where no other is set."""


@asynccontextmanager
async def _records(folder: Path) -> AsyncIterator[Records]:
    records = open_records(load_settings({"DATA_DIR": str(folder)}, env_file=None))
    try:
        yield records
    finally:
        await records.aclose()


async def test_only_what_may_be_kept_is_kept(tmp_path: Path) -> None:
    leaves_early: list[Step] = [HangUp(when=IntoBot(seconds=1.2))]
    books: list[Step] = [
        Say(text=text, when=AfterBot(gap_seconds=0.3))
        for text in (
            "Okay, I would like to book a session.",
            "Thursday at five.",
            "My name is Daniel.",
            "Yes, that works.",
            "No thanks, goodbye.",
        )
    ]
    refuses: list[Step] = [Press(digits="9", when=IntoBot(seconds=1.0)), UntilServerHangsUp()]
    async with open_service(tmp_path) as service:
        early, booked, refused = await asyncio.gather(
            service.ring(leaves_early),
            service.ring([*books, UntilServerHangsUp()], caller=_PERSON),
            service.ring(refuses, caller=_OTHER),
        )
        sids = {result.call_sid for result in (early, booked, refused)}
        assert await until(lambda: sids <= set(service.told.outcomes))
    async with _records(tmp_path) as records:
        assert await records.transcript(early.call_sid) is None, "the notices were not heard to their end"
        turns = await records.transcript(booked.call_sid)
        assert turns is not None and next(t.text for t in turns if t.speaker is Speaker.CALLER).startswith("Okay")
        (appointment,) = await records.bookings(booked.call_sid)
        moment = appointment.at.astimezone(ZoneInfo(appointment.zone))
        assert moment.hour == 17 and moment.weekday() == 3
        assert not await records.is_suppressed(_PERSON)
        assert await records.is_suppressed(_OTHER)
        for result, outcome in ((booked, Outcome.BOOKED), (refused, Outcome.OPTED_OUT)):
            call = await records.call(result.call_sid)
            assert call is not None and call.outcome is outcome and call.ended_at is not None
    _assert_goodbye_heard(booked)
    _assert_goodbye_heard(refused)


def _assert_goodbye_heard(result: CallResult) -> None:
    """Every mark came back before the stream closed, and then Twilio was told to hang up."""
    assert result.ended.by is EndedBy.SERVER and result.ended.reason == "<Hangup/>"
    assert not [warning for warning in result.warnings if "unheard" in warning]
    echoed = [event.data for event in result.events if event.kind is EventKind.MARK_ECHO]
    assert result.marks and result.marks[-1] == echoed[-1]
    assert [webhook.url.rpartition("/")[2] for webhook in result.webhooks] == ["voice", "after-stream"]


async def test_who_asks_to_be_left_alone_and_hangs_up_at_once_is(tmp_path: Path) -> None:
    async with open_service(tmp_path) as service:
        result = await service.ring(
            [Say(text="Please take me off your list.", when=IntoBot(seconds=1.0)), HangUp()], caller=_OTHER
        )
        assert await until(lambda: result.call_sid in service.told.outcomes)
        assert service.told.outcomes[result.call_sid] is Outcome.OPTED_OUT
    async with _records(tmp_path) as records:
        assert await records.is_suppressed(_OTHER)


async def test_memory_holds_what_was_heard_to_within_a_word(tmp_path: Path) -> None:
    steps: tuple[Step, ...] = (
        Say(text="How much does it cost?", when=IntoBot(seconds=0.9)),
        Say(text="How much does it cost?", when=IntoBot(seconds=3.1)),
        Press(digits="1", when=IntoBot(seconds=1.7)),
    )
    checked = 0
    async with open_service(tmp_path) as service:
        for step in steps:  # one after another: a busy machine echoes marks late, and memory then errs to less
            result = await service.ring([step, HangUp(when=IntoBot(seconds=0.3))])
            assert await until(lambda sid=result.call_sid: sid in service.told.outcomes)
            checked += _memory_is_true(service, result)
    assert checked >= 2, "on a machine this busy the callers came too late to interrupt"


def _memory_is_true(service: Service, result: CallResult) -> bool:
    """Compare the greeting in memory with the words whose sound began before the buffer was cleared.

    False where the caller came after the greeting's end, so that nothing was cleared.
    """
    if not result.clears:
        return False
    greeting = next(turn for turn in service.told.turns[result.call_sid] if turn.speaker is Speaker.BOT)
    assert greeting.interrupted
    starts: list[float] = []
    offset = 0.0
    for sentence in service.told.sentences[result.call_sid]:
        utterance = utter(Spoken(text=sentence, voice=_VOICE, lang="en", rate=8000))
        starts += [offset + at for at in _word_starts(utterance.letters)]
        offset += len(utterance.samples) / utterance.rate
    played = result.clears[0] - (result.bot[0].start - starts[0])
    # The ledger itself is held to a word by a property test on a virtual clock; here a busy machine echoes marks late.
    late = MARK_SECONDS + 2 * result.lateness_ms / 1000 + 0.2
    least, most = (sum(start < moment for start in starts) for moment in (played - late, played + late))
    assert least - 1 <= len(greeting.text.split()) <= most + 1, (greeting.text, least, most, played)
    return True


def _word_starts(letters: tuple[tuple[str, float, float], ...]) -> list[float]:
    """Where each word of a sentence begins, in seconds from its first sample."""
    starts: list[float] = []
    inside = False
    for letter, start, _ in letters:
        if letter.isspace():
            inside = False
        elif not inside:
            inside = True
            starts.append(start)
    return starts
