"""A file in the making: written under a temporary name, and there under its own only when it is whole."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path

PART_SUFFIX = ".part"

MAX_NUMBER = 10_000
"""Files of one name at most, told apart by a number; more restarts in a day than that are not normal."""


class PartFile:
    """A binary file for pyarrow to write to. It never raises for want of disk: bytes that find no room
    stay in memory, `fault` says why, and `retry` goes on where it stopped."""

    def __init__(self, path: Path) -> None:
        """Takes `path` or, where that is taken, `path` with the first free number: a parquet file cannot
        be added to. Raises OSError if the folder or the file cannot be made."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self._descriptor = _claim(path)
        self.fault: OSError | None = None
        self.closed = False
        self._size = 0
        self._pending: deque[memoryview] = deque()

    @property
    def part_path(self) -> Path:
        return _part(self.path)

    @property
    def pending_bytes(self) -> int:
        return sum(len(piece) for piece in self._pending)

    def retry(self) -> None:
        """Writes what is pending as far as it goes; `fault` is None afterwards if it all went."""
        try:
            while self._pending:
                piece = self._pending[0]
                done = os.write(self._descriptor, piece)
                self._pending.popleft()
                if done < len(piece):
                    self._pending.appendleft(piece[done:])
            self.fault = None
        except OSError as error:
            self.fault = error

    def finish(self) -> bool:
        """Gives the file its name. False, with `fault`, if it is not whole on disk; it keeps its
        temporary name then, as what is in it may still be of use to someone."""
        self.retry()
        try:
            if self.fault is None:
                os.fsync(self._descriptor)
                self.part_path.rename(self.path)
        except OSError as error:
            self.fault = error
        finally:
            os.close(self._descriptor)
        return self.fault is None

    # What pyarrow calls.

    def write(self, data: bytes) -> int:
        self._pending.append(memoryview(bytes(data)))
        self._size += len(data)
        if self.fault is None:
            self.retry()
        return len(data)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Nothing is buffered but what cannot be written."""

    def close(self) -> None:
        self.closed = True

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False


def _claim(path: Path) -> tuple[Path, int]:
    """A path that nobody has, and the open descriptor of its temporary file."""
    for number in range(MAX_NUMBER):
        free = path if number == 0 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        try:
            descriptor = os.open(_part(free), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            continue
        # Looked at last: whoever had the temporary name until now may just have finished.
        if not free.exists():
            return free, descriptor
        os.close(descriptor)
        _part(free).unlink()
    raise FileExistsError(f"there are {MAX_NUMBER} files of the name {path} already")


def _part(path: Path) -> Path:
    return path.with_name(path.name + PART_SUFFIX)
