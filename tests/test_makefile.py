"""What a newcomer types."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TARGETS = {
    "run": "meltica run pipelines/quickstart.mel",
    "test": "pytest -n auto",
    "test-quick": "not slow",
    "lint": "mypy",
    "coverage": "--cov",
    "bench": "tests.bench.run",
    "migrate": "meltica migrate up",
    "migrate-down": "meltica migrate down",
    "fmt": "meltica fmt",
    "docs": "tests.docs.pages",
}


def make(*words: str) -> str:
    return subprocess.run(
        ["make", "--no-print-directory", *words], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def test_help_lists_every_target_and_is_what_plain_make_says():
    listed = {line.split()[0] for line in make("help").splitlines()}
    assert {*TARGETS, "help"} <= listed
    assert make() == make("help")


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_does_what_it_says(target):
    assert TARGETS[target] in make("--dry-run", target)


def test_what_lands_is_linted_and_tested_with_its_coverage():
    commands = (ROOT / ".ci" / "run").read_text().splitlines()
    assert {"make lint", 'PYTEST_ADDOPTS="--cov --cov-report=term" make test'} <= set(commands)
    for check in ("ruff check", "ruff format --check", "mypy", "lint-imports"):
        assert check in make("--dry-run", "lint")
