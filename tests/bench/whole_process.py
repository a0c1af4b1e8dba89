"""What a person waits for: `meltica check` as a process, and `meltica run` until events flow."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from .scale import Scale
from .table import Figure, Section

ROOT = Path(__file__).parents[2]
REPEATS = 9
START_LIMIT_SECONDS = 60

METHOD = """\
Whole processes, from `exec` to their end (`check`) or to the line that says that events flow
(`run`): Python, imports, compiling, the embedded Postgres, migrations and V8 are in it. `first
start` is in an empty project folder, with `initdb` and all migrations; `second start` is the same
folder again. Medians. The floor is a Python that does nothing."""


def measure(_folder: Path, scale: Scale) -> Section:
    repeats = scale.of(REPEATS, least=1)
    check = [str(Path(sys.executable).with_name("meltica")), "check", "pipelines/quickstart.mel"]
    bare, checked = [], []
    for _ in range(repeats):
        bare.append(_seconds([sys.executable, "-c", "pass"]))
        checked.append(_seconds(check))
    first, second = _starts(scale)
    floor, name = median(bare), "empty Python"
    return Section(
        "Whole processes",
        METHOD,
        (
            Figure("check of the quickstart", median(checked), "s", 0.25, floor, name, less_is_better=True),
            Figure("run, first start", first, "s", 6, floor, name, less_is_better=True),
            Figure("run, second start", second, "s", 2, floor, name, less_is_better=True),
        ),
    )


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def _starts(scale: Scale) -> tuple[float, float]:
    """Seconds to the first event: of a first start, and of a second one (the median)."""
    # The server may run under another account, which has no way into a private folder.
    with tempfile.TemporaryDirectory(prefix="meltica-bench-") as folder:
        project = Path(folder)
        project.chmod(0o755)
        shutil.copytree(ROOT / "pipelines", project / "pipelines")
        shutil.copytree(ROOT / "strategies", project / "strategies")
        (project / "config").mkdir()
        (project / "config/app.yaml").write_text("apiServer:\n  addr: 127.0.0.1:0\n")
        first = _start(project)
        return first, median(_start(project) for _ in range(min(3, scale.repeats)))


def _start(project: Path) -> float:
    command = [str(Path(sys.executable).with_name("meltica")), "run", "pipelines/quickstart.mel"]
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "MELTICA_CONFIG_PATH")}
    began = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as gateway:
        assert gateway.stdout is not None
        said = gateway.stdout.readline()
        seconds = time.perf_counter() - began
        gateway.send_signal(signal.SIGTERM)
        gateway.wait(START_LIMIT_SECONDS)
    assert "runs" in said, f"the gateway did not start: {said}"
    return seconds
