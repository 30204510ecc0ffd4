"""`ngx-voice serve` that tells its asyncio tasks on SIGUSR1: run as `python -m tests.calls.counting_serve`."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

from telephony.cli import main


def _tell(*_: object) -> None:
    gc.collect()
    # Signal handlers run in the main thread between two callbacks of its loop.
    tasks = asyncio.all_tasks(asyncio.get_running_loop())
    names = Counter(getattr(task.get_coro(), "__qualname__", "?") for task in tasks)
    Path(os.environ["NGX_TEST_COUNTS"]).write_text(json.dumps({"tasks": len(tasks), "names": names}))


if __name__ == "__main__":
    Path(os.environ["NGX_TEST_COUNTS"]).touch()
    signal.signal(signal.SIGUSR1, _tell)
    sys.argv = ["ngx-voice", "serve"]
    main()
