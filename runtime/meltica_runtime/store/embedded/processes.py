"""The server processes of a data folder, as the operating system and `postmaster.pid` tell."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_STATUS_LINE = 7
"""Line of `postmaster.pid` that holds the status, counted from 0 (Postgres, miscadmin.h)."""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The main server process of a data folder. `status` is empty until the server has written one."""

    pid: int
    status: str

    @property
    def is_ready(self) -> bool:
        return self.status == "ready"


def find_postmaster(data: Path) -> Postmaster | None:
    """The live server of a data folder; None when there is none, whatever an old `postmaster.pid` says.

    Process numbers are used again, in containers soon: a process counts only if its working folder is the
    data folder, as a server's is.
    """
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    if not lines or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    if not works_in(pid, data):
        return None
    return Postmaster(pid, lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else "")


def works_in(pid: int, data: Path) -> bool:
    """Whether the process lives and has the data folder as its working folder."""
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd")) == data
    except OSError:
        return False


def processes_in(data: Path) -> frozenset[int]:
    """Every process that works in the data folder: a server, or what is left of one that was killed."""
    numbers = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return frozenset(pid for pid in numbers if works_in(pid, data))
