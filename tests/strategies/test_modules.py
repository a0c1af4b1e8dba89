"""What holds for every strategy that we ship."""

import json
import re
from pathlib import Path

import pytest

from meltica_compiler.modules.cache import ModuleCache
from meltica_compiler.modules.inspection import INSPECTOR_VERSION, ModuleFault, inspect
from meltica_compiler.modules.metadata import ConfigType
from meltica_compiler.modules.registering import build_registry
from meltica_compiler.modules.registry_file import parse_registry, render_registry
from meltica_dsl.model.fields import EVENT_BY_NAME

STRATEGIES = Path(__file__).parents[2] / "strategies"
NO_CACHE = ModuleCache(None, INSPECTOR_VERSION)
NAMES = (
    "arbitrage-monitor",
    "grid",
    "logger",
    "market-making",
    "mean-reversion",
    "momentum",
    "noop",
    "spread-alert",
)


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def described(name):
    found = inspect((STRATEGIES / f"{name}.js").read_text("utf-8"), f"{name}.js", NO_CACHE)
    assert not isinstance(found, ModuleFault), found
    return found


def test_the_folder_holds_these_strategies_and_no_others():
    assert tuple(sorted(path.stem for path in STRATEGIES.glob("*.js"))) == NAMES


def test_the_registry_is_that_of_the_files():
    committed = (STRATEGIES / "registry.json").read_text("utf-8")
    assert render_registry(build_registry(STRATEGIES, NO_CACHE)) == committed, (
        "write it anew: meltica strategies --write-registry"
    )
    assert parse_registry(committed).keys() == set(NAMES)


def test_each_says_what_it_is(name):
    metadata = described(name)
    assert metadata.name == name
    assert metadata.description
    assert all(field.description for field in metadata.config)


def test_each_begins_with_a_comment_that_tells_when_it_loses_money(name):
    comment = (STRATEGIES / f"{name}.js").read_text("utf-8").split("*/")[0]
    assert comment.startswith(f"/**\n * {name}: ")
    assert re.search(r"loses? money", comment)


def test_each_handles_the_events_that_it_names(name, stage):
    metadata = described(name)
    strategy = stage(name, size=1)
    for event in metadata.events:
        handler = EVENT_BY_NAME[event].handler
        assert strategy.racer.eval(f"typeof world.handlers.{handler}") == "function", handler


def test_a_default_in_the_metadata_is_what_the_code_does_without_it(name, stage):
    metadata = described(name)
    defaults = {field.name: field.default for field in metadata.config if field.default is not None}
    explicit = json.loads(json.dumps(defaults, default=float))
    sparse, whole = stage(name, size=0.5), stage(name, **{**explicit, "size": 0.5})
    script = [(i * 400, f"{100 + (i * i % 7) / 10 + (i > 1500) * (i % 90) / 20:.2f}") for i in range(2000)]
    assert sparse.trades(script) == whole.trades(script)


def test_each_refuses_a_size_that_is_none(name, stage):
    sized = any(field.name == "size" for field in described(name).config)
    if not sized:
        pytest.skip("it trades nothing")
    with pytest.raises(Exception, match="config size: a quantity above 0"):
        stage(name, size=0)


def test_durations_are_texts(name):
    durations = [field for field in described(name).config if field.type is ConfigType.DURATION]
    assert all(isinstance(field.default, str) for field in durations)
