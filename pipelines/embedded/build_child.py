"""Builds a language model in a process of its own, out of the way of calls: it keeps a core busy for 5-8 s.

Run as `python -m pipelines.embedded.build_child DIRECTORY` with the sentences on its input, one a line.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pipelines.embedded.language_model import LanguageModel, LanguageModelError, build_language_model

_BUILD_SECONDS = 120.0


async def build_beside(sentences: Sequence[str], *, cache_dir: Path) -> LanguageModel:
    """The model for `sentences`, built by a child of low priority where it is not there yet. Cancelling ends the child.

    Raises:
        LanguageModelError: it could not be built; says why.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pipelines.embedded.build_child",
        str(cache_dir),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        async with asyncio.timeout(_BUILD_SECONDS):
            _, errors = await process.communicate("\n".join(sentences).encode())
    except TimeoutError:
        raise LanguageModelError(f"the language model was not built within {_BUILD_SECONDS:.0f} s") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())
    if process.returncode != 0:
        lines = errors.decode(errors="replace").strip().splitlines()
        raise LanguageModelError(lines[-1] if lines else f"building ended with status {process.returncode}")
    return await asyncio.to_thread(build_language_model, sentences, cache_dir=cache_dir)


def main() -> int:
    """Exit status: 0 done, 1 it could not be built, 2 wrong usage."""
    if len(sys.argv) != 2:
        sys.stderr.write("expected one argument, the directory for language models\n")
        return 2
    os.nice(10)
    try:
        build_language_model(sys.stdin.read().splitlines(), cache_dir=Path(sys.argv[1]))
    except LanguageModelError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
