"""What a process and all its children use: processor seconds and memory, from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_UTIME, _PPID = 11, 1  # fields of /proc/PID/stat after the name


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Of a whole process tree: `cpu_seconds` since its start (user and system), `memory_mb` now."""

    cpu_seconds: float
    memory_mb: float
    processes: int


def usage_of(pid: int) -> Usage:
    """The tree's usage; processes that end meanwhile are left out.

    Memory is the proportional set size, where the kernel tells it, so that shared pages count once; else the resident
    set size.
    """
    stats = _all_stats()
    members = _tree(pid, stats)
    ticks = sum(sum(map(int, stats[member][_UTIME : _UTIME + 4])) for member in members)
    return Usage(
        cpu_seconds=ticks / os.sysconf("SC_CLK_TCK"),
        memory_mb=sum(_memory_kb(member) for member in members) / 1024,
        processes=len(members),
    )


def busy_seconds(core: int | None) -> float | None:
    """For how long a core (None: all together) has been busy since the start of the machine, whoever it worked for."""
    name = "cpu" if core is None else f"cpu{core}"
    try:
        lines = (_PROC / "stat").read_text().splitlines()
    except OSError:
        return None
    fields = next((line.split()[1:] for line in lines if line.split()[0] == name), None)
    if fields is None:
        return None
    user, nice, system, _idle, _waiting, interrupt, soft, stolen = map(int, fields[:8])
    return (user + nice + system + interrupt + soft + stolen) / os.sysconf("SC_CLK_TCK")


def _all_stats() -> dict[int, list[str]]:
    stats: dict[int, list[str]] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text()
            except OSError:
                continue
            stats[int(folder.name)] = text.rpartition(")")[2].split()
    return stats


def _tree(root: int, stats: dict[int, list[str]]) -> list[int]:
    """The process and its descendants, those that are there."""
    children: dict[int, list[int]] = {}
    for pid, fields in stats.items():
        children.setdefault(int(fields[_PPID]), []).append(pid)
    members, queue = list[int](), [root] if root in stats else []
    while queue:
        pid = queue.pop()
        members.append(pid)
        queue.extend(children.get(pid, ()))
    return members


def _memory_kb(pid: int) -> float:
    folder = _PROC / str(pid)
    try:
        for line in (folder / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return float(line.split()[1])
    except OSError:
        pass
    try:
        return int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024
    except OSError:
        return 0.0
