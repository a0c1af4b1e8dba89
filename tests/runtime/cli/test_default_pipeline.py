"""Commands that are told no file take the one pipeline that there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from meltica_runtime.cli import main

PIPELINE = """\
pipeline p

provider paper {
  adapter = fake
  symbols = [BTC-USDT]
}

pool ram {
  events  = 64
  on_full = drop_oldest
}

route r via ram =
    paper.trade
  -> tape

sink tape = log
"""
FRAGMENT = "let a = 1\n"


def meltica(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("MELTICA_CONFIG_PATH", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        file = folder / f"{name.replace('__', '/')}.mel"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.mark.parametrize("words", [["graph"], ["compile"], ["fmt"], ["fmt", "--check"]])
def test_a_command_takes_the_one_pipeline_and_says_which(folder: Path, words: list[str]) -> None:
    write(folder, desk=PIPELINE)
    answer = meltica(*words)
    assert answer.exit_code == 0
    assert answer.stderr == "desk.mel: taken, as no file is named\n"


def test_check_and_test_say_it_with_their_answer(folder: Path) -> None:
    write(folder, desk=PIPELINE)
    assert meltica("check").stderr.startswith("desk.mel: good (")
    assert meltica("test").stderr == "desk.mel: no tests\n"
    assert meltica("check", "--fix", "--diff").exit_code == 0


def test_what_others_import_is_no_pipeline(folder: Path) -> None:
    write(folder, a=FRAGMENT, pipelines__parts__b=FRAGMENT, pipelines__desk=PIPELINE)
    assert meltica("check").stderr.startswith("pipelines/desk.mel: good (")


def test_the_current_folder_comes_before_the_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "config").mkdir()
    (folder / "config" / "app.yaml").write_text("")
    write(folder, desk=PIPELINE, trial__mine=PIPELINE)
    (folder / "strategies").mkdir()
    monkeypatch.chdir(folder / "strategies")
    assert meltica("check").stderr.startswith("../desk.mel: good (")
    monkeypatch.chdir(folder / "trial")
    assert meltica("check").stderr.startswith("mine.mel: good (")


def test_a_pipeline_that_cannot_be_read_counts(folder: Path) -> None:
    write(folder, a=FRAGMENT, desk=PIPELINE.replace("pipeline p", "pipeline p {"))
    answer = meltica("check")
    assert answer.exit_code == 1
    assert "desk.mel:1:12" in answer.stderr


@pytest.mark.parametrize("words", [["check"], ["test"], ["graph"], ["fmt"], ["run"], ["compile"], ["apply"]])
def test_several_are_listed_and_none_is_taken(folder: Path, words: list[str]) -> None:
    write(folder, desk=PIPELINE, pipelines__other=PIPELINE, parts=FRAGMENT)
    answer = meltica(*words)
    assert answer.exit_code == 2
    assert answer.stderr == (
        "error: there are 2 pipelines here:\n  desk.mel\n  pipelines/other.mel\n  = help: name the file\n"
    )


def test_a_plan_of_several_is_no_plan(folder: Path) -> None:
    write(folder, desk=PIPELINE, other=PIPELINE)
    assert meltica("plan").exit_code == 1


def test_where_there_is_none_the_way_to_one_is_shown(folder: Path) -> None:
    answer = meltica("run")
    assert answer.exit_code == 2
    assert f"there is no pipeline in {folder}" in answer.stderr
    assert "meltica new NAME" in answer.stderr
