"""Who uses an embedded server. File locks, because the kernel lets go of them whatever kills their holder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

from meltica_runtime.clock import monotonic_s
from meltica_runtime.store.faults import EmbeddedServerFault

POLL_S = 0.005
"""How often a wait for another process looks again."""


def polls(limit_s: float) -> Iterator[None]:
    """One turn at once, and one every `POLL_S` until `limit_s` have passed."""
    deadline = monotonic_s() + limit_s
    while True:
        yield
        if monotonic_s() >= deadline:
            return
        sleep(POLL_S)


@contextmanager
def start_stop_lock(folder: Path, limit_s: float) -> Iterator[None]:
    """Lets one process at a time start or stop the server of a folder; waits for it for at most `limit_s`."""
    descriptor = os.open(folder / "gate.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not any(_try_lock(descriptor, fcntl.LOCK_EX) for _ in polls(limit_s)):
            raise EmbeddedServerFault(
                f"another process has been starting or stopping the server for {limit_s:.0f} s",
                place=str(folder),
                help="stop that process, or set DATABASE_URL to a Postgres of your own",
            )
        yield
    finally:
        os.close(descriptor)


class UserLock:
    """Our share of a folder's server, held until `close` or until this process ends."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def try_exclusive(self) -> bool:
        """Takes the share for ourselves alone, if nobody else has a part in it."""
        return _try_lock(self._descriptor, fcntl.LOCK_EX)

    def share(self) -> None:
        shared = _try_lock(self._descriptor, fcntl.LOCK_SH)
        assert shared, "only a process inside the gate holds the users' lock alone"

    def close(self) -> None:
        os.close(self._descriptor)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
