"""The backup recogniser's processes: none until needed, shared by calls, limited, gone at the end."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import numpy as np
import pytest
from loguru import logger

from bot.playbook import load_playbook
from pipelines.backup_hearing import BackupHearing, open_backup_hearing
from pipelines.embedded import flite
from pipelines.embedded.recogniser import RecogniserOptions
from pipelines.embedded.telephone_line import telephone_band
from pipelines.embedded.utterances import Utterances, heard_frame

_SMALL = RecogniserOptions(max_streams=2, workers=1)


def children() -> set[int]:
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


async def built(hearing: BackupHearing) -> None:
    async with asyncio.timeout(60):
        while not hearing.is_built:  # noqa: ASYNC110 - calls ask, nobody waits for it
            await asyncio.sleep(0.02)


async def test_no_process_runs_until_a_call_is_in_trouble_and_none_after_the_end(tmp_path: Path) -> None:
    before = children()
    async with open_backup_hearing(load_playbook("ngx"), data_dir=tmp_path, options=_SMALL) as hearing:
        await built(hearing)
        assert hearing.process_ids == ()
        assert await hearing.take(language="en") is not None
        assert len(hearing.process_ids) == 1
    assert children() <= before


async def test_places_are_limited_and_come_back(tmp_path: Path) -> None:
    async with open_backup_hearing(load_playbook("ngx"), data_dir=tmp_path, options=_SMALL) as hearing:
        await built(hearing)
        streams = await asyncio.gather(*(hearing.take(language="en") for _ in range(3)))
        taken = [stream for stream in streams if stream is not None]
        assert len(taken) == hearing.limit == 2
        taken[0].close()
        assert await hearing.take(language="en") is not None


async def test_a_caller_who_speaks_another_language_gets_no_place_and_starts_nothing(tmp_path: Path) -> None:
    async with open_backup_hearing(load_playbook("ngx"), data_dir=tmp_path, options=_SMALL) as hearing:
        await built(hearing)
        assert await hearing.take(language="es") is None
        assert hearing.process_ids == ()


async def test_before_the_language_model_is_there_nobody_waits(tmp_path: Path) -> None:
    async with open_backup_hearing(load_playbook("ngx"), data_dir=tmp_path, options=_SMALL) as hearing:
        async with asyncio.timeout(0.5):
            assert await hearing.take(language="en") is None


async def test_a_directory_that_cannot_be_written_leaves_calls_without_backup_and_the_service_up(
    tmp_path: Path,
) -> None:
    (tmp_path / "cache").write_text("a file where a directory has to be")
    playbook = load_playbook("ngx")
    # A sentence of its own, so that no model of the installation fits.
    texts = playbook.texts["en"]
    own_texts = texts.model_copy(update={"hears": (*texts.hears, "a zebra in the gym")})
    own = playbook.model_copy(update={"texts": {**playbook.texts, "en": own_texts}})
    told: list[str] = []
    sink = logger.add(told.append, format="{message}")
    async with open_backup_hearing(own, data_dir=tmp_path, options=_SMALL) as hearing:
        async with asyncio.timeout(30):
            while not any("no backup for the recogniser" in line for line in told):  # noqa: ASYNC110 - a log line
                await asyncio.sleep(0.02)
        logger.remove(sink)
        assert not hearing.is_built
        assert await hearing.take(language="en") is None


async def test_the_backup_hears_a_caller_of_the_playbook(tmp_path: Path) -> None:
    missing = flite.unavailable()
    if missing:
        pytest.skip(missing.reason)
    clip = np.pad(flite.synthesise("how much does it cost per month", voice="rms", sample_rate=16000), 3200)
    audio = telephone_band(clip, sample_rate=16000).tobytes()
    async with open_backup_hearing(load_playbook("ngx"), data_dir=tmp_path, options=_SMALL) as hearing:
        await built(hearing)
        stream = await hearing.take(language="en")
        assert stream is not None
        utterances = Utterances(stream, on_interim=lambda text: None)
        utterances.begin()
        utterances.feed(audio)
        frame = heard_frame(await utterances.end(), user_id="backup")
        # Where the batches are cut depends on the machine's load, and with it the first word; words have a test apart.
        assert str(getattr(frame, "text", "")).endswith("much does it cost per month")
