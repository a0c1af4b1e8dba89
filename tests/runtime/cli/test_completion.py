"""Completion as the shells ask for it: quick, and without loading what it does not need."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meltica_runtime.cli import COMMANDS

pytestmark = pytest.mark.process

MELTICA = Path(sys.executable).with_name("meltica")
HEAVY = ("numpy", "lark", "rich", "pydantic", "fastapi", "asyncpg", "jinja2", "py_mini_racer", "yaml")


def asked(words: str, *, shell: str = "bash") -> list[str]:
    """What is offered for the last of these words."""
    environ = {
        **os.environ,
        "_MELTICA_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = subprocess.run([MELTICA], env=environ, capture_output=True, text=True, timeout=60, check=True)
    return [line.split(",", 1)[1] for line in done.stdout.splitlines()]


def test_commands_options_and_values_are_offered():
    assert asked("meltica ") == list(COMMANDS)
    assert asked("meltica comp") == ["compile", "completion"]
    assert {"--output", "--all"} <= set(asked("meltica graph --"))
    assert asked("meltica check --format js") == ["json"]
    assert asked("meltica completion ") == ["bash", "zsh", "fish"]


def test_error_codes_and_topics_are_offered():
    codes = asked("meltica explain E02")
    assert "E0204" in codes
    assert all(code.startswith("E02") for code in codes)
    assert "dedupe" in asked("meltica help ded")


def test_files_are_left_to_the_shell():
    environ = {
        **os.environ,
        "_MELTICA_COMPLETE": "bash_complete",
        "COMP_WORDS": "meltica check pip",
        "COMP_CWORD": "2",
    }
    done = subprocess.run([MELTICA], env=environ, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "file,pip\n"


@pytest.mark.parametrize("words", ["meltica gr", "meltica explain E0", "meltica help ded", "meltica new --"])
def test_completing_loads_nothing_heavy(words):
    code = (
        "import atexit, sys; from meltica_runtime.cli import main;"
        f"atexit.register(lambda: sys.stderr.write(repr(sorted(set({HEAVY!r}) & set(sys.modules)))));"
        "main(prog_name='meltica')"
    )
    environ = {
        **os.environ,
        "_MELTICA_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == "[]"


def script(shell: str, folder: Path) -> Path:
    done = subprocess.run([MELTICA, "completion", shell], capture_output=True, text=True, check=True)
    place = folder / f"completion.{shell}"
    place.write_text(done.stdout)
    return place


def test_bash_completes_by_the_script(tmp_path):
    if shutil.which("bash") is None:
        pytest.skip("no bash is installed")
    place = script("bash", tmp_path)
    code = f"""
      PATH={MELTICA.parent}:$PATH
      source {place}
      complete -p meltica
      COMP_WORDS=(meltica gra); COMP_CWORD=1
      _meltica_completion meltica gra meltica
      echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "_meltica_completion meltica" in done.stdout
    assert done.stdout.splitlines()[-1] == "graph"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_read_the_script(shell, tmp_path):
    place = script(shell, tmp_path)
    assert f"{shell}_complete" in place.read_text()
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} is installed")
    subprocess.run([shell, "-n", place], capture_output=True, timeout=60, check=True)


def test_an_unknown_shell_is_refused_with_those_there_are():
    done = subprocess.run([MELTICA, "completion", "csh"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "'bash', 'zsh', 'fish'" in done.stderr
