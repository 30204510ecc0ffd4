"""Installs what tests need beside Python, through apt where that is possible; else says in one line how to get it."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
from pathlib import Path


def _has_postgres() -> bool:
    return any(Path("/usr/lib/postgresql").glob("*/bin/postgres")) or shutil.which("postgres") is not None


def _has_flite() -> bool:
    return ctypes.util.find_library("flite") is not None


def missing_packages() -> list[str]:
    """Debian's names of what is not there."""
    present = {
        "redis-server": shutil.which("redis-server") is not None,
        "postgresql": _has_postgres(),
        "libflite1": _has_flite(),
    }
    return [name for name, found in present.items() if not found]


def main() -> int:
    """Install what is missing; 0 also where it cannot be: tests that need it then skip and say so."""
    missing = missing_packages()
    if not missing:
        return 0
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        print(f"Tests skip without {', '.join(missing)}: apt-get install {' '.join(missing)}", file=sys.stderr)  # noqa: T201
        return 0
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [apt, "install", "-y", "-qq", "--no-install-recommends", *missing]
    if subprocess.run(install, env=environment, stdout=subprocess.DEVNULL).returncode != 0:
        subprocess.run([apt, "update", "-qq"], env=environment, stdout=subprocess.DEVNULL)
        subprocess.run(install, env=environment, stdout=subprocess.DEVNULL)
    still = missing_packages()
    if still:
        print(f"Could not install {', '.join(still)}; tests that need them skip.", file=sys.stderr)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
