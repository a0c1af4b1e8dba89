"""A result that cannot be written is one message, and what is at fault is the machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

MELTICA = Path(sys.executable).with_name("meltica")
QUICKSTART = Path(__file__).parents[3] / "pipelines" / "quickstart.mel"


@pytest.mark.parametrize("command", ["graph", "compile", "convert", "check --format json"])
def test_a_full_disk_behind_the_output_is_said_in_one_line(command):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [MELTICA, *command.split(), QUICKSTART],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
    assert done.returncode == 3
    assert done.stderr == "error: cannot write the output: No space left on device\n"
