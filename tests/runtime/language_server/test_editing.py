"""Hover, formatting, fixes and hints, over the real protocol."""

from __future__ import annotations

import pytest
from lsprotocol import types

pytestmark = pytest.mark.process


async def hovered(editor, text):
    position = editor.open(text)
    found = await editor.client.text_document_hover_async(types.HoverParams(editor.id(), position))
    return found.contents.value if found is not None else None


HOVERS = [
    ("rou▮te x via market = binance.trade -> maker", "route NAME via POOL"),
    ("▮route x via market = binance.trade -> maker", "route NAME via POOL"),
    ("route x via market = binance.tr▮ade -> maker", "`quantity`: quantity, quantity traded"),
    ("route x via market = binance.trade | dedu▮pe within 5s -> maker", "seen within the window"),
    ("route x via market = binance.trade | where si▮de == buy -> maker", "side of the taker"),
    ("route x via market = binance.trade | where ab▮s(price) > 1 -> maker", "x without its sign"),
    ("provider p { adapter = fa▮ke, symbols = [BTC-USDT] }", "A made-up market from a seed"),
    ("provider p { adapter = fake, ra▮te = 5/s }", "default `1000/s`"),
    ("pool p { events = 8, on_full = drop_ol▮dest }", "gives up its oldest event"),
    ('strategy m = "market-ma▮king" {}', "Quotes a bid and an ask"),
    ('strategy m = "market-making" { config { spr▮ead = 5bps } }', "`spread`: a number or"),
    ("risk r { kill_switch = { aft▮er = 5 } }", "Breaches until it falls"),
    ("sink t = par▮quet { }", "Writes events to parquet files"),
    ("# twice as\n# much\nlet du▮st = 2 * 0.001", "is `0.002`"),
    ("# twice as\n# much\nlet du▮st = 2 * 0.001", "twice as\nmuch"),
    ("stage big(l▮ow) = where price > low", "parameter `low`"),
]


def test_pointing_at_a_word_tells_what_it_means(talk, frame):
    async def conversation(editor):
        for text, wanted in HOVERS:
            found = await hovered(editor, f"{frame}\n{text}\n")
            assert wanted in (found or ""), f"{text}: {found}"

    talk(conversation)


def test_a_pool_tells_its_bytes_and_a_strategy_its_module(talk, frame):
    async def conversation(editor):
        editor.open(frame)
        await editor.diagnostics()
        bytes_ = 1_024 * 64 + 64
        assert f"1 ring, 64.1KiB ({bytes_:,} bytes)" in await hovered(
            editor, frame.replace("market", "mark▮et", 1)
        )
        found = await hovered(editor, frame.replace("-> maker", "-> ma▮ker"))
        assert "**Market making**" in found
        assert "Handles `trade`, `ticker`, `book`" in found
        assert "sha256:" in found

    talk(conversation)


def test_space_and_comments_mean_nothing(talk, frame):
    async def conversation(editor):
        assert await hovered(editor, frame + "\n▮\n") is None
        assert await hovered(editor, frame + "\n# where▮\n") is None

    talk(conversation)


def test_formatting_gives_the_canonical_form_or_leaves_the_file_alone(talk, frame):
    options = types.FormattingOptions(tab_size=2, insert_spaces=True)

    async def formatted(editor, text):
        editor.open(text)
        return await editor.client.text_document_formatting_async(
            types.DocumentFormattingParams(editor.id(), options)
        )

    async def conversation(editor):
        (edit,) = await formatted(editor, "pipeline   a\nlet x=1 # 😀")
        assert edit.new_text == "pipeline a\n\nlet x = 1  # 😀\n"
        assert edit.range == types.Range(types.Position(0, 0), types.Position(1, 12))
        assert await formatted(editor, edit.new_text) is None
        assert await formatted(editor, "pipeline   a\nlet x=") is None

    talk(conversation)


def test_fixes_are_offered_where_the_error_is_and_all_at_once(talk, frame):
    text = frame.replace("via market", "via markt").replace("-> maker", "-> makr")

    async def actions(editor, place, only=None):
        context = types.CodeActionContext(diagnostics=[], only=only)
        return await editor.client.text_document_code_action_async(
            types.CodeActionParams(editor.id(), place, context)
        )

    async def conversation(editor):
        editor.open(text)
        (first,) = [found.range for found in await editor.diagnostics() if "`makr`" in found.message]
        found = await actions(editor, first)
        assert [one.title for one in found] == ["write `maker`", "fix all 2 that can be fixed"]
        assert found[0].is_preferred
        assert [e.new_text for e in found[0].edit.changes[editor.uri()]] == ["maker"]
        assert len(found[1].edit.changes[editor.uri()]) == 2
        everywhere = types.Range(types.Position(0, 0), types.Position(99, 0))
        (all_,) = await actions(editor, everywhere, [types.CodeActionKind.SourceFixAll])
        assert all_.kind == types.CodeActionKind.SourceFixAll

    talk(conversation)


def test_fixes_fit_the_text_that_was_just_typed(talk, frame):
    async def conversation(editor):
        editor.open(frame)
        await editor.diagnostics()
        editor.open("\n\n" + frame.replace("via market", "via markt"))
        everywhere = types.Range(types.Position(0, 0), types.Position(99, 0))
        (fix,) = await editor.client.text_document_code_action_async(
            types.CodeActionParams(editor.id(), everywhere, types.CodeActionContext(diagnostics=[]))
        )
        (edit,) = fix.edit.changes[editor.uri()]
        assert edit.range.start == types.Position(8, 17)

    talk(conversation)


def test_the_bytes_of_a_pool_stand_beside_its_name(talk, frame):
    async def hints(editor):
        everywhere = types.Range(types.Position(0, 0), types.Position(99, 0))
        return await editor.client.text_document_inlay_hint_async(
            types.InlayHintParams(editor.id(), everywhere)
        )

    async def conversation(editor):
        editor.open(frame.replace("-> maker", "-> maker, tape") + "\nsink tape = log\n")
        await editor.diagnostics()
        (hint,) = await hints(editor)
        assert hint.label == "2 × 64.1KiB = 128.1KiB"
        assert hint.position == types.Position(4, 11)
        # While the file is broken the last sound figures stay, at the name's new place.
        editor.open("\n" + frame.replace("-> maker", "-> "))
        (hint,) = await hints(editor)
        assert hint.position == types.Position(5, 11)

    talk(conversation)
