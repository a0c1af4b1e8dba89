"""Real gateways in projects of their own: the command line as a user has it, on ports that are free."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from meltica_runtime.cli import main

ROOT = Path(__file__).parents[2]
MELTICA = Path(sys.executable).with_name("meltica")
CONFIG = "apiServer:\n  addr: 127.0.0.1:0\n"

START_LIMIT_S = 60.0
"""A first start makes a database; on a busy machine that takes its time."""
STOP_LIMIT_S = 30.0


@dataclass
class Project:
    """A folder with a config and the quickstart; `dsn` is of a database other than its embedded one."""

    folder: Path
    dsn: str | None = None
    started: list[GatewayProcess] = field(default_factory=list)

    @property
    def pipeline(self) -> Path:
        return self.folder / "quickstart.mel"

    @property
    def database(self) -> Path:
        return self.folder / ".meltica" / "postgres"

    def meltica(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A command that starts no gateway, to its end, in this process: a start costs more than it does."""
        env = self.environment(**more)
        unset = dict.fromkeys(os.environ.keys() - env.keys())
        with chdir(self.folder):
            result = CliRunner(env={**env, **unset}).invoke(main, words, catch_exceptions=False)
        return subprocess.CompletedProcess(words, result.exit_code, result.stdout, result.stderr)

    def process(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A command to its end, in a process of its own."""
        return subprocess.run(
            [MELTICA, *words],
            cwd=self.folder,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=START_LIMIT_S,
            check=False,
        )

    def run(self, *words: str, **more: str) -> GatewayProcess:
        """`meltica run` of the quickstart, in the background."""
        command = [MELTICA, "run", "quickstart.mel", *words]
        process = GatewayProcess(command, self.folder, self.environment(**more))
        self.started.append(process)
        return process

    def environment(self, **more: str) -> dict[str, str]:
        """The test's environment without what would change a gateway."""
        bare = {"DATABASE_URL", "MELTICA_CONFIG_PATH", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"}
        kept = {name: value for name, value in os.environ.items() if name not in bare}
        own = {} if self.dsn is None else {"DATABASE_URL": self.dsn}
        return {**kept, **own, **more}

    def processes(self) -> list[str]:
        """Command lines of all processes that work in this folder or name it."""
        found = []
        own = str(self.folder)
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                folder = os.readlink(entry / "cwd")
            except OSError:
                continue  # it has ended meanwhile
            if folder.startswith(own) or any(own in word for word in words):
                found.append(" ".join(words))
        return found


class GatewayProcess:
    """A running `meltica run`. What it says is kept, with the seconds since its start."""

    def __init__(self, command: list[str | Path], folder: Path, env: dict[str, str]) -> None:
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self.times: dict[str, float] = {}
        """Seconds from the start until a line came."""
        self._queue: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                self.times[line.rstrip("\n")] = time.monotonic() - self.began
                self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def says(self, pattern: str, limit_s: float = START_LIMIT_S) -> re.Match[str]:
        """Waits until a line is like the pattern."""
        deadline = time.monotonic() + limit_s
        while True:
            try:
                line = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"it does not say {pattern!r}, but:\n{self.output}") from None
            if line is None:
                self._queue.put(None)
                raise AssertionError(f"it ended without saying {pattern!r}:\n{self.output}")
            self.lines.append(line)
            if match := re.search(pattern, line):
                return match

    def says_when(self, words: str) -> float:
        """Seconds from the start until it said a line with these words."""
        return next(seconds for line, seconds in self.times.items() if words in line)

    def ready(self) -> str:
        """Waits until events flow; gives the address of the control API."""
        return self.says(r"control API at (\S+)")[1]

    def stop(self, number: signal.Signals) -> int:
        """Sends a signal and waits for the end; gives the exit code."""
        self.process.send_signal(number)
        return self.end()

    def end(self) -> int:
        code = self.process.wait(STOP_LIMIT_S)
        self._reader.join(STOP_LIMIT_S)
        while (line := self._queue.get()) is not None:
            self.lines.append(line)
        return code


def until(holds: Callable[[], Any], limit_s: float, what: str) -> Any:
    """Waits until `holds` gives something, and returns it."""
    deadline = time.monotonic() + limit_s
    while not (found := holds()):
        assert time.monotonic() < deadline, f"{what} within {limit_s:g} s"
        time.sleep(0.05)
    return found


def orders_at(address: str, instance: str = "maker") -> list[dict[str, Any]]:
    """The orders that the control API shows, the newest first."""
    answer = httpx.get(f"{address}/strategy/instances/{instance}/orders", params={"limit": 500}, timeout=10)
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()["orders"]
    return found


@pytest.fixture
def project(migrated_dsn: str) -> Iterator[Project]:
    """A project whose database is one of the tests' server: to make a server of its own takes a second."""
    with new_project(migrated_dsn) as made:
        yield made


@pytest.fixture(scope="module")
def shared_project(module_dsn: str) -> Iterator[Project]:
    """One project for all tests of a module that stop what they start."""
    with new_project(module_dsn) as made:
        yield made


@pytest.fixture
def embedded_project() -> Iterator[Project]:
    """A project with an embedded server, as a user has it; its first run makes the database."""
    with new_project() as made:
        yield made


@pytest.fixture(scope="module")
def shared_embedded_project() -> Iterator[Project]:
    """One such project for all tests of a module that stop what they start."""
    with new_project() as made:
        yield made


@contextmanager
def new_project(dsn: str | None = None) -> Iterator[Project]:
    # Not pytest's folder: a second pytest closes that to the user that Postgres runs as under root.
    with tempfile.TemporaryDirectory(prefix="meltica-e2e-") as name:
        folder = Path(name)
        (folder / "config").mkdir()
        (folder / "config" / "app.yaml").write_text(CONFIG)
        made = Project(folder, dsn)
        made.pipeline.write_text((ROOT / "pipelines" / "quickstart.mel").read_text("utf-8"))
        yield made
        for process in made.started:
            if process.process.poll() is None:
                process.process.send_signal(signal.SIGTERM)
                process.end()


@pytest.fixture(scope="session")
def project_in() -> type[Project]:
    """Makes a project of a folder."""
    return Project


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., Any]:
    return until


@pytest.fixture(scope="session")
def orders_of() -> Callable[..., list[dict[str, Any]]]:
    return orders_at
