"""`meltica new`: what it makes is good at once, and what was there stays as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

MELTICA = Path(sys.executable).with_name("meltica")
DOCS = Path(__file__).parents[3] / "docs"


def meltica(*words: str, folder: Path):
    return subprocess.run(
        [MELTICA, *words], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and ".meltica" not in p.parts
    }


@pytest.mark.parametrize("options", [(), ("--registry",)], ids=["without registry", "with registry"])
def test_a_new_project_checks_and_passes_its_tests(tmp_path, options):
    made = meltica("new", "my-desk", *options, folder=tmp_path)
    assert made.returncode == 0, made.stderr
    project = tmp_path / "my-desk"
    assert meltica("fmt", "--check", "my_desk.mel", folder=project).returncode == 0
    checked = meltica("check", "my_desk.mel", folder=project)
    assert (checked.returncode, checked.stdout) == (0, "")
    assert "warning" not in checked.stderr
    tested = meltica("test", "my_desk.mel", folder=project)
    assert tested.returncode == 0, tested.stdout
    assert "2 passed" in tested.stdout
    assert (project / "strategies" / "registry.json").exists() == bool(options)


def test_it_says_what_it_made_and_what_to_do_next(tmp_path):
    made = meltica("new", "desk", folder=tmp_path)
    named = made.stdout.strip().removeprefix("desk: ").split(", ")
    assert sorted(named) == sorted(contents(tmp_path / "desk"))
    for line in ("cd desk", "meltica check ", "meltica test ", "meltica run "):
        assert line in made.stderr


def test_what_to_do_next_can_be_pasted_into_a_shell(tmp_path):
    made = meltica("new", "my desk", folder=tmp_path)
    assert "cd 'my desk'" in made.stderr


def test_with_a_registry_a_changed_module_is_refused_until_it_is_registered(tmp_path):
    meltica("new", "desk", "--registry", folder=tmp_path)
    project = tmp_path / "desk"
    module = project / "strategies" / "buy-the-dip.js"
    assert list(json.loads((project / "strategies" / "registry.json").read_text())) == ["buy-the-dip"]
    module.write_text(module.read_text() + "\n// changed\n")
    assert meltica("check", "desk.mel", folder=project).returncode == 1
    assert meltica("strategies", "--write-registry", folder=project).returncode == 0
    assert meltica("check", "desk.mel", folder=project).returncode == 0


def test_nothing_is_overwritten(tmp_path):
    meltica("new", "desk", folder=tmp_path)
    (tmp_path / "desk" / "desk.mel").write_text("mine")
    (tmp_path / "file").write_text("mine too")
    before = contents(tmp_path)
    for name in ("desk", "file"):
        refused = meltica("new", name, folder=tmp_path)
        assert refused.returncode in (1, 2)
        assert "new or empty" in refused.stderr or "is a file" in refused.stderr
    assert contents(tmp_path) == before


def test_an_empty_folder_is_filled_and_a_name_has_to_be_one(tmp_path):
    (tmp_path / "empty").mkdir()
    assert meltica("new", "empty", folder=tmp_path).returncode == 0
    refused = meltica("new", "42", folder=tmp_path)
    assert refused.returncode == 2
    assert "begin its last part with a letter" in refused.stderr
    assert not (tmp_path / "42").exists()


def test_the_strategy_is_the_one_that_the_documentation_explains():
    shown = (DOCS / "strategies.md").read_text("utf-8")
    module = DOCS.parent / "runtime" / "meltica_runtime" / "new_project" / "strategies" / "buy-the-dip.js"
    assert f"```js\n{module.read_text('utf-8')}```" in shown
