"""Definitions, uses, renames and outlines, over the real protocol."""

from __future__ import annotations

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

pytestmark = pytest.mark.process

TEXT = """\
pipeline shown

let least = 0.01

provider binance { adapter = fake, symbols = [BTC-USDT] }

pool market { events = 8, on_full = drop_oldest }

stage big(low) = where quantity > low and price > least

route trades via market = binance.trade | big(least) -> maker, tape

strategy maker = "market-making" {
  trade_on = binance
  risk     = careful
  config   { size = least }
}

risk careful { max_position = 2 }

sink tape = log
"""


def marked(word, nth=1):
    """The text with the cursor in the nth occurrence of a word."""
    at = -1
    for _ in range(nth):
        at = TEXT.index(word, at + 1)
    return TEXT[: at + 1] + "▮" + TEXT[at + 1 :]


def words(text, ranges):
    """The text of each range, all on one line."""
    lines = text.split("\n")
    return [lines[r.start.line][r.start.character : r.end.character] for r in ranges]


async def definition(editor, text):
    position = editor.open(text)
    return await editor.client.text_document_definition_async(types.DefinitionParams(editor.id(), position))


async def uses(editor, text):
    position = editor.open(text)
    context = types.ReferenceContext(include_declaration=True)
    return await editor.client.text_document_references_async(
        types.ReferenceParams(context, editor.id(), position)
    )


def test_every_use_leads_to_its_declaration_and_back(talk):
    declared = {
        "market": 6,
        "binance": 4,
        "maker": 12,
        "tape": 20,
        "careful": 18,
        "big": 8,
        "least": 2,
        "low": 8,
    }

    async def conversation(editor):
        for word, line in declared.items():
            everywhere = [one.range for one in await uses(editor, marked(word))]
            assert set(words(TEXT, everywhere)) == {word}
            assert len(everywhere) > 1
            for one in everywhere:
                (to,) = await editor.client.text_document_definition_async(
                    types.DefinitionParams(editor.id(), one.start)
                )
                assert to.range.start.line == line

    talk(conversation)


def test_a_rename_changes_every_use_and_nothing_else(talk):
    async def conversation(editor):
        position = editor.open(marked("least"))
        edit = await editor.client.text_document_rename_async(
            types.RenameParams(editor.id(), position, "smallest")
        )
        assert applied(TEXT, edit.changes[editor.uri()]) == TEXT.replace("least", "smallest")

    talk(conversation)


def test_a_variable_and_a_family_are_renamed_where_they_are_indexed(talk):
    text = """\
pipeline shown

let listed = [BTC-USDT]

provider p { adapter = fake, symbols = listed }

pool rings for s in listed { events = 8, on_full = block }

strategy quoter for s in listed = "noop" { }

route quotes for s in listed via rings[s] = p.trade | where symbol == s -> quoter[s]
"""
    route = text.splitlines()[10]

    async def conversation(editor):
        editor.open(text)
        for word, new in (("rings", "memory"), ("quoter", "maker")):
            place = types.Position(10, route.index(word))
            edit = await editor.client.text_document_rename_async(types.RenameParams(editor.id(), place, new))
            assert applied(text, edit.changes[editor.uri()]) == text.replace(word, new)
        place = types.Position(10, route.index("[s]") + 1)
        edit = await editor.client.text_document_rename_async(types.RenameParams(editor.id(), place, "one"))
        renamed = applied(text, edit.changes[editor.uri()]).splitlines()
        assert renamed[10] == (
            "route quotes for one in listed via rings[one] = p.trade | where symbol == one -> quoter[one]"
        )
        assert renamed[:10] == text.splitlines()[:10]

    talk(conversation)


REFUSED = [
    ("market", "5s", "`5s` is no name"),
    ("maker", "tape", "there is a sink called `tape` already"),
    ("least", "price", "`price` means something else where `least` is used"),
    ("least", "low", "`low` means something else where `least` is used"),
    ("low", "quantity", "`quantity` means something else where `low` is used"),
]


def test_a_rename_that_would_change_what_the_file_means_is_refused(talk):
    async def conversation(editor):
        for word, new, why in REFUSED:
            position = editor.open(marked(word))
            with pytest.raises(JsonRpcException, match=why):
                await editor.client.text_document_rename_async(types.RenameParams(editor.id(), position, new))

    talk(conversation)


