"""`meltica test`, as a user has it."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

PIPELINE = """\
pipeline tested

provider paper {
  adapter = fake
  symbols = [BTC-USDT, ETH-USDT]
}

pool market { events = 4, on_full = drop_oldest }

route trades via market = paper.trade | where symbol == BTC-USDT and quantity >= 0.001 -> pulse, maker

strategy pulse = "logger:latest"

strategy maker = "market-making:latest" {
  trade_on = paper
  risk     = careful
  config { spread = 5bps, size = 0.01 }
}

risk careful { max_position = 1 }
"""

GOOD = """
test "dust never reaches the strategy" {
  at 0ms paper.trade { symbol = BTC-USDT, price = 60_000, quantity = 0.0001 }
  at 5ms paper.trade { symbol = BTC-USDT, price = 60_001, quantity = 0.1, side = buy }
  expect trades drops 1
  expect pulse receives 1 trade { price = 60_001 }
}
"""

SWITCHED = """
let live = env("LIVE", false)
provider second if live { adapter = fake, symbols = [BTC-USDT] }
route seconds via market = second.trade -> pulse
test "second gives" {
  at 0ms second.trade { price = 60_000, quantity = 1 }
  expect pulse receives 1 trade
}
test "second takes part" {
  at 0ms paper.trade { symbol = BTC-USDT, price = 60_000, quantity = 1 }
  expect pulse receives no trade { provider = second }
}
"""
REASON = "`second` is switched off by `if live` (quickstart.mel:30:20)"

WRONG = """
test "a price that never came" {
  at 5ms paper.trade { symbol = BTC-USDT, price = 60_001, quantity = 0.1, side = buy }
  expect pulse receives trade { price > 70_000, side = buy }
  expect pulse receives nothing
  expect maker orders 1 {
    side     = sell
    quantity = 0.02
  } by 10ms
  expect maker fills at least 1
  expect trades receives 1 trade
}

