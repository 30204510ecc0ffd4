"""A whole rehearsal: cast the calls, start stand-ins and servers, make the calls, listen to what was heard, report."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bot.playbook import load_playbook
from rehearsal.line import LineSettings
from rehearsal.rehearse.bot_track import find_runs
from rehearsal.rehearse.cast import Cast, CastCall, cast_scenarios
from rehearsal.rehearse.figures import Figures
from rehearsal.rehearse.load import Cost, LoadRun, MadeCall
from rehearsal.rehearse.measure import HeardCall, Judge
from rehearsal.rehearse.reference import ReferenceBank, references_of
from rehearsal.rehearse.report import Report
from rehearsal.rehearse.requirement import Requirement
from rehearsal.rehearse.scenario import Scenario, load_scenario, scenario_names
from rehearsal.rehearse.scrape import Scrape, scrape
from rehearsal.rehearse.server_process import Place, ServerAddress, ServerKind, Standins, run_server, run_standins
from rehearsal.standins.replies import SENTENCES

_CALL_SECONDS = 150.0
_WARM_UP_STEPS = 2  # of a call; enough for a greeting and an answer
_OTHERS_SHARE = 0.1
_SETTLE_SECONDS = 2.0
"""After the warm-up, until its calls are put away."""

_LATE_LINE_SECONDS = 0.03
"""Beyond this lateness of the callers' own loop figures deserve a remark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to rehearse. Without `scenarios` the default ones; `server` is the origin of one that runs already."""

    scenarios: tuple[str, ...] = ()
    profile: str = "constant"
    calls_at_once: int = 10
    seed: int = 1
    duration_seconds: float | None = None
    with_peer: bool = False
    server: str | None = None
    auth_token: str | None = None
    pin: bool = True
    niceness: int = 0
    requirements: tuple[Requirement, ...] = ()
    corpora: Path | None = None


Tell = Callable[[str], None]
"""Prints a line for whoever waits."""


