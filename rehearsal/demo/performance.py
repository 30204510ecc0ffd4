"""Runs the demo: opens the stage, lets the callers ring, shows the talk and keeps what it leaves."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

from bot.domain import Outcome, Turn
from bot.logs import configure_logs
from pipelines.events import CallEvent, CallOver, SentenceBegun, TurnTaken
from rehearsal.caller_script import AfterBot, HangUp, Say, ScriptedCaller, Step, UntilServerHangsUp, Wait
from rehearsal.demo.keepsakes import keep
from rehearsal.demo.result import HeardSentence, SceneResult
from rehearsal.demo.scenes import SCENES, Scene
from rehearsal.demo.screen import Screen
from rehearsal.demo.stage import Stage, open_stage
from rehearsal.line import CallIdentity, LineSettings, Phone, TwilioLine, WebhookClient
from rehearsal.recording import load_speech
from rehearsal.standins.clips import ClipBook
from rehearsal.standins.deepgram import DeepgramStandin
from rehearsal.standins.server import serve

EMBEDDED_NOTE = (
    "Embedded engines: pocketsphinx hears (English; about 1 word in 15 wrong with the demo's callers, 4 to 7 in 10 "
    "with real people), flite or espeak-ng speaks, the playbook's ready sentences stand in for a model."
)
STANDIN_NOTE = "No embedded recogniser knows Spanish: in the Spanish call a stand-in recogniser hears."
_SILENCE_AFTER_RECORDING = 10.0
_BOOKS_SECONDS = 5.0


class DemoError(Exception):
    """The demo cannot run; says why."""


class Witness:
    """Takes down what the server says of the call under way, and shows it."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._answered_at = 0.0
        self._over = asyncio.Event()
        self.turns: list[tuple[float, Turn]] = []
        self.sentences: list[HeardSentence] = []
        self.outcome: Outcome | None = None

    def begin(self) -> None:
        """A call is about to ring."""
        self._answered_at = time.monotonic()
        self._over.clear()
        self.turns, self.sentences, self.outcome = [], [], None

    async def end(self) -> None:
        """The line is down: the server closes its books a moment later."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_BOOKS_SECONDS):
                await self._over.wait()

    def __call__(self, event: CallEvent) -> None:
        """The server's listener."""
        at = time.monotonic() - self._answered_at
        match event:
            case SentenceBegun(text=text, answer_ms=answer_ms):
                self.sentences.append(HeardSentence(at=at, text=text, answer_ms=answer_ms))
            case TurnTaken(turn=turn):
                began = max(0.0, at - (datetime.now(turn.at.tzinfo) - turn.at).total_seconds())
                self.turns.append((began, turn))
            case CallOver(outcome=outcome):
                self.outcome = outcome
                self._over.set()
        self._screen.show(event)


async def perform(*, out_dir: Path, recording: Path | None = None) -> bool:
    """Hold the demo's calls, or one with `recording` as the caller; True if each ended as it should.

    Raises:
        DemoError: the recording cannot be played.
    """
    configure_logs(level="ERROR", form="text")
    screen = Screen()
    screen.say(EMBEDDED_NOTE)
    if recording is None:
        scenes, notes = SCENES, (EMBEDDED_NOTE, STANDIN_NOTE)
        screen.say(STANDIN_NOTE)
    else:
        scenes, notes = (), (EMBEDDED_NOTE,)
    witness = Witness(screen)
    with tempfile.TemporaryDirectory(prefix="ngx-voice-demo-") as data:
        results = (
            [await _play_recording(recording, witness, screen, Path(data))]
            if recording is not None
            else await _play_scenes(scenes, witness, screen, Path(data))
        )
    screen.show_results(results)
    page = keep(results, out_dir=out_dir, notes=notes)
    screen.show_path(page)
    return all(result.as_expected for result in results)


async def _play_scenes(
    scenes: tuple[Scene, ...], witness: Witness, screen: Screen, data_dir: Path
) -> list[SceneResult]:
    results: list[SceneResult] = []
    async with open_stage(data_dir=data_dir, listener=witness) as embedded:
        for scene in scenes:
            if scene.standin_ears:
                async with _standin_ears(scene) as environ:
                    async with open_stage(data_dir=data_dir, listener=witness, environ=environ) as stage:
                        results.append(await _play(scene, stage, witness, screen))
            else:
                results.append(await _play(scene, embedded, witness, screen))
    return results


@asynccontextmanager
async def _standin_ears(scene: Scene) -> AsyncIterator[Mapping[str, str]]:
    """A recogniser stand-in that knows the scene's clips; yields the settings that point at it."""
    book = ClipBook()
    for index, line in enumerate(scene.lines):
        book.add(load_speech(path=scene.clip(index)), line.text, language=scene.language)
    async with serve(DeepgramStandin(book=book)) as address:
        yield {"DEEPGRAM_API_KEY": "stand-in", "DEEPGRAM_URL": address.ws}


async def _play(scene: Scene, stage: Stage, witness: Witness, screen: Screen) -> SceneResult:
    steps: list[Step] = [
        Say(text=line.text, audio=load_speech(path=scene.clip(index)), when=line.when)
        for index, line in enumerate(scene.lines)
    ]
    steps.append(UntilServerHangsUp(limit_seconds=25.0))
    screen.raise_curtain(scene.title)
    return await _ring(
        ScriptedCaller(steps=steps),
        stage,
        witness,
        key=scene.key,
        title=scene.title,
        number=scene.caller,
        language=scene.language,
        expected=scene.outcome,
    )


async def _play_recording(path: Path, witness: Witness, screen: Screen, data_dir: Path) -> SceneResult:
    try:
        audio = load_speech(path=path)
    except ValueError as error:
        raise DemoError(str(error)) from error
    steps: list[Step] = [
        Say(text=path.name, audio=audio, when=AfterBot(gap_seconds=0.6)),
        Wait(seconds=_SILENCE_AFTER_RECORDING),
        HangUp(),
    ]
    async with open_stage(data_dir=data_dir, listener=witness) as stage:
        screen.raise_curtain(f"A recording as the caller: {path.name}")
        return await _ring(
            ScriptedCaller(steps=steps),
            stage,
            witness,
            key="recording",
            title=f"A recording as the caller: {path.name}",
            number="+12125550143",
            language="en",
            expected=None,
        )


async def _ring(
    caller: ScriptedCaller,
    stage: Stage,
    witness: Witness,
    *,
    key: str,
    title: str,
    number: str,
    language: str,
    expected: Outcome | None,
) -> SceneResult:
    settings = LineSettings(public_url=stage.public_url, auth_token=stage.auth_token)
    async with WebhookClient(settings=settings) as webhooks:
        line = TwilioLine(
            settings=settings,
            webhooks=webhooks,
            identity=CallIdentity(caller=number),
            phone=Phone(),
        )
        witness.begin()
        result = await line.call(caller=caller)
        await witness.end()
    return SceneResult(
        key=key,
        title=title,
        language=language,
        expected=expected,
        call=result,
        turns=tuple(witness.turns),
        sentences=tuple(witness.sentences),
        recorded_outcome=witness.outcome,
    )