test "a file that is not there" {
  at 0ms paper.trade from "tapes/none.csv"
  expect pulse receives nothing
}
"""


def run(project, text: str, *words: str, **more: str):
    project.pipeline.write_text(text)
    return project.meltica("test", "quickstart.mel", *words, **more)


def timeless(text: str, project) -> str:
    """Without what differs from run to run."""
    return re.sub(r"\d+\.\d\ds|\d+ms\)", "TIME", text).replace(str(project.folder), "PROJECT")


def test_tests_that_pass_are_dots_and_exit_with_0(project):
    done = run(project, PIPELINE + GOOD)
    assert (done.returncode, done.stderr) == (0, "")
    assert timeless(done.stdout, project) == "quickstart.mel .\n1 passed in TIME\n"


def test_a_failure_shows_its_place_and_what_came_beside_what_was_expected(project, snapshot):
    done = run(project, PIPELINE + GOOD + WRONG)
    assert (done.returncode, done.stderr) == (1, "")
    assert timeless(done.stdout, project) == snapshot


def test_verbose_names_every_test_and_how_long_it_took(project):
    done = run(project, PIPELINE + GOOD + WRONG, "--verbose", "-k", "DUST")
    assert timeless(done.stdout, project) == (
        "quickstart.mel:\n  passed dust never reaches the strategy (TIME\n1 passed in TIME\n"
    )


def test_a_word_that_no_title_has_is_no_success(project):
    done = run(project, PIPELINE + GOOD, "-k", "dusk")
    assert done.returncode == 1
    assert "no test has 'dusk' in its title" in done.stderr


def test_a_file_without_tests_is_no_failure(project):
    done = run(project, PIPELINE)
    assert done.returncode == 0
    assert "quickstart.mel: no tests" in done.stderr


def test_a_file_that_does_not_compile_is_a_failure_and_the_others_still_run(project):
    project.pipeline.write_text(PIPELINE + GOOD)
    (project.folder / "bad.mel").write_text(PIPELINE + 'test "t" { expect pulse recieves nothing }')
    done = project.meltica("test", "bad.mel", "quickstart.mel")
    assert done.returncode == 1
    assert "error[E1001]" in done.stderr
    assert "did you mean `receives`?" in done.stderr
    assert "1 passed, 1 file not compiled" in done.stdout


def test_a_test_of_a_node_that_is_switched_off_is_skipped_and_says_why(project):
    text = PIPELINE + GOOD + SWITCHED
    done = run(project, text, "--junit", "report.xml")
    assert done.returncode == 0
    assert timeless(done.stdout, project) == (
        f"quickstart.mel .ss\nskipped 2: {REASON}\n1 passed, 2 skipped in TIME\n"
    )
    cases = ElementTree.parse(project.folder / "report.xml").getroot().findall("testsuite/testcase")
    assert [[child.get("message") for child in case] for case in cases] == [[], [REASON], [REASON]]
    assert ElementTree.parse(project.folder / "report.xml").getroot().get("skipped") == "2"
    assert timeless(run(project, text, "-v", "-k", "gives").stdout, project) == (
        f"quickstart.mel:\n  skipped second gives\n    {REASON}\n0 passed, 1 skipped in TIME\n"
    )
    told = json.loads(run(project, text, "--format", "json").stdout)
    assert (told["passed"], told["skipped"]) == (1, 2)
    assert [test.get("reason") for test in told["files"][0]["tests"]] == [None, REASON, REASON]


def test_a_test_of_a_node_that_is_switched_on_runs(project):
    done = run(project, PIPELINE + GOOD + SWITCHED, LIVE="true")
    assert (done.returncode, done.stderr) == (0, "")
    assert timeless(done.stdout, project) == "quickstart.mel ...\n3 passed in TIME\n"


def test_wrong_usage_exits_with_2(project):
    assert project.meltica("test", "quickstart.mel", "--limit", "0").returncode == 2


def test_junit_xml_holds_every_test_with_what_went_wrong(project):
    project.pipeline.write_text(PIPELINE + GOOD + WRONG)
    (project.folder / "bad.mel").write_text("pipeline")
    project.meltica("test", "quickstart.mel", "bad.mel", "--junit", "report.xml")
    root = ElementTree.parse(project.folder / "report.xml").getroot()
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors")) == (
        "testsuites",
        "4",
        "1",
        "2",
    )
    cases = root.findall("testsuite/testcase")
    assert [(case.get("name"), [child.tag for child in case]) for case in cases] == [
        ("dust never reaches the strategy", []),
        ("a price that never came", ["failure"]),
        ("a file that is not there", ["error"]),
        ("compiles", ["error"]),
    ]
    failure = cases[1].find("failure")
    assert failure.get("message").endswith("nothing like it came")
    assert "- price    > 70000" in failure.text
    assert cases[1].get("file") == "quickstart.mel"
    assert float(cases[1].get("time")) > 0


def test_json_tells_programs_the_same(project):
    done = run(project, PIPELINE + GOOD + WRONG, "--format", "json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["passed"], told["failed"], told["broken"]) == (1, 2, 0)
    good, wrong, missing = told["files"][0]["tests"]
    assert [test["outcome"] for test in (good, wrong, missing)] == ["passed", "failed", "failed"]
    assert [(p["kind"], p["line"], p["expected"], p["came"]) for p in wrong["problems"]] == [
        ("unmet", 31, "at least 1", 0),
        ("unmet", 32, "nothing", 1),
        ("unmet", 33, "1", 0),
        ("unmet", 37, "at least 1", 0),
    ]
    assert [problem["kind"] for problem in missing["problems"]] == ["could_not_run"]


def test_tests_need_no_secrets_and_no_database(project):
    pipeline = PIPELINE.replace("adapter = fake", "adapter = fake\n  seed    = 3")
    assert run(project, pipeline + GOOD, DATABASE_URL="postgresql://nobody@nowhere/none").returncode == 0
    assert not project.database.exists()


def test_a_test_is_no_part_of_what_runs(project):
    project.pipeline.write_text(PIPELINE)
    before = project.meltica("check", "quickstart.mel").stderr
    project.pipeline.write_text(PIPELINE + GOOD)
    assert re.findall(r"graph \w+", project.meltica("check", "quickstart.mel").stderr) == re.findall(
        r"graph \w+", before
    )
