import subprocess
import sys
from decimal import Decimal

import pytest

from meltica_compiler.modules.cache import ModuleCache
from meltica_compiler.modules.inspection import INSPECTOR_VERSION, FaultStage, ModuleFault, inspect
from meltica_compiler.modules.metadata import ConfigField, ConfigType, ModuleMetadata

NO_CACHE = ModuleCache(None, INSPECTOR_VERSION)

MODULE = """
const size = 0.5;
module.exports = {
  metadata: {
    name: "maker", tag: "1.0.0", displayName: "Maker", description: "Makes.",
    config: [
      { name: "spread", type: "float", description: "how wide", default: size / 1000, required: false },
      { name: "wait", type: "duration", default: "1m30s" },
      { name: "symbol", type: "symbol", required: true },
    ],
    events: ["Trade", "BookSnapshot"],
  },
  create(env) { throw new Error("not while it is inspected"); },
};
"""


def fault(source: str) -> ModuleFault:
    found = inspect(source, "maker.js", NO_CACHE)
    assert isinstance(found, ModuleFault), found
    return found


def test_it_reads_the_metadata_without_creating_the_strategy():
    assert inspect(MODULE, "maker.js", NO_CACHE) == ModuleMetadata(
        name="maker",
        tag="1.0.0",
        display_name="Maker",
        description="Makes.",
        config=(
            ConfigField("spread", ConfigType.FLOAT, "how wide", Decimal("0.0005"), required=False),
            ConfigField("wait", ConfigType.DURATION, "", "1m30s", required=False),
            ConfigField("symbol", ConfigType.SYMBOL, "", None, required=True),
        ),
        events=("trade", "book"),
    )


@pytest.mark.parametrize(
    ("source", "message", "place"),
    [
        ("let x = ;", "SyntaxError: Unexpected token ';'", (1, 9)),
        ("\n\n  let y = 3 4;", "SyntaxError: Unexpected number", (3, 13)),
        ("if (true) {\n  go();\n", "SyntaxError: unexpected end of the module", (3, 1)),
        ("import x from 'y';", "SyntaxError: Cannot use import statement outside a module", (1, 1)),
        ("const a = `open", "SyntaxError: Unterminated template literal", (2, 3)),
    ],
)
def test_a_syntax_error_has_its_line_and_column(source, message, place):
    found = fault(source)
    assert found.stage is FaultStage.COMPILE
    assert (found.path, found.line) == ("maker.js", min(place[0], source.count("\n") + 1))
    if found.message == message:
        assert found.column == place[1]
    else:
        assert found.message == "SyntaxError: unexpected end of the module"


@pytest.mark.parametrize(
    ("source", "message", "place"),
    [
        ("\n  go();", "ReferenceError: go is not defined", (2, 3)),
        ("const f = () => { throw new TypeError('no'); };\nf();", "TypeError: no", (1, 25)),
        ("\n throw 5", "5", (2, 2)),
        ("module.exports = { get metadata() { throw new Error('x') } }", "Error: x", (1, 43)),
        ("(function f() { f(); })()", "RangeError: Maximum call stack size exceeded", (1, 12)),
    ],
)
def test_a_module_that_throws_has_the_place_of_the_throw(source, message, place):
    found = fault(source)
    assert (found.stage, found.message) == (FaultStage.EXECUTE, message)
    assert (found.line, found.column) == place


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("const fs = require('fs')", "all that a strategy may use is in `env`"),
        ("fetch('https://x')", "no timers and no I/O"),
        ("setTimeout(() => 0, 1)", "no timers and no I/O"),
        ("export default {}", "`module.exports = { metadata, create }`"),
        ("env.helpers.log(1)", "`env` is the argument of `create(env)`"),
    ],
)
def test_habits_from_elsewhere_get_a_hint(source, hint):
    assert hint in fault(source).hint


def test_a_module_that_never_ends_is_stopped():
    assert fault("for (;;);").message == "the module takes more than 2 s to load"


def test_a_module_that_eats_memory_is_stopped():
    hungry = "const a = []; for (;;) a.push(new Array(1e5).fill(1.5));"
    assert fault(hungry).message == "the module takes more than 128 MiB to load"


def test_metadata_that_is_data_is_refused():
    source = "module.exports = { metadata: { description: 'x'.repeat(300000) }, create() {} }"
    assert fault(source).message == "the module's metadata is larger than 256 KiB"


def test_a_module_that_breaks_json_hurts_only_itself():
    assert fault("JSON.stringify = () => 'broken';").message == "the module's metadata cannot be read"


def test_metadata_that_contains_itself_is_refused():
    found = fault("const m = {}; m.m = m; module.exports = { metadata: m, create() {} };")
    assert found.message.startswith("TypeError: Converting circular structure")


@pytest.mark.parametrize(
    ("change", "message", "line"),
    [
        (('"Trade"', '"Trad"'), "`metadata.events` names `Trad`, which is no event", 11),
        (("create(env)", "start(env)"), "the module exports no `create`", 3),
        (('"1m30s"', '"soon"'), "config `wait`: the default 'soon' is not a duration", 8),
    ],
)
def test_a_fault_in_the_metadata_is_found_in_the_source(change, message, line):
    found = fault(MODULE.replace(*change))
    assert found.stage is FaultStage.VALIDATE
    assert found.message.startswith(message)
    assert found.line == line


def test_what_is_cached_is_answered_without_v8(tmp_path):
    cache = ModuleCache(tmp_path, INSPECTOR_VERSION)
    first = inspect(MODULE, "maker.js", cache)
    program = (
        "import sys; from pathlib import Path\n"
        "from meltica_compiler.modules.inspection import INSPECTOR_VERSION, inspect\n"
        "from meltica_compiler.modules.cache import ModuleCache\n"
        f"found = inspect({MODULE!r}, 'maker.js', ModuleCache(Path({str(tmp_path)!r}), INSPECTOR_VERSION))\n"
        "print('py_mini_racer' in sys.modules, found)"
    )
    second = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert second.stdout.strip() == f"False {first}"


def test_rubble_in_the_cache_is_inspected_anew_and_replaced(tmp_path):
    cache = ModuleCache(tmp_path, INSPECTOR_VERSION)
    first = inspect(MODULE, "maker.js", cache)
    [entry] = tmp_path.iterdir()
    whole = entry.read_bytes()
    for rubble in (b"", b"{", b"[]", whole[:40], whole.replace(b'\\"exports\\"', b'\\"imports\\"')):
        entry.write_bytes(rubble)
        assert inspect(MODULE, "maker.js", cache) == first
        assert entry.read_bytes() == whole


def test_the_users_cache_directory_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    inspect(MODULE, "maker.js")
    assert [path.suffix for path in (tmp_path / "meltica" / "modules").iterdir()] == [".json"]
