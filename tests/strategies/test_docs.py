"""`docs/strategies.md` says what is so: its tables are those of the code, its snippets run."""

import re
from pathlib import Path

import pytest

from meltica_compiler.modules import inspection as module_inspection
from meltica_compiler.modules import registry
from meltica_compiler.modules.cache import ModuleCache
from meltica_compiler.modules.inspection import INSPECTOR_VERSION, inspect
from meltica_compiler.modules.metadata import ConfigType, ModuleMetadata
from meltica_dsl.diagnostics.diagnostic import has_errors
from meltica_dsl.load import load
from meltica_dsl.model.fields import EVENTS, EXECUTION_HANDLERS, SIDES, EventType, Field, FieldType

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "strategies.md").read_text("utf-8")
NO_CACHE = ModuleCache(None, INSPECTOR_VERSION)

ON_THE_EVENT = {"seq", "ingest", "venue_seq", "provider"}
"""Fields that JavaScript finds on `evt`, not on `payload`."""

IN_JAVASCRIPT = {
    FieldType.PRICE: "decimal string",
    FieldType.QUANTITY: "decimal string",
    FieldType.DECIMAL: "decimal string",
    FieldType.TIME: "milliseconds",
    FieldType.IDENTIFIER: "string",
    FieldType.TEXT: "string",
    FieldType.SYMBOL: "string",
    FieldType.SIDE: ", ".join(f'`"{side}"`' for side in SIDES),
    FieldType.LEVELS: "`[{ price, quantity }]`",
    FieldType.COUNT: "number",
    FieldType.BOOL: "boolean",
}


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOC, re.DOTALL)


def payload_fields(event: EventType) -> list[Field]:
    hidden = ON_THE_EVENT | ({"symbol"} if event.hot else set())
    return [field for field in event.fields if field.name not in hidden]


def payload_table(event: EventType) -> str:
    prefix = "instrument." if event.name == "instrument" else ""
    rows = [
        f"| `{prefix}{field.api_name}` | {IN_JAVASCRIPT[field.type]} | {field.doc} |"
        for field in payload_fields(event)
    ]
    head = f"### {event.metadata_name}\n\n{event.doc}\n\n| payload | is | meaning |\n|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def handler_table() -> str:
    rows = []
    for event in EVENTS:
        if event.name == "execution":
            rows += [f"| `{event.metadata_name}` | `{h}` | {s} |" for s, h in EXECUTION_HANDLERS.items()]
        else:
            rows.append(f"| `{event.metadata_name}` | `{event.handler}` | |")
    return "| event | handler | when the order is |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def config_table(name: str) -> str:
    metadata = inspect((ROOT / "strategies" / f"{name}.js").read_text("utf-8"), name, NO_CACHE)
    assert isinstance(metadata, ModuleMetadata)
    rows = [
        f"| `{f.name}` | {f.type.value} | {_default(f.default, f.required)} | {f.description} |"
        for f in metadata.config
    ]
    head = f"### {name}\n\n{metadata.description}\n"
    if not rows:
        return head
    return head + "\n| key | type | default | meaning |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def _default(value: object, required: bool) -> str:
    if required:
        return "required"
    if value is None:
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_the_payload_tables_are_those_of_the_field_table(event):
    assert payload_table(event) in DOC


def test_the_handlers_are_those_of_the_field_table():
    assert handler_table() in DOC


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "strategies").glob("*.js")))
def test_the_config_tables_are_those_of_the_modules(name):
    assert config_table(name) in DOC


def test_every_config_type_is_explained():
    assert all(f"| `{type_.value}` |" in DOC for type_ in ConfigType)


def test_the_limits_are_those_of_the_code():
    assert f"{registry.MAX_MODULE_BYTES >> 20} MiB of source" in DOC
    assert f"{module_inspection.EVALUATION_LIMIT_SECONDS:g} s and" in DOC
    assert f"{module_inspection.MEMORY_LIMIT_BYTES >> 20} MiB to load" in DOC
    assert f"{module_inspection.MAX_METADATA_CHARS >> 10} KiB of metadata" in DOC


def test_the_complete_strategy_buys_the_dip_that_it_describes(stage):
    [source] = [snippet for snippet in snippets("js") if "module.exports" in snippet]
    metadata = inspect(source, "docs/strategies.md", NO_CACHE)
    assert isinstance(metadata, ModuleMetadata), metadata
    strategy = stage("", source=source, size=0.5, drop=0.01)
    assert strategy.trade(0, "100.00") == []
    assert strategy.trade(1000, "99.50") == []
    [order] = strategy.trade(2000, "98.90")
    assert (order["side"], order["quantity"], order["price"]) == ("buy", "0.5", "98.90")
    assert strategy.trade(3000, "90.00") == []
    strategy.report("Filled", 3001, order, "0.5")
    assert strategy.logs == ["bought 0.5 at 98.90"]
    assert [call["side"] for call in strategy.trade(4000, "80.00")] == ["buy"]


def test_the_other_snippets_run_inside_a_handler(stage):
    fragments = [snippet for snippet in snippets("js") if "module.exports" not in snippet]
    assert fragments
    for fragment in fragments:
        source = (
            "module.exports = { metadata: {}, create(env) {"
            " const { runtime } = env; const provider = runtime.providers()[0]; const size = 1;"
            f" return {{ onTrade(ctx, evt, payload, price) {{ {fragment}\n }} }}; }} }};"
        )
        stage("", source=source).trade(0, "100.00")


def test_the_pipeline_snippets_are_sound():
    frame = """
provider paper { adapter = fake, symbols = [BTC-USDT] }
pool market { events = 64, on_full = block }
risk careful { max_position = 1 }
"""
    found = snippets("mel")
    assert found
    for snippet in found:
        loaded = load("docs/strategies.md", f"pipeline documented\n{frame}\n{snippet}", {})
        assert not has_errors(loaded.diagnostics), loaded.diagnostics
