"""`meltica plan` on the command line."""

from __future__ import annotations

import json


def test_the_exit_code_says_whether_something_changes(project):
    other = project.folder / "other.mel"
    other.write_text(project.pipeline.read_text("utf-8"))
    same = project.meltica("plan", "quickstart.mel", "other.mel")
    assert (same.returncode, same.stderr) == (0, "")
    assert "no changes" in same.stdout
    other.write_text(project.pipeline.read_text("utf-8").replace("20_000/s", "10_000/s"))
    different = project.meltica("plan", "quickstart.mel", "other.mel")
    assert different.returncode == 2
    assert "rate 20_000/s → 10_000/s" in different.stdout
    as_json = project.meltica("plan", "quickstart.mel", "other.mel", "--format", "json")
    assert as_json.returncode == 2
    fates = {step["name"]: step["fate"] for step in json.loads(as_json.stdout)["steps"]}
    assert fates["paper"] == "restarted"


def test_without_a_plan_the_exit_code_is_one(project):
    (project.folder / "broken.mel").write_text("pipeline broken\nroute r via nowhere = paper.trade -> x\n")
    broken = project.meltica("plan", "quickstart.mel", "broken.mel")
    assert broken.returncode == 1
    assert "error[" in broken.stderr
    assert project.meltica("plan").returncode == 1
