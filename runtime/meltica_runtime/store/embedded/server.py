"""The embedded Postgres of a project: a server of its own, in a folder of its own, on a socket there.

    <folder>/data           the database
    <folder>/server.log     what the server says
    <folder>/.s.PGSQL.5432  the socket, unless the folder's path is too long for one

Several processes may use one server. The first one starts it, the last one stops it; who is the last,
file locks tell, so that a process that was killed counts as gone. A server that outlived its gateway is
taken over.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import anyio
import anyio.to_thread

from meltica_runtime.store.dsn import EMBEDDED
from meltica_runtime.store.embedded.account import ServerAccount, chown_to, grant_access, server_account
from meltica_runtime.store.embedded.binaries import binaries_for
from meltica_runtime.store.embedded.locks import UserLock, polls, start_stop_lock
from meltica_runtime.store.embedded.processes import Postmaster, find_postmaster, processes_in, works_in
from meltica_runtime.store.embedded.settings import INITDB_OPTIONS, command_line_settings
from meltica_runtime.store.faults import EmbeddedServerFault

START_LIMIT_S = 60.0
"""Longest wait for a server: after a crash it may have to read a gigabyte of log (`max_wal_size`) first."""

INITDB_LIMIT_S = 60.0
STOP_LIMIT_S = 15.0
"""Longest wait for an orderly stop; then the server is told to just end, and its next start recovers."""

MAX_LOG_BYTES = 4 * 1024 * 1024
"""A longer `server.log` is begun anew at the next start."""

LOG_LINES_SHOWN = 8
SOCKET_NAME = ".s.PGSQL.5432"
MAX_SOCKET_PATH_BYTES = 107
"""Room for a path in a Unix socket's address (108 with its end mark; unix(7))."""

_USE_ANOTHER = "set DATABASE_URL to use a Postgres of your own"


class EmbeddedServer:
    """Our use of a folder's server. `start` and `stop` block; `running_server` is the way from async code."""

    def __init__(
        self,
        folder: Path,
        pid: int,
        socket_dir: Path,
        user_lock: UserLock,
        child: subprocess.Popen[bytes] | None,
    ) -> None:
        self.folder = folder
        self.pid = pid
        self.socket_dir = socket_dir
        self._user_lock = user_lock
        self._child = child
        """The server, when this very object started it."""

    @property
    def dsn(self) -> str:
        """Where to connect to, as a libpq and asyncpg URL. It holds no secret."""
        return f"postgresql://postgres@/postgres?host={quote(str(self.socket_dir), safe='/')}"

    @classmethod
    def start(cls, folder: Path) -> EmbeddedServer:
        """Makes the database if there is none, starts the server if none runs, and waits until it answers.

        Raises `EmbeddedServerFault`. Nothing of ours is left running then.
        """
        folder = folder.resolve()
        account = server_account()
        try:
            _make_folder(folder, account)
            with start_stop_lock(folder, START_LIMIT_S + INITDB_LIMIT_S):
                return cls._join(folder, account)
        except OSError as error:
            raise EmbeddedServerFault(
                f"the embedded Postgres cannot use its folder: {error.strerror or error}",
                place=str(error.filename or folder),
                help=f"make it readable and writable for you, or {_USE_ANOTHER}",
            ) from error

    @classmethod
    def _join(cls, folder: Path, account: ServerAccount) -> EmbeddedServer:
        user_lock = UserLock(folder)
        try:
            alone = user_lock.try_exclusive()
            socket_dir = _socket_dir(folder, account)
            running = _find_running(folder / "data")
            if running is not None:
                user_lock.share()
                return cls(folder, running.pid, socket_dir, user_lock, None)
            _check_alone(folder, alone)
            child = _start_server(folder, socket_dir, account)
            user_lock.share()
            return cls(folder, child.pid, socket_dir, user_lock, child)
        except BaseException:
            user_lock.close()
            raise

    def stop(self) -> None:
        """Stops the server, unless another process uses it too. When it returns, no process of it is left."""
        with start_stop_lock(self.folder, START_LIMIT_S + INITDB_LIMIT_S):
            last = self._user_lock.try_exclusive()
            try:
                if last:
                    self._end()
            finally:
                self._user_lock.close()
        if not last and self._child is not None:
            # It ends later, by another process's hand; somebody has to take note of its end.
            threading.Thread(target=self._child.wait, daemon=True, name="embedded-postgres-end").start()

    def _end(self) -> None:
        data = self.folder / "data"
        # "fast": roll back what is open, write a checkpoint; "immediate": just end (postgres(1)).
        for request, limit_s in ((signal.SIGINT, STOP_LIMIT_S), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if works_in(self.pid, data):
                os.kill(self.pid, request)
            if self._is_gone_within(limit_s, data):
                return
        raise EmbeddedServerFault(
            f"process {self.pid} does not end",
            place=str(data),
            help="see server.log beside it",
        )

    def _is_gone_within(self, limit_s: float, data: Path) -> bool:
        for _ in polls(limit_s):
            if self._child is not None:
                self._child.poll()
            if not works_in(self.pid, data) and not processes_in(data):
                if self._child is not None:
                    self._child.wait()
                return True
        return False


@asynccontextmanager
async def reachable_dsn(dsn: str, embedded_folder: Path) -> AsyncIterator[str]:
    """The data source name itself, or that of the embedded server, which runs as long as the block does.

    Raises `EmbeddedServerFault`.
    """
    if dsn != EMBEDDED:
        yield dsn
        return
    async with running_server(embedded_folder) as server:
        yield server.dsn


@asynccontextmanager
async def running_server(folder: Path) -> AsyncIterator[EmbeddedServer]:
    """The embedded server of a folder, for as long as the block lasts.

    Starting and stopping are never cut short by a cancellation: a server must not be left that nobody stops.
    """
    with anyio.CancelScope(shield=True):
        server = await anyio.to_thread.run_sync(EmbeddedServer.start, folder)
    try:
        yield server
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(server.stop)


def _check_alone(folder: Path, alone: bool) -> None:
    """A server must not be started on data that another one may still write to."""
    if not alone:
        raise EmbeddedServerFault(
            "another process uses this database, but its server does not run (any more)",
            place=str(folder),
            help=f"stop that process first, or {_USE_ANOTHER}",
        )


def _make_folder(folder: Path, account: ServerAccount) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, mode=0o700)
        chown_to(account, folder)
    owner = folder.stat().st_uid
    if owner not in {account.owner, os.geteuid()}:
        raise EmbeddedServerFault(
            f"the folder belongs to another user (number {owner})",
            place=str(folder),
            help=f"run as that user, move the folder away to start anew, or {_USE_ANOTHER}",
        )
    if owner != account.owner:
        chown_to(account, folder)


