from hashlib import sha256
from pathlib import Path

import pytest

from meltica_compiler.modules.registry import Problem, ResolvedModule, ResolveFailure, StrategyLibrary
from meltica_compiler.modules.registry_file import Revision, StrategyEntry, render_registry
from meltica_dsl.diagnostics.codes.table import CODES
from meltica_dsl.model.pipeline import Selector
from meltica_dsl.text.source import Span

SOURCE = "module.exports = {};\n"
HASH = sha256(SOURCE.encode()).hexdigest()


def selector(text: str) -> Selector:
    name, _, rest = text.partition("@")
    name, _, tag = name.partition(":")
    return Selector(text, name, tag or None, rest.removeprefix("sha256:") or None, Span("p.mel", 0, 1))


def write(folder: Path, path: str, source: str = SOURCE) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(source)


def register(folder: Path, name: str, *revisions: Revision, latest: str) -> None:
    tags = {r.tag: r.sha256 for r in revisions}
    entry = StrategyEntry(tags | {"latest": tags[latest]}, {r.sha256: r for r in revisions})
    (folder / "registry.json").write_text(render_registry({name: entry}))


@pytest.fixture
def library(tmp_path: Path) -> StrategyLibrary:
    return StrategyLibrary(tmp_path, require_registry=False)


def resolved(library: StrategyLibrary, text: str) -> ResolvedModule:
    found = library.resolve(selector(text))
    assert isinstance(found, ResolvedModule), found
    return found


def refused(library: StrategyLibrary, text: str) -> ResolveFailure:
    found = library.resolve(selector(text))
    assert isinstance(found, ResolveFailure), found
    return found


@pytest.mark.parametrize("text", ["maker", "maker:latest", "maker:1.0.0", f"maker@sha256:{HASH}"])
def test_each_kind_of_selector_leads_to_the_registered_file(tmp_path, library, text):
    write(tmp_path, "anywhere/m.js")
    register(tmp_path, "maker", Revision(HASH, "1.0.0", "anywhere/m.js"), latest="1.0.0")
    expected = ResolvedModule("maker", "1.0.0", HASH, str(tmp_path / "anywhere/m.js"), SOURCE, True)
    assert resolved(library, text) == expected


@pytest.mark.parametrize(
    ("path", "text", "tag"),
    [
        ("maker.js", "maker", "latest"),
        ("maker.js", "maker:latest", "latest"),
        ("maker/2.0.0/maker.js", "maker:2.0.0", "2.0.0"),
        ("maker/latest/maker.js", "maker", "latest"),
        ("maker/2.0.0/maker.js", f"maker@sha256:{HASH}", "2.0.0"),
    ],
)
def test_without_an_entry_the_folder_convention_finds_the_file(tmp_path, library, path, text, tag):
    write(tmp_path, path)
    found = resolved(library, text)
    assert (found.path, found.tag, found.registered) == (str(tmp_path / path), tag, False)


def test_a_registry_that_is_demanded_excludes_loose_files(tmp_path):
    write(tmp_path, "maker.js")
    failure = refused(StrategyLibrary(tmp_path, require_registry=True), "maker")
    assert failure.problem is Problem.UNREGISTERED
    assert "meltica strategies --write-registry" in failure.help[0]


def test_an_unknown_strategy_gets_the_nearest_name(tmp_path, library):
    write(tmp_path, "market-making.js")
    failure = refused(library, "market_makng:latest")
    assert failure.problem is Problem.UNKNOWN_STRATEGY
    assert failure.help == ("did you mean `market-making`?",)


def test_an_unknown_strategy_without_a_near_name_gets_all_names(tmp_path, library):
    write(tmp_path, "grid.js")
    write(tmp_path, "noop/1/noop.js")
    failure = refused(library, "arbitrage")
    assert failure.notes == ("the strategies there are `grid`, `noop`",)


def test_a_folder_that_does_not_exist_is_said_to_be_missing(tmp_path):
    failure = refused(StrategyLibrary(tmp_path / "none", require_registry=False), "grid")
    assert failure.problem is Problem.UNKNOWN_STRATEGY
    assert "the folder does not exist" in failure.help[0]


def test_an_unknown_tag_gets_the_known_ones(tmp_path, library):
    write(tmp_path, "maker.js")
    register(tmp_path, "maker", Revision(HASH, "1.0.0", "maker.js"), latest="1.0.0")
    failure = refused(library, "maker:1.0.1")
    assert failure.problem is Problem.UNKNOWN_TAG
    assert failure.notes == ("`maker` has the tags `1.0.0`, `latest`",)
    assert failure.help == ("did you mean `maker:1.0.0`?",)


def test_a_name_without_a_latest_tag_asks_for_a_tag(tmp_path, library):
    write(tmp_path, "maker/1.0.0/maker.js")
    failure = refused(library, "maker")
    assert failure.problem is Problem.UNKNOWN_TAG
    assert failure.notes == ("`maker` has the tags `1.0.0`",)


