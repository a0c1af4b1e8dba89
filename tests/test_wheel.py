"""The wheel, alone in an empty environment, has all that it needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
INSTALL_LIMIT_S = 900
"""Without a cache some 200 MB come over the network."""

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Installed:
    """An environment that holds the wheel, and an empty folder to work in."""

    wheel: Path
    programs: Path
    folder: Path

    def meltica(self, *words: str) -> subprocess.CompletedProcess[str]:
        return command(self.programs / "meltica", *words, folder=self.folder, limit_s=120)


def command(*words: str | Path, folder: Path, limit_s: float) -> subprocess.CompletedProcess[str]:
    foreign = {"DATABASE_URL", "MELTICA_CONFIG_PATH", "PYTHONPATH", "VIRTUAL_ENV"}
    env = {name: value for name, value in os.environ.items() if name not in foreign}
    return subprocess.run(
        words, cwd=folder, env=env, capture_output=True, text=True, timeout=limit_s, check=False
    )


def done(result: subprocess.CompletedProcess[str]) -> str:
    """What it said; it has to have gone well."""
    said = result.stdout + result.stderr
    assert result.returncode == 0, said
    assert "Traceback" not in said, said
    return said


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    with tempfile.TemporaryDirectory(prefix="meltica-wheel-") as name:
        place = Path(name)
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", place / "dist", ROOT]
        done(command(*build, folder=place, limit_s=INSTALL_LIMIT_S))
        [wheel] = (place / "dist").iterdir()
        # With our pip, and what is never imported is not compiled.
        venv.create(place / "environment", with_pip=False)
        programs = place / "environment" / "bin"
        pip = [sys.executable, "-m", "pip", "--python", programs / "python"]
        install = [*pip, "install", "--quiet", "--no-compile", wheel]
        done(command(*install, folder=place, limit_s=INSTALL_LIMIT_S))
        folder = place / "empty"
        folder.mkdir()
        yield Installed(wheel, programs, folder)


def test_it_says_what_it_can_do(installed):
    said = done(installed.meltica("--help"))
    assert all(name in said for name in ("run", "check", "graph", "migrate"))


def test_it_checks_draws_and_runs_in_an_empty_folder(installed):
    shutil.copy(ROOT / "pipelines" / "quickstart.mel", installed.folder / "mine.mel")
    (installed.folder / "mine.yaml").write_text("apiServer:\n  addr: 127.0.0.1:0\n")
    assert "mine.mel: good" in done(installed.meltica("check", "mine.mel"))
    done(installed.meltica("graph", "mine.mel", "-o", "mine.svg"))
    assert (installed.folder / "mine.svg").read_text("utf-8").rstrip().endswith("</svg>")
    said = done(installed.meltica("run", "mine.mel", "--for", "3s", "--config", "mine.yaml"))
    assert "control API at http://127.0.0.1:" in said
    assert "stopped in order" in said
    assert (installed.folder / ".meltica" / "postgres" / "data").is_dir(), "its data is in the folder"


def test_it_makes_a_project_and_shows_the_documentation(installed):
    done(installed.meltica("new", "desk"))
    assert "desk.mel: good" in done(installed.meltica("check", "desk/desk.mel"))
    assert "2 passed" in done(installed.meltica("test", "desk/desk.mel"))
    assert "dedupe within DURATION" in done(installed.meltica("help", "dedupe"))


def test_what_is_in_the_config_is_found_from_anywhere(installed):
    place = installed.folder / "elsewhere"
    place.mkdir()
    shutil.copy(ROOT / "pipelines" / "quickstart.mel", installed.folder / "other.mel")
    result = command(installed.programs / "meltica", "check", "../other.mel", folder=place, limit_s=60)
    assert "../other.mel: good" in done(result)


def test_it_claims_only_its_own_names(installed):
    with zipfile.ZipFile(installed.wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    packages = {"meltica_dsl", "meltica_compiler", "meltica_runtime"}
    assert packages < tops
    assert all(top.startswith("meltica-") for top in tops - packages)
    with zipfile.ZipFile(installed.wheel) as archive:
        assert {f"{package}/py.typed" for package in packages} < set(archive.namelist())