def test_a_rename_waits_until_the_file_can_be_read(talk):
    async def conversation(editor):
        position = editor.open(marked("least") + "\nroute unfinished via ")
        with pytest.raises(JsonRpcException) as refused:
            await editor.client.text_document_rename_async(types.RenameParams(editor.id(), position, "few"))
        assert "syntax errors" in str(refused.value)

    talk(conversation)


def test_only_what_is_declared_can_be_renamed(talk):
    async def conversation(editor):
        position = editor.open(marked("fake"))
        with pytest.raises(JsonRpcException) as refused:
            await editor.client.text_document_prepare_rename_async(
                types.PrepareRenameParams(editor.id(), position)
            )
        assert "only what a file declares" in str(refused.value)
        position = editor.open(marked("market", 2))
        found = await editor.client.text_document_prepare_rename_async(
            types.PrepareRenameParams(editor.id(), position)
        )
        assert found.placeholder == "market"

    talk(conversation)


def test_the_outline_names_every_declaration_also_a_broken_one(talk):
    async def conversation(editor):
        editor.open(TEXT + "\nroute late via \n")
        found = await editor.client.text_document_document_symbol_async(
            types.DocumentSymbolParams(editor.id())
        )
        assert [(one.name, one.detail) for one in found] == [
            ("shown", "pipeline"),
            ("least", "0.01"),
            ("binance", "provider"),
            ("market", "pool"),
            ("big", "stage"),
            ("trades", "binance.trade → maker, tape"),
            ("maker", '"market-making"'),
            ("careful", "risk"),
            ("tape", "log"),
            ("late", "route"),
        ]
        assert [child.name for child in found[6].children] == ["trade_on", "risk", "config"]

    talk(conversation)


def test_the_same_name_is_lit_up_everywhere_in_the_file(talk):
    async def conversation(editor):
        position = editor.open(marked("careful"))
        found = await editor.client.text_document_document_highlight_async(
            types.DocumentHighlightParams(editor.id(), position)
        )
        assert words(TEXT, [one.range for one in found]) == ["careful", "careful"]

    talk(conversation)


def test_names_are_followed_into_imported_files_and_into_those_that_import(talk):
    shared = "pool market { events = size, on_full = block }\n\nlet size = 4 + 4\n"
    user = 'import "shared.mel"\n\nroute {} via market = p.trade\n'

    async def conversation(editor):
        editor.open("pipeline one\n" + user.format("a"), "one.mel")
        editor.open("pipeline two\n" + user.format("b"), "two.mel")
        editor.open(shared, "shared.mel")
        context = types.ReferenceContext(include_declaration=True)
        at_use, at_definition = types.Position(3, 13), types.Position(0, 6)
        (to,) = await editor.client.text_document_definition_async(
            types.DefinitionParams(editor.id("one.mel"), at_use)
        )
        assert (to.uri, to.range.start) == (editor.uri("shared.mel"), types.Position(0, 5))
        for name, place in (("one.mel", at_use), ("shared.mel", at_definition)):
            found = await editor.client.text_document_references_async(
                types.ReferenceParams(context, editor.id(name), place)
            )
            assert {one.uri for one in found} == {editor.uri(n) for n in ("one.mel", "two.mel", "shared.mel")}
            edit = await editor.client.text_document_rename_async(
                types.RenameParams(editor.id(name), place, "rings")
            )
            assert {uri: len(edits) for uri, edits in edit.changes.items()} == dict.fromkeys(
                (editor.uri(n) for n in ("one.mel", "two.mel", "shared.mel")), 1
            )
        (to,) = await editor.client.text_document_definition_async(
            types.DefinitionParams(editor.id("one.mel"), types.Position(1, 10))
        )
        assert to.uri == editor.uri("shared.mel")
        told = await editor.client.text_document_hover_async(types.HoverParams(editor.id("one.mel"), at_use))
        assert shared.splitlines()[0] in told.contents.value
        told = await editor.client.text_document_hover_async(
            types.HoverParams(editor.id("shared.mel"), types.Position(0, 24))
        )
        assert "is `8`" in told.contents.value

    talk(conversation)


def applied(text, edits):
    lines = text.split("\n")
    for edit in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character), reverse=True):
        line, start, end = edit.range.start.line, edit.range.start.character, edit.range.end.character
        lines[line] = lines[line][:start] + edit.new_text + lines[line][end:]
    return "\n".join(lines)
