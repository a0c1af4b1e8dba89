from decimal import Decimal

import pytest

from meltica_compiler.modules.metadata import MetadataFault, ModuleMetadata, read_metadata
from meltica_dsl.model.fields import EVENTS


def described(**metadata):
    whole = {"name": "maker", "tag": "1", "config": [], "events": ["Trade"]} | metadata
    return {"exports": "object", "create": "function", "metadata": whole}


def accepted(raw) -> ModuleMetadata:
    found = read_metadata(raw)
    assert isinstance(found, ModuleMetadata), found
    return found


def refused(raw) -> MetadataFault:
    found = read_metadata(raw)
    assert isinstance(found, MetadataFault), found
    return found


def with_field(**field):
    return described(config=[{"name": "x", "type": "int"} | field])


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_events_go_by_their_name_in_the_contract_or_in_pipelines(event):
    assert accepted(described(events=[event.metadata_name])).events == (event.name,)
    assert accepted(described(events=[event.name])).events == (event.name,)


def test_what_may_be_absent_may_be_absent():
    found = accepted({"exports": "object", "create": "function", "metadata": {"name": "m", "events": []}})
    assert found == ModuleMetadata("m", "", "m", "", (), ())


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"exports": "undefined"}, "the module exports nothing"),
        ({"exports": "object", "create": "function"}, "the module exports no `metadata`"),
        ({"exports": "object", "create": "undefined", "metadata": {}}, "the module exports no `create`"),
        ({"exports": "object", "create": "array", "metadata": {}}, "`create` is an array, not a function"),
        ({"exports": "object", "create": "function", "metadata": None}, "`metadata` is null, not an object"),
        (
            {"exports": "object", "create": "function", "metadata": {"$kind": "function"}},
            "`metadata` is a function, not an object",
        ),
        (described(name=""), "`metadata.name` is missing"),
        (described(name=3), "`metadata.name` is a number, not a string"),
        (described(name="My Maker"), "`metadata.name` is `My Maker`, which no selector can spell"),
        (described(tag="v 1"), "`metadata.tag` is `v 1`, which no selector can spell"),
        (described(description=[]), "`metadata.description` is an array, not a string"),
        (described(events=None), "`metadata.events` is not a list"),
        (described(events=[3]), "`metadata.events` holds a number, not a name"),
        (described(events=["Trad"]), "`metadata.events` names `Trad`, which is no event"),
        (described(events=["Trade", "trade"]), "`metadata.events` names `trade` twice"),
        (described(config={}), "`metadata.config` is not a list"),
        (described(config=["x"]), "`metadata.config[0]` is a string, not an object"),
        (described(config=[{"type": "int"}]), "`metadata.config[0]` has no `name`"),
        (
            described(config=[{"name": "a b", "type": "int"}]),
            "`metadata.config[0].name` is `a b`, which no pipeline can spell",
        ),
        (described(config=[{"name": "x"}]), "config `x` has no `type`"),
        (with_field(type="flaot"), "config `x`: there is no type `flaot`"),
        (with_field(required="yes"), "config `x`: `required` is a string"),
        (described(config=[{"name": "x", "type": "int"}] * 2), "`metadata.config` declares `x` twice"),
        (
            described(config=[{"name": f"x{i}", "type": "int"} for i in range(257)]),
            "`metadata.config` has 257 keys, and 256 is the limit",
        ),
    ],
)
def test_each_mistake_has_its_message(raw, message):
    assert refused(raw).message == message


@pytest.mark.parametrize(
    ("raw", "hint"),
    [
        (described(events=["BookSnapshots"]), "did you mean `BookSnapshot`?"),
        (described(displayname="Maker"), "did you mean `displayName`?"),
        (with_field(defualt=3), "did you mean `default`?"),
        (with_field(type="flaot"), "did you mean `float`?"),
    ],
)
def test_slips_get_the_nearest_name(raw, hint):
    assert refused(raw).hint == hint


def test_keys_of_other_programs_are_left_alone():
    assert accepted(described(author="someone", licence="MIT")).name == "maker"


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("string", ["", "x"], [3, True, []]),
        ("int", [0, -3], [Decimal("0.5"), "3", True, {"$kind": "NaN"}]),
        ("float", [1, Decimal("0.0005")], ["1", False, {"$kind": "Infinity"}]),
        ("bool", [True, False], [0, "true"]),
        ("duration", ["5s", "1m30s", "1.5h", "250us"], ["", "5", 5, "5 s", "-1s"]),
        ("symbol", ["BTC-USDT"], ["BTCUSDT", "btc-usdt", 3]),
        ("list", [[], [1]], [{}, "x"]),
        ("object", [{}, {"a": 1}], [[], "x", {"$kind": "function"}]),
    ],
)
def test_a_default_must_be_of_its_type(type_, good, bad):
    for value in good:
        assert accepted(with_field(type=type_, default=value)).config[0].default == value
    for value in bad:
        assert "the default" in refused(with_field(type=type_, default=value)).message


@pytest.mark.parametrize(
    ("spelling", "type_"), [("integer", "int"), ("number", "float"), ("boolean", "bool"), ("array", "list")]
)
def test_other_spellings_of_types_are_understood(spelling, type_):
    assert accepted(with_field(type=spelling)).config[0].type.value == type_