def _socket_dir(folder: Path, account: ServerAccount) -> Path:
    """The folder itself, or, when its path is too long for a socket, one among the temporary files."""
    if len(os.fsencode(folder / SOCKET_NAME)) <= MAX_SOCKET_PATH_BYTES:
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"meltica-{account.owner}-{name}"
    with contextlib.suppress(FileExistsError):
        short.mkdir(mode=0o700)
        chown_to(account, short)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.owner or found.st_mode & 0o077:
        raise EmbeddedServerFault(
            "the folder for the server's socket is not ours alone", place=str(short), help="remove it"
        )
    return short


def _find_running(data: Path) -> Postmaster | None:
    """The folder's server, ready; None when there is none. Waits for one that is starting or stopping."""
    for _ in polls(START_LIMIT_S):
        found = find_postmaster(data)
        if found is not None and found.is_ready:
            return found
        if found is None and not processes_in(data):
            return None
    raise EmbeddedServerFault(
        f"a server runs there, and has not become ready in {START_LIMIT_S:.0f} s",
        place=str(data),
        help="see server.log beside it; end its process if it hangs",
    )


def _start_server(folder: Path, socket_dir: Path, account: ServerAccount) -> subprocess.Popen[bytes]:
    data = folder / "data"
    programs = binaries_for(data)
    grant_access(account, programs, folder)
    if not data.exists():
        _init_database(folder, programs, account)
    # No process works in the folder and we are its only user: what it says of an older server is stale.
    (data / "postmaster.pid").unlink(missing_ok=True)
    command = [str(programs / "postgres"), "-D", str(data), "-k", str(socket_dir), *command_line_settings()]
    with _log_file(folder) as (log, begin):
        child = subprocess.Popen(  # noqa: S603 - our own words and paths
            command,
            **account.process_options(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C in a terminal reaches a whole group; the server is stopped by us, after its last client.
            start_new_session=True,
        )
    try:
        _wait_until_ready(child, folder, begin)
    except BaseException:
        child.kill()
        child.wait()
        raise
    return child


def _wait_until_ready(child: subprocess.Popen[bytes], folder: Path, log_begin: int) -> None:
    for _ in polls(START_LIMIT_S):
        found = find_postmaster(folder / "data")
        if found is not None and found.pid == child.pid and found.is_ready:
            return
        if child.poll() is not None:
            raise _start_fault(folder, log_begin, f"it ended at once with code {child.returncode}")
    raise _start_fault(folder, log_begin, f"it was not ready after {START_LIMIT_S:.0f} s")


def _start_fault(folder: Path, log_begin: int, what: str) -> EmbeddedServerFault:
    log = folder / "server.log"
    said = log.read_bytes()[log_begin:].decode(errors="replace").strip().splitlines()[-LOG_LINES_SHOWN:]
    return EmbeddedServerFault(
        f"the embedded Postgres did not start: {what}",
        place=str(log),
        help="it said:\n" + "\n".join(f"  {line}" for line in said) if said else _USE_ANOTHER,
    )


def _init_database(folder: Path, programs: Path, account: ServerAccount) -> None:
    """Makes the data folder, whole or not at all: it gets its name when it is complete."""
    draft = folder / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    command = [str(programs / "initdb"), "-D", str(draft), *INITDB_OPTIONS]
    try:
        subprocess.run(  # noqa: S603 - our own words and paths
            command,
            **account.process_options(),
            check=True,
            capture_output=True,
            text=True,
            timeout=INITDB_LIMIT_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = error.stderr if isinstance(error, subprocess.CalledProcessError) else str(error)
        raise EmbeddedServerFault(
            "the embedded Postgres could not make its database",
            place=str(folder),
            help="it said:\n"
            + "\n".join(f"  {line}" for line in said.strip().splitlines()[-LOG_LINES_SHOWN:]),
        ) from error
    draft.rename(folder / "data")


@contextlib.contextmanager
def _log_file(folder: Path) -> Iterator[tuple[int, int]]:
    """The log, open for appending, and how long it is already."""
    path = folder / "server.log"
    is_long = path.exists() and path.stat().st_size > MAX_LOG_BYTES
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if is_long else 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        yield descriptor, os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
