"""Codes of files and the environment: E09xx."""

from __future__ import annotations

from meltica_dsl.diagnostics.codes.code import Code, Example

CODES: tuple[Code, ...] = (
    Code(
        "E0901",
        "a file that cannot be read",
        """\
The file is not there, is a folder, or may not be read by this user. The
message says which. The path of an `import` is relative to the file that the
import stands in.""",
    ),
    Code(
        "E0902",
        "a file that is not text",
        """\
A pipeline file is text in UTF-8. This one holds bytes that are no UTF-8, or
zero bytes, which no text has. If it is a pipeline, save it as UTF-8 in your
editor.""",
    ),
    Code(
        "E0903",
        "a variable that is not set",
        """\
`env("NAME")` without a default needs the variable in the environment of the
gateway.

Either set it, or say what it is otherwise: `env("NAME", default)`.""",
        Example(
            'let size = env("SIZE")',
            'let size = env("SIZE", 0.01)',
        ),
    ),
    Code(
        "E0904",
        "a variable of the wrong type",
        """\
The text of an environment variable is read as the type of its default. With
`env("WINDOW", 60s)` the variable has to hold a duration; with `env("SIZE",
0.01)` a number.""",
        Example(
            'let window = env("WINDOW", 60s)',
            environ={"WINDOW": "60"},
        ),
    ),
    Code(
        "E0905",
        "a file that is too long",
        """\
A pipeline file has at most 16 million characters. What is longer is not a
pipeline.""",
    ),
    Code(
        "E0906",
        "files that import each other",
        """\
A file imports itself, directly or by way of others. The message shows the way,
file by file. What both need goes into a file of its own, which both import.""",
        Example(
            'import "venues.mel"\nroute all via market = paper.trade, spot.trade -> maker, pulse, tape',
            beside={
                "venues.mel": 'import "symbols.mel"\nprovider spot { adapter = fake, symbols = traded }\n',
                "symbols.mel": 'import "venues.mel"\nlet traded = [BTC-USDT]\n',
            },
            mended={
                "venues.mel": 'import "symbols.mel"\nprovider spot { adapter = fake, symbols = traded }\n',
                "symbols.mel": "let traded = [BTC-USDT]\n",
            },
        ),
    ),
    Code(
        "E0907",
        "an imported pipeline",
        """\
An imported file is a fragment: it holds declarations, and no `pipeline`. What
two pipelines share goes into a third file, which both import.""",
        Example(
            'import "other.mel"',
            beside={"other.mel": "pipeline other\nlet traded = [BTC-USDT]\n"},
            mended={"other.mel": "let traded = [BTC-USDT]\n"},
        ),
    ),
    Code(
        "E0908",
        "too many files",
        """\
A pipeline has at most 256 files, and imports go at most 32 deep.""",
    ),
    Code(
        "E0931",
        "a text that is no JSON",
        """\
`meltica convert` reads JSON as RFC 8259 has it: keys and texts in double
quotes, no comma after the last item, no comments. The message says what was
wanted in this place.""",
        Example(
            """\
{"meltica": 1, "declarations": [
  {"kind": "pipeline", "name": "p"},
]}""",
            """\
{"meltica": 1, "declarations": [
  {"kind": "pipeline", "name": "p"}
]}""",
        ),
    ),
    Code(
        "E0932",
        "a JSON file that is no pipeline",
        """\
The JSON is right as JSON, but not in the form of a pipeline: a key is unknown
or missing, or holds another thing than it should.

`meltica convert` of a pipeline that you have shows the form, and `meltica
convert --schema` prints its JSON Schema.""",
        Example(
            '{"meltica": 1, "declarations": [{"kind": "let", "nam": "size", "value": 1}]}',
            '{"meltica": 1, "declarations": [{"kind": "let", "name": "size", "value": 1}]}',
        ),
    ),
)
