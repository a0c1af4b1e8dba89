"""Every wrong thing that a user can type ends in one clear message and the right exit code."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

GOOD, USER, USAGE, ENVIRONMENT = 0, 1, 2, 3


@dataclass(frozen=True)
class Case:
    """`words` after `meltica`, in a folder with the quickstart that `prepare` may change."""

    words: str
    code: int
    says: str
    prepare: Callable[[Path], object] = lambda _: None
    env: tuple[tuple[str, str], ...] = ()


def holds(name: str, content: str | bytes) -> Callable[[Path], object]:
    data = content if isinstance(content, bytes) else content.encode()

    def write(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)

    return write


def changed(old: str, new: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        text = (folder / "quickstart.mel").read_text()
        assert old in text
        (folder / "quickstart.mel").write_text(text.replace(old, new))

    return change


def config(text: str) -> Callable[[Path], object]:
    return holds("config/app.yaml", text)


NOWHERE = (("DATABASE_URL", "postgresql://me:hunter2@127.0.0.1:1/x"),)

CASES = {
    # files
    "a file that is not there": Case("check nope.mel", USER, "cannot read `nope.mel`: there is no such file"),
    "a folder": Case("check .", USER, "cannot read `.`: this is a folder"),
    "an empty file": Case("check a.mel", USER, "declares no pipeline", holds("a.mel", "")),
    "a binary file": Case("check a.mel", USER, "binary file", holds("a.mel", b"\x7fELF\0\0\1\2")),
    "a file that is not UTF-8": Case("check a.mel", USER, "E0902", holds("a.mel", b"# caf\xe9\n")),
    "a folder to format": Case("fmt .", USER, "this is a folder"),
    "a folder to run": Case("run .", USER, "this is a folder"),
    "a folder to draw": Case("graph config", USER, "this is a folder"),
    "a missing file to compile": Case("compile nope.mel", USER, "there is no such file"),
    # pipelines
    "a key that is unknown": Case(
        "check quickstart.mel", USER, "did you mean `seed`?", changed("seed    =", "sead    =")
    ),
    "a wrong unit": Case("check quickstart.mel", USER, "did you mean `60s`?", changed("60s", "60sec")),
    "a missing unit": Case("check quickstart.mel", USER, "write `60s`", changed("60s", "60")),
    "a missing strategy": Case(
        "run quickstart.mel", USER, "E0501", changed("market-making:latest", "market-makin:latest")
    ),
    "a missing tag": Case("run quickstart.mel", USER, "E0502", changed("logger:latest", "logger:9.9.9")),
    "an unknown adapter": Case(
        "run quickstart.mel", USER, "E0401", changed("adapter = fake", "adapter = fale")
    ),
    "an unknown field": Case(
        "run quickstart.mel", USER, "did you mean `quantity`?", changed("quantity >=", "quantty >=")
    ),
    "a word that begins nothing": Case(
        "run a.mel", USER, "E0108", holds("a.mel", "pipeline a\nfrobnicate x {}")
    ),
    "a file that ends too early": Case("run a.mel", USER, "E0102", holds("a.mel", "pipeline a {")),
    "files that import each other": Case(
        "check a.mel", USER, "imports itself", holds("a.mel", 'pipeline a\nimport "a.mel"\n')
    ),
    # config
    "a config that does not parse": Case(
        "run quickstart.mel", USER, "the config is no YAML", config("apiServer: [\n")
    ),
    "a binary config": Case("run quickstart.mel", USER, "app.yaml", config("\0\1\2")),
    "a config with a wrong key": Case(
        "run quickstart.mel", USER, "did you mean `addr`?", config("apiServer:\n  adr: 127.0.0.1:0\n")
    ),
    "a config with a wrong value": Case(
        "run quickstart.mel", USER, "an address is `host:port`", config("apiServer:\n  addr: localhost\n")
    ),
    "a config that is a list": Case("run quickstart.mel", USER, "app.yaml", config("- a\n- b\n")),
    "a config that is not there": Case("run quickstart.mel --config no.yaml", USER, "no.yaml"),
    "a config in the environment that is not there": Case(
        "check quickstart.mel", USER, "gone.yaml", env=(("MELTICA_CONFIG_PATH", "gone.yaml"),)
    ),
    "a database address that means nothing": Case(
        "run quickstart.mel", USER, "DATABASE_URL", env=(("DATABASE_URL", "mysql://x"),)
    ),
    # the environment
    "a database that is not there": Case("run quickstart.mel", ENVIRONMENT, "127.0.0.1:1", env=NOWHERE),
    "a database to migrate that is not there": Case("migrate up", ENVIRONMENT, "127.0.0.1:1", env=NOWHERE),
    "an address of another machine": Case(
        "run quickstart.mel", ENVIRONMENT, "apiServer.addr", config("apiServer:\n  addr: 192.0.2.1:80\n")
    ),
    "a drawing in a folder that is not there": Case(
        "graph quickstart.mel -o no/q.svg", ENVIRONMENT, "cannot write no/q.svg"
    ),
    "a registry in a folder that is not there": Case(
        "strategies --write-registry",
        ENVIRONMENT,
        "cannot write the registry",
        config("strategies:\n  directory: nowhere\n"),
    ),
    # usage
    "a drawing of no kind": Case("graph quickstart.mel -o q.jpeg", USAGE, ".svg"),
    "a drawing into a folder": Case("graph quickstart.mel -o config", USAGE, "config"),
    "an unknown command": Case("chek quickstart.mel", USAGE, "Did you mean `check`?"),
    "an unknown option": Case("check --colour never quickstart.mel", USAGE, "--color"),
    "no file, and several pipelines": Case(
        "check", USAGE, "there are 2 pipelines", holds("other.mel", "pipeline other")
    ),
    "a part that is not there": Case("compile --emit kernel quickstart.mel", USAGE, "kernels"),
    "a time without unit": Case("run quickstart.mel --for 30", USAGE, "write `30s`"),
    "no events": Case("run quickstart.mel --events 0", USAGE, "--events"),
    "an end of a market without one": Case(
        "run quickstart.mel --to-end", USER, "provider `paper` of adapter"
    ),
    "no number": Case("run quickstart.mel --seed x", USAGE, "--seed"),
    "a direction that is none": Case("migrate sideways", USAGE, "status"),
    "an unknown code": Case("explain E9999", USER, "there is no error code `E9999`"),
}


@pytest.fixture
def folder(tmp_path):
    root = Path(__file__).parents[2]
    holds("quickstart.mel", (root / "pipelines" / "quickstart.mel").read_bytes())(tmp_path)
    config("apiServer:\n  addr: 127.0.0.1:0\n")(tmp_path)
    return tmp_path


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_is_told_in_one_clear_message(case, folder, project_in):
    project = project_in(folder)
    case.prepare(folder)
    command, *words = case.words.split()
    call = project.process if command == "run" else project.meltica
    result = call(command, *words, **dict(case.env))
    said = result.stdout + result.stderr
    assert "Traceback" not in said, said
    assert result.returncode == case.code, said
    assert case.says in said, said
    assert sum(line.lower().startswith("error") for line in said.splitlines()) == 1, said
    assert "hunter2" not in said
    assert project.processes() == []


def test_a_file_that_may_not_be_read(folder, project_in):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (folder / "quickstart.mel").chmod(0)
    result = project_in(folder).meltica("check", "quickstart.mel")
    assert result.returncode == USER
    assert "cannot read `quickstart.mel`" in result.stderr


def test_a_file_that_may_not_be_written(folder, project_in):
    if os.geteuid() == 0:
        pytest.skip("root may write everything")
    changed("seed    =", "seed =")(folder)
    (folder / "quickstart.mel").chmod(0o444)
    result = project_in(folder).meltica("fmt", "quickstart.mel")
    assert result.returncode == ENVIRONMENT
    assert "cannot write quickstart.mel" in result.stderr


def test_a_port_that_is_taken(folder, project_in):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config(f"apiServer:\n  addr: 127.0.0.1:{port}\n")(folder)
        result = project_in(folder).process("run", "quickstart.mel")
    assert result.returncode == ENVIRONMENT
    assert "something else listens on the control API's address" in result.stderr
    assert f"127.0.0.1:{port}" in result.stderr
    assert "Traceback" not in result.stderr


def test_all_mistakes_come_in_one_run(folder, project_in):
    changed("60s", "60sec")(folder)
    changed("quantity >=", "quantty >=")(folder)
    changed("logger:latest", "loger:latest")(folder)
    result = project_in(folder).meltica("check", "quickstart.mel")
    assert result.returncode == USER
    assert [line[6:11] for line in result.stderr.splitlines() if line.startswith("error[")] == [
        "E0204",
        "E0106",
        "E0501",
    ]
