"""`serve` in a process of its own, with pipelines that echo: run as `python -m tests.calls.door_child`."""

from __future__ import annotations

from functools import partial

import uvloop

from bot.settings import load_settings
from telephony import serve
from telephony.app import open_door
from tests.calls.door_harness import FakePipelines


def main() -> None:
    """Serve what the environment says until told to stop."""
    pipelines = FakePipelines()
    serve.provider_report = lambda settings: []
    serve.open_door = partial(open_door, run_call=pipelines.run_call, open_resources=pipelines.open)  # type: ignore[assignment]
    uvloop.run(serve.serve(load_settings(env_file=None), say=lambda line: print(line, flush=True)))  # noqa: T201


if __name__ == "__main__":
    main()