async def rehearse(options: Options, *, tell: Tell = lambda _: None) -> Report:
    """Make the calls and measure. Safe to cancel: what was started is ended.

    Raises:
        ScenarioError: a scenario cannot be used.
        VoiceUnavailable: nothing can speak here.
        ServerFailed: a stand-in or the server did not come up, or ended too soon.
    """
    scenarios = _scenarios(options.scenarios)
    cast = await asyncio.to_thread(cast_scenarios, scenarios, seed=options.seed, corpora=options.corpora)
    server_core, own_core = _cores(options)
    server_place, own_place = (Place(core=core, niceness=options.niceness) for core in (server_core, own_core))
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ngx-voice-rehearse-")))
        stack.enter_context(_in_place(own_place))
        stage = _Stage(options, cast, folder, server_place=server_place, own_place=own_place, tell=tell)
        if options.server is not None:
            found = {ServerKind.NGX: await stage.ring_running(options.server)}
        else:
            kinds = [ServerKind.NGX, *([ServerKind.PLAIN] if options.with_peer else [])]
            found = await stage.ring_own(kinds)
    ours, peer = found[ServerKind.NGX], found.get(ServerKind.PLAIN)
    failures = [f"{kind}: {failure}" for kind, figures in found.items() for failure in figures.failures]
    unkept = [r.failure(ours.figures, peer.figures if peer else None) for r in options.requirements]
    return Report(
        about=_about(options, scenarios, ours, pinned=server_core is not None),
        ours=ours.figures,
        peer=peer.figures if peer else None,
        failures=(*failures, *(failure for failure in unkept if failure)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    figures: Figures
    failures: tuple[str, ...]
    calls: int
    call_seconds: float


class _Stage:
    """Rings servers with one cast."""

    def __init__(
        self, options: Options, cast: Cast, folder: Path, *, server_place: Place, own_place: Place, tell: Tell
    ) -> None:
        self._options = options
        self._cast = cast
        self._folder = folder
        self._server_place = server_place
        self._own_place = own_place
        self._tell = tell

    async def ring_running(self, url: str) -> _Found:
        """Ring a server that somebody else started; without our stand-ins its words are not known to us."""
        address = ServerAddress(public_url=url, auth_token=self._options.auth_token or "")
        found = await self._ring(ServerKind.NGX, address, standins=None)
        found.figures.remarks.append("false stops need the voice's sound to be known: not measured with --server")
        return found

    async def ring_own(self, kinds: Sequence[ServerKind]) -> dict[ServerKind, _Found]:
        """Start stand-ins and each server in turn, and ring it."""
        clips = await asyncio.to_thread(self._cast.write_clips, self._folder)
        found: dict[ServerKind, _Found] = {}
        for kind in kinds:
            data_dir = self._folder / kind
            await asyncio.to_thread(data_dir.mkdir)
            self._tell(f"starting the {kind} server and its stand-ins ({self._options.profile}) …")
            async with (
                run_standins(
                    profile=self._options.profile,
                    clips=clips,
                    seed=self._options.seed,
                    place=self._own_place,
                    logs=self._folder,
                ) as standins,
                run_server(
                    kind,
                    standins=standins,
                    place=self._server_place,
                    data_dir=data_dir,
                    max_calls=max(100, 2 * self._options.calls_at_once),
                ) as address,
            ):
                found[kind] = await self._ring(kind, address, standins=standins)
        return found

    async def _ring(self, kind: ServerKind, address: ServerAddress, *, standins: Standins | None) -> _Found:
        await self._warm_up(address)
        before = await scrape(address.metrics_url)
        total = len(self._cast.calls)
        run = self._load_run(
            address,
            self._cast.calls,
            duration=self._options.duration_seconds,
            on_call=lambda call: self._tell(_line(kind, call, len(run.made), total)),
        )
        own, theirs = time.process_time(), standins.usage() if standins is not None else 0.0
        cost = await run.run()
        own, theirs = time.process_time() - own, (standins.usage() if standins is not None else 0.0) - theirs
        after = await scrape(address.metrics_url)
        spoken = await standins.spoken() if standins is not None else []
        self._tell(f"listening to {len(run.made)} calls …")
        bank = await asyncio.to_thread(lambda: ReferenceBank(references_of(spoken)))
        figures = await asyncio.to_thread(_judge, run.made, bank)
        _add_costs(figures, cost, before, after)
        figures.single["caller_core_per_call"] = own / max(cost.call_seconds, 1e-9)
        figures.single["standins_core_per_call"] = theirs / max(cost.call_seconds, 1e-9)
        figures.remarks.extend(self._cast.remarks)
        failed = [call for call in run.made if call.failure]
        failures = tuple(f"{call.cast.scenario} {call.cast.number}: {call.failure}" for call in failed)
        return _Found(figures=figures, failures=failures, calls=len(run.made), call_seconds=cost.call_seconds)

    async def _warm_up(self, address: ServerAddress) -> None:
        """A short call in each language, so that what is built once is not counted as a call's."""
        first: dict[str, CastCall] = {}
        for call in self._cast.calls:
            first.setdefault(call.language, replace(call, steps=call.steps[:_WARM_UP_STEPS]))
        await self._load_run(address, list(first.values()), duration=None).run()
        await asyncio.sleep(_SETTLE_SECONDS)

    def _load_run(
        self,
        address: ServerAddress,
        calls: Sequence[CastCall],
        *,
        duration: float | None,
        on_call: Callable[[MadeCall], None] = lambda _: None,
    ) -> LoadRun:
        settings = LineSettings(
            public_url=address.public_url, auth_token=address.auth_token, limit_seconds=_CALL_SECONDS
        )
        return LoadRun(
            settings=settings,
            calls=calls,
            calls_at_once=self._options.calls_at_once,
            duration_seconds=duration,
            server_pid=address.pid,
            server_core=self._server_place.core,
            on_call=on_call,
        )


def _judge(made: Sequence[MadeCall], bank: ReferenceBank) -> Figures:
    heard: list[HeardCall] = []
    for call in made:
        starts = [stream.started for stream in call.result.streams if stream.started is not None]
        heard.append(
            HeardCall(
                scenario=call.cast.scenario,
                deeds=call.deeds,
                runs=find_runs(call.result.recording.bot, bank),
                stream_start=starts[0] if starts else None,
                seconds=call.result.recording.seconds,
                has_echo=call.cast.echo is not None,
            )
        )
    figures = Judge(bank, openers=_openers(), model_sentences=SENTENCES).judge(heard)
    for call in made:
        figures.add("line_lateness", call.result.lateness_ms / 1000)
        for _ in call.missed:
            figures.count("not_placed", True)
    late = figures.lookup("line_lateness.p50") or 0.0
    if late > _LATE_LINE_SECONDS:
        figures.remarks.append(f"the callers' own loop was late by {late * 1000:.0f} ms at worst (median of the calls)")
    unknown = sum(run.reference is None for call in heard for run in call.runs)
    if unknown and bank.references:
        figures.remarks.append(f"{unknown} stretches of the bot's sound are no sentence of the voice stand-in")
    return figures


def _openers() -> frozenset[str]:
    """The playbook's openers, to tell them from replies by their sound."""
    playbook = load_playbook(os.environ.get("PLAYBOOK", "ngx"))
    return frozenset(
        sentence
        for texts in playbook.texts.values()
        for key, wordings in texts.sentences.items()
        if key.startswith("opener")
        for wording in wordings
        for sentence in wording.sentences
    )


def _add_costs(figures: Figures, cost: Cost, before: Scrape | None, after: Scrape | None) -> None:
    singles = {
        "core_per_call": cost.core_per_call,
        "mb_per_call": cost.mb_per_call,
        "most_calls_at_once": float(cost.most_at_once),
        "call_seconds": cost.call_seconds,
    }
    if before is not None and after is not None:
        singles["loop_lag_p99"] = after.quantile_since(before, "ngx_event_loop_lag_seconds", 0.99)
    if cost.others_share is not None:
        singles["others_share_of_core"] = cost.others_share
        if cost.others_share > _OTHERS_SHARE:
            figures.remarks.append(
                f"other programs took {cost.others_share:.0%} of the server's core: its times are worse than its own"
            )
    talk_seconds = figures.single.get("bot_talk_seconds", 0.0)
    if talk_seconds:
        singles["late_frames"] = figures.single.get("late_gaps", 0.0) / talk_seconds * 60
    figures.single.update({name: value for name, value in singles.items() if value is not None})


def _scenarios(names: Sequence[str]) -> list[Scenario]:
    if names:
        return [load_scenario(name) for name in names]
    return [scenario for name in scenario_names() if (scenario := load_scenario(name)).by_default]


def _cores(options: Options) -> tuple[int | None, int | None]:
    """The server's core and the callers' one; None where there is only one, or nothing is to be pinned."""
    if not options.pin or options.server is not None or not hasattr(os, "sched_getaffinity"):
        return None, None
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) >= 2 else (None, None)


@contextmanager
def _in_place(place: Place) -> Generator[None]:
    """Keep this process on one core, at a niceness, for a while."""
    cores = os.sched_getaffinity(0) if place.core is not None else None
    before = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        if place.core is not None:
            os.sched_setaffinity(0, {place.core})
        if place.niceness:
            os.setpriority(os.PRIO_PROCESS, 0, place.niceness)
        yield
    finally:
        if cores is not None:
            os.sched_setaffinity(0, cores)
        if place.niceness and place.niceness < before:
            os.setpriority(os.PRIO_PROCESS, 0, before)


def _line(kind: ServerKind, call: MadeCall, number: int, total: int) -> str:
    ended = call.failure or call.result.ended.by
    return f"{kind} {number:3}/{total}  {call.cast.scenario:<14} {call.result.seconds:5.1f} s  {ended}"


def _about(options: Options, scenarios: Sequence[Scenario], found: _Found, *, pinned: bool) -> dict[str, object]:
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "profile": options.profile,
        "scenarios": [scenario.name for scenario in scenarios],
        "calls_at_once": options.calls_at_once,
        "calls_made": found.calls,
        "call_seconds": round(found.call_seconds, 1),
        "seed": options.seed,
        "pinned": pinned,
        "server": options.server or "own",
    }
