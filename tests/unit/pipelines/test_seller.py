"""The seller in the pipeline: an answer that was begun ahead gives way to what happened since."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pipecat.frames.frames import Frame, InterruptionFrame
from pipecat.tests.utils import SleepFrame, run_test
from prometheus_client import CollectorRegistry

from bot.analysis import Analyst
from bot.analysis.floor import LexicalFloorJudge
from bot.domain import Call, Direction, Utterance
from bot.metrics import Metrics
from bot.playbook import load_playbook
from bot.stores.memory_sessions import MemorySessions
from bot.stores.records.engine import database_url
from bot.stores.records.sql import SqlRecords
from pipelines.call_mind import CallMind
from pipelines.floor import Floor
from pipelines.frames import CallerTurnFrame, HearingBackupFrame, PlanFrame, PrepareFrame
from pipelines.mouth import Mouth
from pipelines.processors.seller import Seller
from tests.unit.pipelines.test_mouth import Line

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ASKS = Utterance(text="How much does it cost?", language="en")


class HeardMouth(Mouth):
    """A mouth of which something was always heard."""

    @property
    def heard_any(self) -> bool:
        return True


@pytest.fixture
def mind(tmp_path: Path) -> CallMind:
    playbook = load_playbook("ngx")
    call = Call(
        sid="CA1",
        direction=Direction.INBOUND,
        caller="+12125550100",
        callee="+12125550111",
        started_at=NOON,
        playbook=playbook.name,
        language="en",
    )
    return CallMind(
        call,
        playbook=playbook,
        analyst=Analyst(playbook),
        records=SqlRecords(database_url(None, data_dir=tmp_path), timeout_seconds=5),
        sessions=MemorySessions(),
        metrics=Metrics(CollectorRegistry()),
        listener=lambda event: None,
        now=lambda: NOON,
    )


async def replies(mind: CallMind, *frames: Frame) -> list[PlanFrame]:
    mouth = HeardMouth(Line())
    seller = Seller(
        mind,
        floor=Floor(mouth, LexicalFloorJudge(), language="en", tells_turns=True),
        mouth=mouth,
        find_opener=lambda text, language, pace: None,
        has_model=False,
        metrics=Metrics(CollectorRegistry()),
        on_over=lambda: None,
    )
    greeted = [SleepFrame(sleep=0.1), InterruptionFrame(), SleepFrame(sleep=0.05)]
    down, _ = await run_test(seller, frames_to_send=[*greeted, *frames, SleepFrame(sleep=0.1)])
    return [frame for frame in down if isinstance(frame, PlanFrame)]


async def test_an_answer_begun_ahead_is_the_answer(mind: CallMind) -> None:
    greeting, ahead = await replies(mind, PrepareFrame(ASKS), SleepFrame(sleep=0.05), CallerTurnFrame(ASKS))
    assert ahead.reply_id == greeting.reply_id + 1
    assert mind.state is ahead.plan.state


async def test_an_answer_begun_before_hearing_became_poor_is_planned_again(mind: CallMind) -> None:
    worse = HearingBackupFrame(silently=True)
    _, ahead, answer = await replies(mind, PrepareFrame(ASKS), SleepFrame(sleep=0.05), worse, CallerTurnFrame(ASKS))
    assert not ahead.plan.state.degraded
    assert answer.plan.state.degraded and mind.state.degraded


async def test_poor_hearing_outlives_a_turn_that_is_taken_back(mind: CallMind) -> None:
    await mind.start()
    await mind.hear(mind.consider(ASKS, interrupted=False))
    mind.note_poor_hearing()
    assert mind.take_back() == ASKS
    assert mind.state.degraded


async def test_a_key_is_never_taken_back(mind: CallMind) -> None:
    await mind.start()
    await mind.hear(mind.consider(ASKS, interrupted=False))
    await mind.press("1")
    assert mind.take_back() is None