def test_an_unknown_hash_is_refused(tmp_path, library):
    write(tmp_path, "maker.js")
    failure = refused(library, "maker@sha256:" + "0" * 64)
    assert failure.problem is Problem.UNKNOWN_HASH


@pytest.mark.parametrize("text", ["maker", "maker:1.0.0", f"maker@sha256:{HASH}"])
def test_a_file_that_changed_since_it_was_registered_is_refused(tmp_path, library, text):
    write(tmp_path, "maker.js", SOURCE + "// a late idea\n")
    register(tmp_path, "maker", Revision(HASH, "1.0.0", "maker.js"), latest="1.0.0")
    failure = refused(library, text)
    assert failure.problem is Problem.CHANGED_FILE
    assert failure.notes[0] == f"registered: sha256:{HASH}"


def test_a_registered_file_that_is_missing_is_named(tmp_path, library):
    register(tmp_path, "maker", Revision(HASH, "1.0.0", "gone.js"), latest="1.0.0")
    failure = refused(library, "maker")
    assert failure.problem is Problem.UNREADABLE_FILE
    assert failure.message == f"cannot read `{tmp_path}/gone.js`: no such file or directory"


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"\xff\xfe\x00", "is not UTF-8 text"), (b"/" * ((1 << 20) + 1), "is larger than 1 MiB")],
)
def test_files_that_are_no_modules_are_refused(tmp_path, library, content, told):
    (tmp_path / "maker.js").write_bytes(content)
    failure = refused(library, "maker")
    assert failure.problem is Problem.UNREADABLE_FILE
    assert told in failure.message


def test_a_folder_in_place_of_a_file_is_refused(tmp_path, library):
    (tmp_path / "maker.js").mkdir()
    assert refused(library, "maker").problem is Problem.UNREADABLE_FILE


@pytest.mark.parametrize("path", ["../secret.js", "/etc/passwd"])
def test_a_registered_path_cannot_leave_the_folder(tmp_path, path):
    folder = tmp_path / "strategies"
    folder.mkdir()
    write(tmp_path, "secret.js")
    register(folder, "maker", Revision(HASH, "1.0.0", path), latest="1.0.0")
    failure = refused(StrategyLibrary(folder, require_registry=False), "maker")
    assert failure.problem is Problem.UNREADABLE_FILE
    assert "outside the strategies folder" in failure.message


def test_a_link_cannot_leave_the_folder(tmp_path):
    folder = tmp_path / "strategies"
    folder.mkdir()
    write(tmp_path, "secret.js")
    (folder / "maker.js").symlink_to(tmp_path / "secret.js")
    failure = refused(StrategyLibrary(folder, require_registry=False), "maker")
    assert "outside the strategies folder" in failure.message


@pytest.mark.parametrize("name", ["../secret", "..", "/etc/passwd", "a/b", "*", ""])
def test_a_name_that_is_no_name_leads_nowhere(tmp_path, name):
    write(tmp_path, "secret.js")
    folder = tmp_path / "strategies"
    folder.mkdir()
    write(folder, "maker.js")
    failure = refused(StrategyLibrary(folder, require_registry=False), name)
    assert failure.problem is Problem.UNKNOWN_STRATEGY


def test_a_broken_registry_is_shown_with_its_line(tmp_path, library):
    (tmp_path / "registry.json").write_text('{\n  "maker": {\n    "tags": {},\n  }\n}\n')
    failure = refused(library, "maker")
    assert failure.problem is Problem.BROKEN_REGISTRY
    assert failure.notes[0].startswith(f"at {tmp_path}/registry.json:4:")


def test_a_registry_that_is_not_text_is_broken(tmp_path, library):
    (tmp_path / "registry.json").write_bytes(b"{}\n\xff")
    failure = refused(library, "maker")
    assert failure.message == "the strategy registry is broken: it is not UTF-8 text"
    assert failure.notes == (f"at {tmp_path}/registry.json:2:1",)


def test_names_are_those_that_a_selector_can_begin_with(tmp_path):
    write(tmp_path, "loose.js")
    write(tmp_path, "tagged/1/tagged.js")
    write(tmp_path, "tagged/1/another.js")
    register(tmp_path, "maker", Revision(HASH, "1", "maker.js"), latest="1")
    assert StrategyLibrary(tmp_path, require_registry=False).names() == ("loose", "maker", "tagged")
    assert StrategyLibrary(tmp_path, require_registry=True).names() == ("maker",)


def test_every_problem_has_an_explanation():
    assert {problem.value for problem in Problem} <= CODES.keys()


def test_a_shipped_strategy_that_the_project_lacks_is_told_of(tmp_path: Path) -> None:
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    write(own, "loop.js")
    write(shipped, "noop.js")
    failure = StrategyLibrary(own, require_registry=False, shipped=shipped).resolve(selector("noop"))
    assert isinstance(failure, ResolveFailure)
    assert failure.help == (f"copy it: `cp {shipped / 'noop.js'} {own}`",)
