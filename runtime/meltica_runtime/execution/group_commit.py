"""Group commit: whatever waits goes into the write log together, and only then takes effect."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import anyio

from meltica_runtime.orders.write_log import EntryRefused, WriteLog, WriteLogEntry


@dataclass(frozen=True, slots=True)
class CommitLimits:
    """`waiting`: steps that may wait for the write log, at about 2 KiB each. `group`: most steps of one
    commit, so that one group is stored within some tens of milliseconds. The backoff doubles from the
    first to the last while the write log fails; it never gives up, because nothing may be lost."""

    waiting: int = 16_384
    group: int = 2_048
    commit_timeout_s: float = 30.0
    first_backoff_s: float = 0.05
    last_backoff_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Step:
    """Entries that are stored together. `then` is called once they are; `refused` if the write log will
    never take one of them, with its reason."""

    entries: tuple[WriteLogEntry, ...]
    then: Callable[[], None]
    refused: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CommitStatistics:
    """`error` is why the write log does not take the group at hand, empty while it does."""

    waiting: int
    groups: int
    entries: int
    failures: int
    refused: int
    error: str


class GroupCommit:
    """Steps, committed and carried out in the order they were put."""

    def __init__(self, write_log: WriteLog, limits: CommitLimits, changed: Callable[[], None]) -> None:
        self._write_log = write_log
        self._limits = limits
        self._changed = changed
        self._waiting: deque[Step] = deque()
        self._at_hand: list[Step] = []
        self._wake = anyio.Event()
        self._groups = self._entries = self._failures = self._refused = 0
        self._error = ""

    @property
    def room(self) -> int:
        return self._limits.waiting - len(self._waiting)

    @property
    def waiting(self) -> int:
        """Steps that are not carried out yet."""
        return len(self._waiting) + len(self._at_hand)

    @property
    def is_idle(self) -> bool:
        return not self._waiting and not self._at_hand

    @property
    def error(self) -> str:
        return self._error

    def put(self, step: Step) -> None:
        """Waits for the next commit. The caller has seen that there is room."""
        self._waiting.append(step)
        self._wake.set()

    def statistics(self) -> CommitStatistics:
        return CommitStatistics(
            self.waiting, self._groups, self._entries, self._failures, self._refused, self._error
        )

    async def run(self) -> None:
        """Commits group after group for ever. Cancelled, it leaves what was not carried out undone:
        the group at hand may or may not be stored."""
        while True:
            if not self._waiting:
                self._wake = anyio.Event()
                await self._wake.wait()
            group = min(len(self._waiting), self._limits.group)
            self._at_hand = [self._waiting.popleft() for _ in range(group)]
            await self._store()
            self._groups += 1
            done, self._at_hand = self._at_hand, []
            for step in done:
                step.then()
            self._changed()

    async def _store(self) -> None:
        """Stores the group at hand, however long it takes."""
        backoff_s = self._limits.first_backoff_s
        while self._at_hand:
            entries = [entry for step in self._at_hand for entry in step.entries]
            try:
                with anyio.fail_after(self._limits.commit_timeout_s):
                    await self._write_log.commit(entries)
            except EntryRefused as refusal:
                self._drop(refusal)
            except Exception as error:  # noqa: BLE001 - it is shown in the statistics, and tried again
                self._failures += 1
                self._error = f"{type(error).__name__}: {error}"
                self._changed()
                await anyio.sleep(backoff_s)
                backoff_s = min(2 * backoff_s, self._limits.last_backoff_s)
            else:
                self._entries += len(entries)
                self._error = ""
                return

    def _drop(self, refusal: EntryRefused) -> None:
        """Takes the step of a refused entry out of the group at hand."""
        refused = [s for s in self._at_hand if any(e.event_id == refusal.event_id for e in s.entries)]
        assert refused, "a write log refuses entries that it was given"
        self._at_hand = [step for step in self._at_hand if step not in refused]
        for step in refused:
            self._refused += 1
            step.refused(refusal.reason)
