"""Trees keep to the terminal's width, whatever stands in them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from meltica_compiler.draw.terminal import Item, Piece, Style, cells, columns, paint, tree_lines, unbroken

texts = st.text(st.characters(blacklist_categories=["Cc", "Cs", "Cf", "Zl", "Zp"]), max_size=60)


@settings(max_examples=80, deadline=None)
@given(name=texts, note=texts, branch=texts, width=st.integers(40, 90))
def test_no_line_is_wider_than_the_terminal(name: str, note: str, branch: str, width: int) -> None:
    items = (
        Item((Piece(name),), "4.00 MiB", notes=((Piece(note),),), branches=(Item((Piece(branch),), "1 B"),)),
        Item((Piece(branch),)),
    )
    for line in tree_lines(items, width):
        assert cells(paint(line, color=False)) <= width


def test_branches_are_joined_and_amounts_flush() -> None:
    items = (
        Item((Piece("a"),), branches=(Item((Piece("b"),), "1 B", lead="─▶ "),)),
        Item((Piece("c"),), notes=((Piece("note"),),)),
    )
    drawn = [paint(line, color=False) for line in tree_lines(items, 16)]
    assert drawn == ["├─ a", "│  └─▶ b     1 B", "└─ c", "      note"]


def test_wide_and_combining_characters_count_as_they_are_shown() -> None:
    assert cells("ab") == 2
    assert cells("取引") == 4
    assert cells("e\N{COMBINING ACUTE ACCENT}") == 1


def test_colour_is_only_added_when_asked_for() -> None:
    line = (Piece("maker", Style.STRATEGY), Piece(" x"))
    assert paint(line, color=False) == "maker x"
    assert paint(line, color=True) == "\x1b[1;35mmaker\x1b[0m x"


def test_what_belongs_together_breaks_only_when_a_line_cannot_hold_it() -> None:
    def drawn(text: str) -> list[str]:
        return [paint(line, color=False) for line in tree_lines((Item((Piece(text),)),), 15)]

    assert drawn(f"first {unbroken('key = 1')}") == ["└─ first", "      key = 1"]
    assert drawn(unbroken("key = long_one")) == ["└─ key =", "      long_one"]


def test_columns_align_their_amounts() -> None:
    drawn = [paint(line, color=False) for line in columns((("rings", "1 B"), ("total", "10 B")), 40)]
    assert drawn == ["  rings   1 B", "  total  10 B"]
