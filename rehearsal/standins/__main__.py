"""Runs stand-ins for other processes: `python -m rehearsal.standins --profile constant`.

Prints one line of JSON with the address of each, then serves until it is interrupted or its input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import stat
import sys
from pathlib import Path

import uvloop

from rehearsal.standins.clips import ClipBook
from rehearsal.standins.deepgram import DeepgramStandin
from rehearsal.standins.elevenlabs import ElevenLabsStandin
from rehearsal.standins.openai import OpenAIStandin, seller_reply
from rehearsal.standins.profile import LatencyProfile
from rehearsal.standins.replies import talkative_reply
from rehearsal.standins.server import Address, Standin, serve
from rehearsal.standins.twilio_api import TwilioStandin

_ALL = ("deepgram", "openai", "elevenlabs", "twilio")


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.standins", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--profile", default="constant", help="a file of rehearsal/profiles, without .toml")
    parser.add_argument(
        "--clips", type=Path, action="append", default=[], help="JSON list of path, transcript, language"
    )
    parser.add_argument("--only", choices=_ALL, action="append", help="start only this one (may be repeated)")
    parser.add_argument("--talkative", action="store_true", help="the model gives long replies, as rehearsals want")
    parser.add_argument("--seed", type=int, default=0, help="of the latency draws")
    return parser.parse_args(arguments)


def _build(options: argparse.Namespace) -> list[Standin]:
    profile = LatencyProfile.named(options.profile)
    book = ClipBook()
    for manifest in options.clips:
        book.add_manifest(manifest)
    every: dict[str, Standin] = {
        "deepgram": DeepgramStandin(book=book, profile=profile, seed=options.seed),
        "openai": OpenAIStandin(
            profile=profile, seed=options.seed, reply=talkative_reply if options.talkative else seller_reply
        ),
        "elevenlabs": ElevenLabsStandin(profile=profile, seed=options.seed),
        "twilio": TwilioStandin(),
    }
    return [every[name] for name in options.only or _ALL]


async def _serve(standins: list[Standin]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        addresses: dict[str, Address] = {}
        for standin in standins:
            addresses[standin.name] = await stack.enter_async_context(serve(standin))
        line = json.dumps({name: {"http": a.http, "ws": a.ws} for name, a in addresses.items()})
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        async with asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(_until_input_ends(stop))
            await stop.wait()
            watch.cancel()


async def _until_input_ends(stop: asyncio.Event) -> None:
    """The parent holds our input open; when it dies, so do we. A terminal or no input at all does not count."""
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty() or not _is_pipe():
        return
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(4096):
        pass
    stop.set()


def _is_pipe() -> bool:
    return stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; 2 on a wrong option, profile or manifest."""
    options = _parse(arguments)
    try:
        standins = _build(options)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    uvloop.run(_serve(standins))
    return 0


if __name__ == "__main__":
    sys.exit(main())
