"""Codes of the config file: E092x."""

from __future__ import annotations

from meltica_dsl.diagnostics.codes.code import Code, Example

CODES: tuple[Code, ...] = (
    Code(
        "E0920",
        "a config that is no YAML",
        """\
The config is a YAML file of keys and values. Indent with spaces, put one after
each colon, and quote texts that hold `: ` or ` #`. Anchors and aliases are not
taken: each value stands where it counts.""",
        Example(
            "apiServer: { addr: 127.0.0.1:8880",
            "apiServer: { addr: 127.0.0.1:8880 }",
        ),
    ),
    Code(
        "E0921",
        "no such key in the config",
        """\
The section has no key of this name. Keys are written as in
`config/app.yaml.example`, which holds all of them with their defaults.""",
        Example(
            "database: { maxConnection: 8 }",
            "database: { maxConnections: 8 }",
        ),
    ),
    Code(
        "E0922",
        "a wrong value in the config",
        """\
The key wants another kind of value, or one within limits. Durations carry
their unit, as in a pipeline.""",
        Example(
            "database: { connectTimeout: 10 }",
            "database: { connectTimeout: 10s }",
        ),
    ),
    Code(
        "E0923",
        "a key of the config given twice",
        """\
A key stands twice in one section. YAML lets the last one win in silence; here
it is an error.""",
        Example(
            "apiServer: { addr: 127.0.0.1:8880, addr: 0.0.0.0:80 }",
            "apiServer: { addr: 127.0.0.1:8880 }",
        ),
    ),
)
