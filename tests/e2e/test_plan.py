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


def test_a_gateway_that_runs_is_changed_from_another_terminal(project, wait_until):
    process = project.run("--quiet")
    address = process.ready()
    other = project.folder / "other.mel"
    other.write_text(project.pipeline.read_text("utf-8").replace("spread = 5bps", "spread = 7bps"))
    same = project.meltica("plan", "quickstart.mel", "--api", address)
    assert (same.returncode, same.stderr) == (0, "")
    planned = project.meltica("plan", "other.mel", "--api", address)
    assert planned.returncode == 2
    assert "config spread 0.0005 → 0.0007" in planned.stdout
    stale = project.meltica("apply", "other.mel", "--api", address, "--against", "0123456789ab")
    assert stale.returncode == 1
    assert "make the plan anew" in stale.stderr
    applied = project.meltica("apply", "other.mel", "--api", address)
    assert applied.returncode == 0, applied.stderr
    assert "strategy maker  restarted" in applied.stdout
    assert "applied: from event" in applied.stderr
    assert project.meltica("plan", "other.mel", "--api", address).returncode == 0


def test_where_no_gateway_answers_the_message_says_what_helps(project):
    nobody = project.meltica("apply", "quickstart.mel", "--api", "http://127.0.0.1:9")
    assert nobody.returncode == 3
    assert "no gateway answers: Connection refused (http://127.0.0.1:9)" in nobody.stderr
    assert "meltica run" in nobody.stderr
    assert project.meltica("plan", "quickstart.mel", "--api", "http://127.0.0.1:9").returncode == 1
