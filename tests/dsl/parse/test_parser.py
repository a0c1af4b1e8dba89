from __future__ import annotations

from meltica_dsl import syntax
from meltica_dsl.parse.parser import MAX_ERRORS, parse


def kinds(text):
    return [type(node).__name__.removesuffix("Decl") for node in parse("p.mel", text).file.declarations]


def codes(text):
    return [diagnostic.code for diagnostic in parse("p.mel", text).diagnostics]


def test_line_breaks_mean_nothing():
    text = "pool ram { events = 8, on_full = block } let a = 1 route r via ram = x.trade | where a > 1 -> s"
    assert kinds(text) == kinds(text.replace(" ", "\n")) == ["Pool", "Let", "Route"]


def test_places_cover_exactly_what_was_written():
    text = "let a = 1 + b # c\nroute r via m = x.trade | s\n\nlet c = 2\n"
    spans = [node.span for node in parse("p.mel", text).file.declarations]
    assert [text[span.start : span.end] for span in spans] == [
        "let a = 1 + b",
        "route r via m = x.trade | s",
        "let c = 2",
    ]


def test_operators_bind_as_in_arithmetic():
    (let,) = parse("p.mel", "let x = not a + 2 * -b < c and d or e").file.declarations
    top = let.value
    assert top.operator.text == "or"
    assert top.left.operator.text == "and"
    negation = top.left.left
    assert negation.operator.text == "not"
    comparison = negation.operand
    assert comparison.operator.text == "<"
    assert comparison.left.operator.text == "+"
    assert comparison.left.right.operator.text == "*"
    assert isinstance(comparison.left.right.right, syntax.UnaryOperation)


def test_a_symbol_is_no_subtraction_and_a_rate_no_division():
    values = [
        node.value
        for node in parse(
            "p.mel", "let a = BTC-USDT let b = A - B let c = 5/s let d = 5 / s let e = 5-2"
        ).file.declarations
    ]
    assert [type(value).__name__ for value in values] == [
        "SymbolLiteral",
        "BinaryOperation",
        "Literal",
        "BinaryOperation",
        "BinaryOperation",
    ]


def test_what_is_whole_before_an_error_is_kept():
    assert kinds("let a = 1\nfoo b {}\nlet c = 2") == ["Let", "Unreadable", "Let"]


def test_every_broken_declaration_gives_one_error_and_the_rest_is_read():
    text = "let a = [1 2\nlet b = }\npool c { events = = 5 }\nlet d = 4\n"
    assert len(codes(text)) == 3
    assert kinds(text)[-1] == "Let"


def test_the_name_of_a_broken_declaration_is_known():
    declarations = parse("p.mel", "pool ram { events = }").file.declarations
    assert [(d.keyword, d.name.text) for d in declarations] == [("pool", "ram")]


def test_errors_stop_at_their_limit():
    assert len(codes("let a = ]\n" * 1_000)) == MAX_ERRORS


def test_comments_are_kept_with_their_places():
    comments = parse("p.mel", "# one\nlet a = 1 # two\n").file.comments
    assert [(c.text, c.own_line) for c in comments] == [("# one", True), ("# two", False)]
