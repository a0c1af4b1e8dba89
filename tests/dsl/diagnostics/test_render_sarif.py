from __future__ import annotations

import json

import jsonschema

from meltica_dsl.diagnostics.codes.table import CODES
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label
from meltica_dsl.diagnostics.render_sarif import render
from meltica_dsl.load import load
from meltica_dsl.text.source import SourceFile, Span


def an_object(required, **properties):
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


TEXT = an_object("text", text={"type": "string", "minLength": 1})
WRITTEN = an_object("text", text={"type": "string"})
COUNT = {"type": "integer", "minimum": 1}
REGION = an_object("startLine", startLine=COUNT, startColumn=COUNT, endLine=COUNT, endColumn=COUNT)
ARTIFACT = an_object("uri", uri={"type": "string", "pattern": r"^[^\s\\]+$"})
PLACE = an_object("artifactLocation region", artifactLocation=ARTIFACT, region=REGION)
RULE = an_object(
    "id shortDescription fullDescription help",
    id={"type": "string"},
    shortDescription=TEXT,
    fullDescription=TEXT,
    help=TEXT,
)
REPLACEMENT = an_object("deletedRegion", deletedRegion=REGION, insertedContent=WRITTEN)
CHANGE = an_object(
    "artifactLocation replacements",
    artifactLocation=ARTIFACT,
    replacements={"type": "array", "minItems": 1, "items": REPLACEMENT},
)
FIX = an_object(
    "artifactChanges",
    description=TEXT,
    artifactChanges={"type": "array", "minItems": 1, "items": CHANGE},
)
RESULT = an_object(
    "ruleId message",
    ruleId={"type": "string"},
    ruleIndex={"type": "integer", "minimum": 0},
    level={"enum": ["none", "note", "warning", "error"]},
    message=TEXT,
    locations={"type": "array", "items": an_object("physicalLocation", physicalLocation=PLACE)},
    relatedLocations={
        "type": "array",
        "items": an_object(
            "physicalLocation", id={"type": "integer", "minimum": 0}, message=TEXT, physicalLocation=PLACE
        ),
    },
    fixes={"type": "array", "items": FIX},
)
DRIVER = an_object(
    "name", name={"type": "string"}, version={"type": "string"}, rules={"type": "array", "items": RULE}
)
RUN = an_object(
    "tool results",
    tool=an_object("driver", driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results={"type": "array", "items": RESULT},
)
SARIF = an_object(
    "version runs",
    **{"$schema": {"type": "string"}},
    version={"const": "2.1.0"},
    runs={"type": "array", "items": RUN},
)
"""What of the schema of SARIF 2.1.0 is used here, with its names and what it demands."""


def run_of(diagnostics, sources):
    log = json.loads(render(diagnostics, sources, version="1.2.3"))
    jsonschema.validate(log, SARIF)
    return log["runs"][0]


def test_a_result_has_its_place_its_rule_and_its_fix():
    loaded = load("my pipes/p.mel", "pipeline p {\n  memory = 256\n}\n", {})
    run = run_of(loaded.diagnostics, loaded.sources)
    (result,) = run["results"]
    region = {"startLine": 2, "startColumn": 12, "endLine": 2, "endColumn": 15}
    artifact = {"uri": "my%20pipes/p.mel"}
    assert result["locations"] == [{"physicalLocation": {"artifactLocation": artifact, "region": region}}]
    assert (result["ruleId"], result["level"]) == ("E0302", "error")
    assert result["message"]["text"].endswith("has no unit: no unit\nhelp: write `256MiB`")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["help"]["text"] == CODES["E0302"].story
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [{"deletedRegion": region, "insertedContent": {"text": "256MiB"}}]


def test_labels_are_related_places_in_their_own_files():
    sources = SourceFile("a.mel", "let a = 1\n"), SourceFile("b.mel", "let a = 2\n")
    labels = (Label(Span("a.mel", 4, 5), "first here"),)
    twice = Diagnostic("E0202", "`a` is declared twice", Span("b.mel", 4, 5), labels=labels)
    (related,) = run_of([twice], sources)["results"][0]["relatedLocations"]
    assert related["message"] == {"text": "first here"}
    assert related["physicalLocation"]["artifactLocation"] == {"uri": "a.mel"}


def test_columns_count_characters_as_the_log_says():
    loaded = load("p.mel", 'pipeline p\nlet a = "😀" + 5s\n', {})
    run = run_of(loaded.diagnostics, loaded.sources)
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"]["startColumn"] == 13


def test_nothing_wrong_is_a_run_without_results():
    assert run_of([], [])["results"] == []


def test_a_file_that_could_not_be_read_is_a_result_too():
    run = run_of([Diagnostic("E0901", "cannot read", Span("x.mel", 0, 0))], [])
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}
