"""What a process does once, before its first caller, so that no call pays for it."""

from __future__ import annotations

import gc
import importlib
import sys
from typing import Final

from loguru import logger

LATE_IMPORTS: Final = (
    # By the state's first storing.
    "bot.policy.codec",
    # By the first arrays that are handed to an embedded voice.
    "numpy.ctypeslib",
    # By the first request of httpx and of its kin.
    "anyio._backends._asyncio",
    # By the first completion; with it comes the parser that its stream is read by.
    "openai.resources.chat.completions",
    "openai.lib.streaming.chat._completions",
)
"""Modules that libraries import when they are first used: together 0.2-0.3 s in which no call would be heard."""

_YOUNG_OBJECTS: Final = 10_000
_YOUNG_ROUNDS: Final = 20


def warm_imports() -> None:
    """Import what is otherwise imported within the first call; of libraries that are not in use, nothing.

    Takes up to half a second. Repeatable.
    """
    for name in LATE_IMPORTS:
        if name.partition(".")[0] not in sys.modules:
            continue
        try:
            importlib.import_module(name)
        except ImportError:
            # A library's inner part may move: then its first use is slow again, and nothing else.
            logger.debug("not imported ahead, there is no {}", name)


def settle_heap() -> None:
    """Take all objects that exist now out of the garbage collector's rounds; call it when all is open.

    They stay for the process's life: modules, models, routes, a quarter of a million. Looking at each of them takes
    0.15 s of an idle core and 1 s of a busy one, in which no call is heard. New objects are collected as before, in
    rounds that are rarer and still well under a millisecond each. Takes 0.2 s once.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, _YOUNG_ROUNDS, _YOUNG_ROUNDS)
