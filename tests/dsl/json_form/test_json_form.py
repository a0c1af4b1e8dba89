"""The JSON form: nothing is lost on the way there and back, and what is wrong is shown where it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError
from tests.dsl.programs import programs

from meltica_dsl.formatting.formatter import format_source
from meltica_dsl.json_form.from_json import json_to_mel
from meltica_dsl.json_form.schema import schema
from meltica_dsl.json_form.to_json import mel_to_json
from meltica_dsl.json_form.values import dump_json

ROOT = Path(__file__).parents[3]
EXAMPLES = [
    path
    for path in sorted((*ROOT.glob("pipelines/*.mel"), *ROOT.glob("tests/**/*.mel")))
    if format_source(str(path), path.read_text("utf-8", "replace")).text is not None
]
SCHEMA = json.loads(dump_json(schema()))
VALIDATOR = Draft202012Validator(SCHEMA)
"""Made once: `jsonschema.validate` checks the schema itself anew for each document."""
bounded = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def to_json(text):
    converted = mel_to_json("p.mel", text)
    assert converted.diagnostics == ()
    return converted.text


def to_mel(text):
    converted = json_to_mel("p.json", text)
    assert converted.diagnostics == ()
    return converted.text


def wrong(document):
    """Code, message, the text that is pointed at, and the help of each fault."""
    text = document if isinstance(document, str) else json.dumps(document)
    converted = json_to_mel("p.json", text)
    assert converted.text is None
    return [(d.code, d.message, text[d.span.start : d.span.end], *d.help) for d in converted.diagnostics]


def holding(*declarations):
    return {"meltica": 1, "declarations": list(declarations)}


def survives(text):
    canonical = format_source("p.mel", text).text
    as_json = to_json(text)
    assert to_mel(as_json) == canonical
    assert to_json(canonical) == as_json
    VALIDATOR.validate(json.loads(as_json))


@bounded
@given(programs())
def test_any_program_comes_back_in_canonical_form_and_fits_the_schema(text):
    survives(text)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_comes_back_in_canonical_form(path):
    survives(path.read_text("utf-8"))


def test_json_as_a_program_would_write_it():
    document = holding(
        {"kind": "pipeline", "name": "made"},
        {"kind": "let", "name": "least", "value": 0.10},
        {
            "kind": "provider",
            "name": "paper",
            "above": ["# made by a program"],
            "settings": {"adapter": "fake", "symbols": ["BTC-USDT", "ETH-USDT"], "rate": "20_000/s"},
        },
        {
            "kind": "route",
            "name": "trades",
            "via": "market",
            "sources": ["paper.trade"],
            "stages": ["where quantity >= least", "dedupe within 60s"],
            "targets": ["tape"],
        },
        {"kind": "sink", "name": "tape", "type": "parquet", "settings": {"path": {"$text": "a/{date}"}}},
    )
    assert to_mel(json.dumps(document)) == (
        "pipeline made\n\n"
        "let least = 0.1\n\n"
        "# made by a program\n"
        "provider paper {\n"
        "  adapter = fake\n"
        "  symbols = [BTC-USDT, ETH-USDT]\n"
        "  rate    = 20_000/s\n"
        "}\n\n"
        "route trades via market =\n"
        "    paper.trade | where quantity >= least | dedupe within 60s\n"
        "  -> tape\n\n"
        'sink tape = parquet { path = "a/{date}" }\n'
    )


def test_numbers_keep_their_spelling():
    text = '{"meltica": 1, "declarations": [{"kind": "let", "name": "a", "value": 0.100}]}'
    assert to_mel(text) == "let a = 0.100\n"
    assert '"value": 0.100' in to_json("let a = 0.100")


@pytest.mark.parametrize(
    ("text", "code", "place", "message"),
    [
        ("", "E0931", "", "a value is wanted here"),
        ("{'a': 1}", "E0931", "'", "a key in quotes is wanted here"),
        ('{"a": 1,}', "E0931", "}", "JSON has no comma after the last item"),
        ('{"a" 1}', "E0931", "1", "a colon after the key `a` is wanted here"),
        ('{"a": 1, "a": 2}', "E0931", '"a"', "`a` is given twice"),
        ('{"a": yes}', "E0931", "yes", "`yes` is no JSON value"),
        ('{"a": "x\ny"}', "E0931", '"x', "this text is not as JSON wants it"),
        ('["\\ud800"]', "E0931", '"\\ud800"', "half of a character pair stands alone in this text"),
        ("{} {}", "E0931", "{", "the JSON ends before this"),
        ("[01]", "E0931", "0", "a value is wanted here"),
        ("[" * 500, "E0931", "[", "lists and objects are nested more than"),
        ("[]", "E0932", "[]", "the file is an object, not a list"),
        ('{"declarations": []}', "E0932", "{", "the file needs a `meltica`"),
        ('{"meltica": 2, "declarations": []}', "E0932", "2", "this is not version 1 of the form"),
    ],
)
def test_what_is_no_json_or_no_pipeline_is_shown_in_its_place(text, code, place, message):
    [(found, said, shown, *_)] = wrong(text)
    assert (found, shown) == (code, place)
    assert said.startswith(message)


@pytest.mark.parametrize(
    ("declaration", "code", "place", "words"),
    [
        ({"kind": "poll"}, "E0932", '"poll"', "did you mean `pool`?"),
        ({"name": "a"}, "E0932", "{", "it is one of `pipeline`"),
        ({"kind": "let", "name": "a", "value": 1, "valu": 2}, "E0932", '"valu"', "did you mean `value`?"),
        ({"kind": "let", "name": "1a", "value": 1}, "E0932", '"1a"', "letters, digits and `_`"),
        ({"kind": "let", "name": "a", "value": None}, "E0932", "null", "not null"),
        ({"kind": "let", "name": "a", "value": "1 +"}, "E0102", "", "an expression, such as"),
        ({"kind": "let", "name": "a", "value": "1 # one"}, "E0932", '"1 # one"', "comments stand in"),
        ({"kind": "let", "name": "a", "value": "1 let b = 2"}, "E0932", '"1 let b = 2"', "more than one"),
        ({"kind": "let", "name": "a", "value": "1\nlet b = 2"}, "E0932", '"1\\nlet b = 2"', "more than one"),
        ({"kind": "let", "name": "a", "value": 1, "beside": "one"}, "E0932", '"one"', "begins with `#`"),
        (
            {"kind": "stage", "name": "s", "stages": ["merge | merge"]},
            "E0932",
            '"merge | merge"',
            "more than",
        ),
        ({"kind": "pool", "name": "p", "settings": []}, "E0932", "[]", "settings are an object"),
        ({"kind": "test", "title": "t", "steps": "x"}, "E0932", '"x"', "a list is wanted here"),
    ],
)
def test_what_is_wrong_in_a_declaration_is_shown_with_the_way_out(declaration, code, place, words):
    [(found, message, shown, *helps)] = wrong(holding(declaration))
    assert (found, shown) == (code, place)
    assert words in " ".join((message, *helps))


def test_all_faults_come_in_one_run_and_in_order():
    faults = wrong(holding({"kind": "poll"}, {"kind": "let", "name": "a", "value": "("}, {"kind": "sinc"}))
    assert [code for code, *_ in faults] == ["E0932", "E0102", "E0932"]


def test_a_text_cannot_become_more_than_a_text():
    document = holding({"kind": "let", "name": "a", "value": {"$text": '"\nlet b = 2 #'}})
    assert to_mel(json.dumps(document)) == 'let a = "\\"\\nlet b = 2 #"\n'


@st.composite
def changed_documents(draw):
    """Documents of examples with a few bytes changed."""
    text = to_json(draw(st.sampled_from(EXAMPLES)).read_text("utf-8"))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(text)))
        mark = draw(st.sampled_from(['"', "{", "}", "[", ",", ":", "null", "1", "\\", "# x", "\n", "$text"]))
        text = text[:place] + mark + text[place + draw(st.integers(0, 8)) :]
    return text


@bounded
@given(changed_documents() | st.text(max_size=60))
def test_any_text_gives_a_pipeline_or_faults_with_places(text):
    converted = json_to_mel("p.json", text)
    assert (converted.text is None) == bool(converted.diagnostics)
    assert all(0 <= d.span.start <= d.span.end <= len(text) for d in converted.diagnostics)
    if converted.text is not None:
        assert format_source("p.mel", converted.text).text == converted.text
        VALIDATOR.validate(json.loads(text))


@pytest.mark.parametrize(
    "declaration",
    [{"kind": "poll"}, {"kind": "let", "name": "a"}, {"kind": "pool", "name": "p", "settings": {"a b": 1}}],
)
def test_the_schema_refuses_what_reading_refuses(declaration):
    assert wrong(holding(declaration))
    with pytest.raises(ValidationError):
        VALIDATOR.validate(holding(declaration))


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)
