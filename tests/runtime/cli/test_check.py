"""`meltica check` as it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from meltica_runtime.cli import main

GOOD = """\
pipeline p
provider paper { adapter = fake, symbols = [BTC-USDT] }
pool ram { events = 64, on_full = drop_oldest }
route r via ram = paper.trade -> tape
sink tape = log
"""


def check(*words: object) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, words)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "p.mel"


def test_several_files_give_one_document(tmp_path: Path) -> None:
    one, two, good = (tmp_path / name for name in ("one.mel", "two.mel", "good.mel"))
    one.write_text(GOOD.replace("64,", "0,"))
    two.write_text(GOOD.replace("via ram", "via rum"))
    good.write_text(GOOD)
    answer = check("--format", "json", one, good, two)
    assert answer.exit_code == 1
    assert [(d["file"], d["code"]) for d in json.loads(answer.stdout) if d["severity"] == "error"] == [
        (str(one), "E0306"),
        (str(two), "E0201"),
    ]
    (run,) = json.loads(check("--format", "sarif", one, good, two).stdout)["runs"]
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]}
    assert uris == {one.as_uri(), two.as_uri()}


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_a_document_of_a_good_file_is_empty_and_exits_well(file: Path, form: str) -> None:
    file.write_text(GOOD)
    answer = check("--format", form, file)
    assert answer.exit_code == 0
    document = json.loads(answer.stdout)
    assert (document if form == "json" else document["runs"][0]["results"]) == []


def test_a_file_that_is_not_there_is_in_the_document(file: Path) -> None:
    answer = check("--format", "json", file)
    assert (answer.exit_code, json.loads(answer.stdout)[0]["code"]) == (1, "E0901")


def test_fix_mends_the_file_and_says_what_it_did(file: Path) -> None:
    slips = GOOD.replace("events = 64", "evnts: 64").replace("\n", "\r\n")
    file.write_bytes(b"\xef\xbb\xbf" + slips.encode())
    answer = check("--fix", file)
    assert answer.exit_code == 0, answer.stderr
    assert file.read_bytes() == b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert f"{file}:3:17: " in answer.stderr
    assert f"{file}:3:12: write `events` (E0303)" in answer.stderr


def test_fix_leaves_a_file_alone_in_which_nothing_applies(file: Path) -> None:
    file.write_text(GOOD.replace("64,", "0,"))
    before = file.stat().st_mtime_ns
    assert check("--fix", file).exit_code == 1
    assert file.stat().st_mtime_ns == before


def test_fix_mends_imported_files_too(file: Path) -> None:
    shared = file.with_name("shared.mel")
    shared.write_text("pool ram { events: 64, on_full = drop_oldest }\n")
    file.write_text(
        'pipeline p\nimport "shared.mel"\n'
        + GOOD[11:].replace("pool ram { events = 64, on_full = drop_oldest }\n", "")
    )
    before = file.stat().st_mtime_ns
    answer = check("--fix", file)
    assert answer.exit_code == 0, answer.stderr
    assert shared.read_text() == "pool ram { events = 64, on_full = drop_oldest }\n"
    assert file.stat().st_mtime_ns == before


def test_fix_says_what_is_left_in_the_form_that_was_asked_for(file: Path) -> None:
    file.write_text(GOOD.replace("64,", "0,").replace("via ram", "via rom"))
    answer = check("--fix", "--format", "json", file)
    assert [d["code"] for d in json.loads(answer.stdout) if d["severity"] == "error"] == ["E0306"]


def test_a_small_pipeline_takes_more_than_no_memory(file: Path) -> None:
    file.write_text(GOOD)
    assert " KiB, graph " in check(file).stderr


def test_diff_shows_what_fix_would_write_and_writes_nothing(file: Path) -> None:
    shared = file.with_name("shared.mel")
    shared.write_text("pool ram { events: 64, on_full = drop_oldest }")
    text = 'pipeline p\nimport "shared.mel"\n' + GOOD[11:].replace(
        "pool ram { events = 64, on_full = drop_oldest }\n", ""
    )
    file.write_text(text.replace("log", "lgo"))
    answer = check("--fix", "--diff", file)
    assert answer.exit_code == 1
    assert answer.stdout == (
        f"--- {file} (now)\n+++ {file} (fixed)\n@@ -2,4 +2,4 @@\n"
        ' import "shared.mel"\n'
        " provider paper { adapter = fake, symbols = [BTC-USDT] }\n"
        " route r via ram = paper.trade -> tape\n"
        "-sink tape = lgo\n+sink tape = log\n"
        f"--- {shared} (now)\n+++ {shared} (fixed)\n@@ -1 +1 @@\n"
        "-pool ram { events: 64, on_full = drop_oldest }\n\\ No newline at end of file\n"
        "+pool ram { events = 64, on_full = drop_oldest }\n\\ No newline at end of file\n"
    )
    assert "lgo" in file.read_text()
    assert ":" in shared.read_text()
    assert check("--fix", file).exit_code == 0
    again = check("--diff", file)
    assert (again.exit_code, again.stdout, again.stderr) == (0, "", "")


def test_diff_says_that_something_is_left(file: Path) -> None:
    file.write_text(GOOD.replace("64,", "0,"))
    answer = check("--fix", "--diff", file)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert f"`meltica check {file}` says what is wrong" in answer.stderr


def test_a_diff_is_text(file: Path) -> None:
    assert check("--diff", "--format", "json", file).exit_code == 2


@pytest.mark.parametrize("options", [["--check"], ["--diff"], ["--check", "--diff"]])
def test_fmt_that_changes_nothing_exits_as_check_does(file: Path, options: list[str]) -> None:
    file.write_text(GOOD)
    answer = CliRunner().invoke(main, ["fmt", *options, str(file)])
    assert answer.exit_code == 1
    assert answer.stdout.startswith(f"--- {file} (now)") == ("--diff" in options)
    assert file.read_text() == GOOD
    assert CliRunner().invoke(main, ["fmt", str(file)]).exit_code == 0
    assert CliRunner().invoke(main, ["fmt", *options, str(file)]).exit_code == 0
