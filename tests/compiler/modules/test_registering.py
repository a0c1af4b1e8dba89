import json
from pathlib import Path

import pytest

from meltica_compiler.modules.cache import ModuleCache
from meltica_compiler.modules.inspection import INSPECTOR_VERSION, ModuleFault
from meltica_compiler.modules.registering import build_registry, write_registry
from meltica_compiler.modules.registry import StrategyLibrary


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def module(name: str, tag: str) -> str:
    return (
        f"module.exports = {{ metadata: {{ name: '{name}', tag: '{tag}', events: [] }}, create() {{}} }};\n"
    )


def write(folder: Path, path: str, source: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(source)


def test_every_module_is_registered_under_its_own_tag(tmp_path):
    write(tmp_path, "maker.js", module("maker", "1.9.0"))
    write(tmp_path, "maker/1.10.0/maker.js", module("maker", "1.10.0"))
    assert write_registry(tmp_path) == ()
    registry = json.loads((tmp_path / "registry.json").read_text())
    tags = registry["maker"]["tags"]
    assert tags["latest"] == tags["1.10.0"] != tags["1.9.0"]
    assert registry["maker"]["hashes"][tags["1.9.0"]] == {"tag": "1.9.0", "path": "maker.js"}


def test_tags_set_by_hand_stay_while_their_file_is_there(tmp_path):
    write(tmp_path, "maker.js", module("maker", "1.0.0"))
    write_registry(tmp_path)
    registry = json.loads((tmp_path / "registry.json").read_text())
    registry["maker"]["tags"]["stable"] = registry["maker"]["tags"]["1.0.0"]
    (tmp_path / "registry.json").write_text(json.dumps(registry))
    write_registry(tmp_path)
    assert json.loads((tmp_path / "registry.json").read_text()) == registry
    write(tmp_path, "maker.js", module("maker", "2.0.0"))
    write_registry(tmp_path)
    assert json.loads((tmp_path / "registry.json").read_text())["maker"]["tags"].keys() == {"2.0.0", "latest"}


@pytest.mark.parametrize(
    ("path", "source", "message"),
    [
        ("maker.js", module("taker", "1"), "the file is called `maker`, its metadata says `taker`"),
        ("maker.js", module("maker", ""), "its metadata has no tag of its own"),
        ("maker.js", module("maker", "latest"), "its metadata has no tag of its own"),
        ("maker.js", "let x = ;", "SyntaxError: Unexpected token ';'"),
        ("maker/1/maker.js", module("maker", "3"), "`maker:3` is also in `other.js`"),
    ],
)
def test_a_module_at_fault_leaves_the_registry_as_it_was(tmp_path, path, source, message):
    if "also in" in message:
        write(tmp_path, "maker.js", module("maker", "3") + "// another\n")
        message = message.replace("other.js", "maker.js")
    write(tmp_path, path, source)
    faults = write_registry(tmp_path)
    assert message in " ".join(fault.message for fault in faults)
    assert not (tmp_path / "registry.json").exists()


def test_all_faults_come_at_once(tmp_path):
    write(tmp_path, "one.js", "let x = ;")
    write(tmp_path, "two.js", "go();")
    (tmp_path / "three.js").write_bytes(b"\xff")
    faults = build_registry(tmp_path, ModuleCache(None, INSPECTOR_VERSION))
    assert isinstance(faults, tuple)
    assert {Path(fault.path).name for fault in faults} == {"one.js", "two.js", "three.js"}
    assert all(isinstance(fault, ModuleFault) for fault in faults)


def test_an_empty_folder_has_an_empty_registry(tmp_path):
    assert write_registry(tmp_path) == ()
    assert (tmp_path / "registry.json").read_text() == "{}\n"
    assert StrategyLibrary(tmp_path, require_registry=True).names() == ()
