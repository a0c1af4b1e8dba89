from __future__ import annotations

from meltica_dsl.diagnostics.cascading import without_cascades
from meltica_dsl.diagnostics.codes.cascades import CASCADES
from meltica_dsl.diagnostics.codes.table import CODES
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Edit, Fix, in_source_order
from meltica_dsl.text.source import Span


def error(code: str, start: int, end: int, *, fix_at: int | None = None) -> Diagnostic:
    edits = () if fix_at is None else (Edit(Span("a.mel", fix_at, fix_at), "= "),)
    return Diagnostic(
        code, "wrong", Span("a.mel", start, end), fixes=(Fix("insert", edits),) if edits else ()
    )


def codes(*diagnostics: Diagnostic) -> list[str]:
    return [diagnostic.code for diagnostic in without_cascades(diagnostics)]


def test_every_cascade_is_of_codes_that_there_are():
    named = {code for cascade in CASCADES for code in (*cascade.causes, cascade.effect) if code is not None}
    assert named <= set(CODES)


def test_of_a_setting_that_there_is_not_it_does_not_matter_how_it_is_written():
    assert codes(error("E0308", 3, 6, fix_at=7), error("E0303", 3, 6)) == ["E0303"]
    assert codes(error("E0308", 3, 6, fix_at=7), error("E0303", 4, 6)) == ["E0308", "E0303"]


def test_a_block_that_can_be_no_value_lacks_no_equals():
    assert codes(error("E0308", 3, 6, fix_at=7), error("E0301", 7, 12)) == ["E0301"]
    assert codes(error("E0308", 3, 6, fix_at=7), error("E0301", 3, 6)) == ["E0308", "E0301"]


def test_of_a_string_in_other_quotes_only_the_quotes_are_reported():
    assert codes(error("E0103", 3, 6), error("E0310", 3, 6), error("E0310", 8, 9)) == ["E0103", "E0310"]


def test_the_order_of_the_source_drops_nothing():
    given = (error("E0308", 3, 6, fix_at=7), error("E0303", 3, 6), error("E0103", 1, 2))
    assert [d.code for d in in_source_order(given)] == ["E0103", "E0303", "E0308"]
