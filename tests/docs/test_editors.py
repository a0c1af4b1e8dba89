"""What is there for editors: the colours are those of the language, and the client starts the server."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
from py_mini_racer import MiniRacer

from meltica_dsl.parse.literals import DURATION_UNITS, SIZE_UNITS
from meltica_dsl.parse.tables import GRAMMAR_PATH

ROOT = Path(__file__).parents[2]
VSCODE = ROOT / "docs" / "editors" / "vscode"


@pytest.fixture(scope="module")
def textmate():
    spec = importlib.util.spec_from_file_location("textmate", Path(__file__).with_name("textmate.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules["textmate"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def patterns():
    return json.loads((VSCODE / "syntaxes" / "meltica.tmLanguage.json").read_text("utf-8"))["patterns"]


def scopes(patterns, line):
    """The scope of each piece of a line that has one, as an editor finds them: at each place the pattern that
    matches first, the earlier one where several do."""
    found, at = {}, 0
    while at < len(line):
        matches = [
            (p, m) for p in patterns if (m := re.compile(p.get("match") or p["begin"]).search(line, at))
        ]
        if not matches:
            break
        pattern, match = min(matches, key=lambda pair: pair[1].start())
        if "begin" in pattern:
            match = re.compile('"[^"]*("|$)').match(line, match.start())
        for group, scope in pattern.get("captures", {}).items():
            if match[int(group)] is not None:
                found[match[int(group)]] = scope["name"].removesuffix(".meltica")
        if "name" in pattern:
            found[match[0]] = pattern["name"].removesuffix(".meltica")
        at = max(match.end(), at + 1)
    return found


def test_the_colours_are_made_of_the_language_as_it_is(textmate):
    assert textmate.GRAMMAR.read_text("utf-8") == textmate.rendered(), "`make docs` writes it anew"


def test_every_keyword_and_unit_of_the_language_has_a_colour(patterns):
    text = "".join(p["match"] for p in patterns if "match" in p)
    for keyword in set(re.findall(r'"([a-z]+)"', GRAMMAR_PATH.read_text("utf-8"))):
        assert re.search(rf"(?<![a-z]){keyword}(?![a-z])", text), keyword
    for unit in (*DURATION_UNITS, *SIZE_UNITS, "bps", "%"):
        assert scopes(patterns, f"a = 5{unit}")[unit] == "keyword.other.unit"


LINES = {
    "provider binance {  # one": {
        "provider": "keyword.declaration",
        "binance": "entity.name.type",
        "# one": "comment.line.number-sign",
    },
    "  symbols = [BTC-USDT]": {"symbols": "variable.other.property", "BTC-USDT": "constant.other.symbol"},
    "route trades via market =": {
        "route": "keyword.declaration",
        "trades": "entity.name.type",
        "via": "keyword.other",
    },
    "    binance.trade, okx.book": {"trade": "support.type.event", "book": "support.type.event"},
    "  | where side == buy and price >= 1_000": {
        "|": "keyword.operator",
        "where": "keyword.control.stage",
        "side": "variable.language.field",
        "==": "keyword.operator",
        "buy": "constant.language",
        "and": "keyword.operator.word",
        "1_000": "constant.numeric",
    },
    "  | dedupe within 1m30s": {
        "dedupe": "keyword.control.stage",
        "within": "keyword.other",
        "1m30": "constant.numeric",
        "s": "keyword.other.unit",
    },
    "  rate = 20_000/s": {"20_000": "constant.numeric", "/s": "keyword.other.unit"},
    '  key = secret("KEY")': {"secret": "support.function", '"KEY"': "string.quoted.double"},
    "  every = 5 - 2": {"every": "variable.other.property", "-": "keyword.operator"},
    "  kill_switch { after = 5 }": {"kill_switch": "variable.other.property"},
    'test "# no comment" {': {"test": "keyword.declaration", '"# no comment"': "string.quoted.double"},
    "  expect maker receives nothing": {"expect": "keyword.other"},
    "stage big(min) = where quantity >= min": {"where": "keyword.control.stage"},
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_coloured(patterns, line):
    assert scopes(patterns, line).items() >= LINES[line].items()


def test_the_extension_names_files_that_are_there():
    package = json.loads((VSCODE / "package.json").read_text("utf-8"))
    (language,), (grammar,) = package["contributes"]["languages"], package["contributes"]["grammars"]
    for path in (package["main"], language["configuration"], grammar["path"]):
        assert (VSCODE / path).is_file()
    assert grammar["language"] == language["id"]
    assert list(package["dependencies"]) == ["vscode-languageclient"]
    configuration = json.loads((VSCODE / language["configuration"]).read_text("utf-8"))
    assert configuration["comments"]["lineComment"] == "#"
    for rule in (configuration["wordPattern"], *configuration["indentationRules"].values()):
        re.compile(rule)


STUBS = """
const started = [];
const modules = {
  path: { join: (...parts) => parts.join("/").replace("/./", "/") },
  vscode: {
    commands: { registerCommand: (name, f) => { started.push(name); return f; } },
    window: { showErrorMessage: (text) => started.push(text) },
    workspace: {
      getConfiguration: () => ({ get: (key) => SETTINGS[key] }),
      workspaceFolders: [{ uri: { fsPath: "/project" } }],
      createFileSystemWatcher: () => null,
      onDidChangeConfiguration: () => null,
    },
  },
  "vscode-languageclient/node": {
    LanguageClient: class {
      constructor(id, name, server, client) { this.server = server; this.selector = client.documentSelector; }
      start() {
        if (this.server.command === "missing") throw new Error("ENOENT");
        started.push(this.server, this.selector);
      }
    },
  },
};
const module = { exports: {} };
((require, module) => { SOURCE })((name) => modules[name], module);
module.exports.activate({ subscriptions: [] });
JSON.stringify(started);
"""


def activated(settings):
    source = (VSCODE / "extension.js").read_text("utf-8")
    text = STUBS.replace("SOURCE", source).replace("SETTINGS", f"({json.dumps(settings)})")
    return json.loads(MiniRacer().eval(text))


def test_the_extension_starts_the_server():
    command, server, selector = activated({})
    assert command == "meltica.restart"
    assert server == {"command": "meltica", "args": ["lsp"], "options": {"cwd": "/project"}}
    assert selector == [{"language": "meltica"}]


def test_the_extension_starts_the_server_that_the_settings_name():
    _, server, _ = activated({"path": "./.venv/bin/meltica", "config": "live.yaml"})
    assert server["command"] == "/project/.venv/bin/meltica"
    assert server["args"] == ["lsp", "--config", "live.yaml"]


def test_the_extension_says_what_helps_when_there_is_no_server():
    _, said = activated({"path": "missing"})
    assert "cannot start `missing lsp`: ENOENT. Install meltica, or set meltica.path." in said


def test_the_settings_of_helix_are_sound():
    page = (ROOT / "docs" / "editors" / "README.md").read_text("utf-8")
    settings = tomllib.loads(re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1])
    assert settings["language-server"]["meltica"] == {"command": "meltica", "args": ["lsp"]}
