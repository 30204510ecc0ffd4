"""What is done before the first call."""

from __future__ import annotations

import gc
import subprocess
import sys

from pipelines.start_up import settle_heap, warm_imports

_PROGRAM = """
import sys
import bot, numpy, anyio, openai
from pipelines.start_up import LATE_IMPORTS, warm_imports
assert not set(LATE_IMPORTS) <= set(sys.modules)
warm_imports()
missing = set(LATE_IMPORTS) - set(sys.modules)
assert not missing, missing
assert "jiter" in sys.modules
"""


def test_every_late_import_is_found_where_we_look_for_it() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_libraries_that_are_not_in_use_are_not_imported() -> None:
    program = (
        "import sys\nfrom pipelines.start_up import warm_imports\nwarm_imports()\nassert 'openai' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_what_exists_at_the_start_is_not_looked_at_again_and_garbage_is_still_found() -> None:
    class Node:
        def __init__(self) -> None:
            self.itself = self

    threshold = gc.get_threshold()
    try:
        warm_imports()
        settle_heap()
        assert gc.get_freeze_count() > 10_000
        assert len(gc.get_objects()) < 10_000
        for _ in range(100):
            Node()
        assert gc.collect() >= 100
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)
