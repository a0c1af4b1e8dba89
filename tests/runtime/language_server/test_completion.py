"""Completion over the real protocol: what is offered at a cursor, and what comes of taking it."""

from __future__ import annotations

import pytest
from lsprotocol import types

pytestmark = pytest.mark.process

SNIPPETS = types.ClientCapabilities(
    text_document=types.TextDocumentClientCapabilities(
        completion=types.CompletionClientCapabilities(
            completion_item=types.ClientCompletionItemOptions(snippet_support=True)
        )
    )
)


async def offered(editor, text, trigger=None):
    """The items at the cursor, by label."""
    position = editor.open(text)
    context = trigger and types.CompletionContext(types.CompletionTriggerKind.TriggerCharacter, trigger)
    answer = await editor.client.text_document_completion_async(
        types.CompletionParams(editor.id(), position, context=context)
    )
    return {item.label: item for item in answer.items}


PLACES = [
    ("route x via ▮", {"market"}, {"binance", "where"}),
    ("route x via ma▮", {"market"}, {"binance"}),
    ("route x via market = ▮", {"binance", "binance.trade", "binance.book", "trades"}, {"market"}),
    ("route x via market = binance.▮", {"trade", "ticker", "book", "kline"}, {"binance"}),
    ("route x via market = binance.trade | ▮", {"where", "dedupe", "big", "kline"}, {"depth", "price"}),
    ("route x via market = binance.trade | where pri▮", {"price", "quantity", "least"}, {"bid", "where"}),
    ("route x via market = binance.book | where ▮", {"bid", "ask"}, {"price"}),
    ("route x via market = binance.trade | where side == ▮", {"buy", "sell"}, set()),
    ("route x via market = binance.trade | where symbol == BTC-▮", {"BTC-USDT", "ETH-USDT"}, set()),
    ("route x via market = binance.trade | where symbol in [▮", {"BTC-USDT"}, set()),
    ("route x via market = binance.trade | where price ▮", {"and", "in"}, {"price"}),
    ("route x via market = binance.trade | dedupe ▮", {"within"}, {"price"}),
    ("route x via market = binance.trade | dedupe within 5▮", {"5s", "5ms", "5m"}, {"5%", "5KiB"}),
    ("route x via market = binance.trade | throttle 5▮", {"5/s"}, {"5s"}),
    ("route x via market = binance.trade | conflate per ▮", {"symbol"}, set()),
    ("route x via market = binance.trade -> ▮", {"maker", "tape"}, {"binance"}),
    ("route x via market = binance.trade -> maker, ▮", {"tape"}, {"maker"}),
    ('strategy m = "mar▮', {"market-making", "market-making:latest", "noop"}, set()),
    ("strategy m = ▮", {"market-making"}, set()),
    ('strategy m = "noop" {\n  ▮\n}', {"trade_on", "risk", "config", "linger"}, {"size"}),
    ('strategy m = "noop" { trade_on = ▮ }', {"binance"}, {"market", "maker"}),
    ('strategy m = "market-making" { config { ▮ } }', {"size", "spread"}, {"risk"}),
    ('strategy m = "noop" { linger = ▮ }', {"always", "200us"}, set()),
    ("provider p { adapter = ▮", {"fake", "replay"}, {"binance"}),
    ("provider p {\n  adapter = fake\n  ▮\n}", {"symbols", "rate", "seed"}, {"adapter", "path"}),
    ("provider p {\n  adapter = replay\n  ▮\n}", {"path", "speed"}, {"rate"}),
    ("provider p {\n  adapter = replay\n  format = ▮\n}", {"binance_trades"}, set()),
    ("provider p {\n  adapter = \n  symbols = [▮", {"BTC-USDT"}, set()),
    ("provider p { adapter = fake, rate = 5▮ }", {"5/s"}, {"5s"}),
    ("pool p { events = 8, on_full = ▮", {"drop_oldest", "block", "conflate"}, {"market"}),
    ("risk r { kill_switch = { ▮ } }", {"after"}, {"threshold"}),
    ("risk r { price_band = 5▮ }", {"5%", "5bps"}, {"5s"}),
    ("risk r { order_types = ▮ }", {"[limit]", "[market]"}, set()),
    ("risk r { order_types = [▮] }", {"limit", "market"}, set()),
    ("pipeline x { memory = 5▮ }", {"5MiB"}, {"5s"}),
    ("sink t = ▮", {"log", "parquet"}, set()),
    ("sink t = parquet { ▮ }", {"path", "rows"}, {"level"}),
    ("let x = ▮", {"least", "env", "true"}, set()),
    ("stage s(low) = where price > ▮", {"low", "bid"}, set()),
    ("pro▮", {"provider", "pool", "route"}, set()),
    ('test "t" { at 0ms ▮ }', {"binance"}, {"market"}),
    ('test "t" { at 0ms binance.▮ }', {"trade"}, set()),
    ('test "t" { at 0ms binance.trade { ▮ } }', {"price", "side"}, {"bid"}),
    ('test "t" { expect ▮ }', {"maker", "tape"}, set()),
    ('test "t" { expect maker ▮ }', {"receives", "orders"}, {"emits"}),
    ('test "t" { expect maker receives ▮ }', {"nothing", "trade", "at least"}, {"orders"}),
    ('test "t" { expect maker orders { ▮ } }', {"side", "time_in_force"}, {"trade_id"}),
    ('test "t" { expect maker receives 1 trade { ▮ } }', {"side", "trade_id"}, set()),
    ('test "t" { at 0ms binance ▮ }', {"disconnects"}, {"price"}),
    ("place w { nodes = [▮] }", {"maker"}, {"binance"}),
    ("# where ▮", set(), {"price", "provider"}),
    ('let x = "▮"', set(), {"least", "env"}),
]

REST = """
let least = 0.5

stage big(low) = where quantity > low

sink tape = log
"""


def test_what_is_offered_fits_the_place(talk, frame):
    async def conversation(editor):
        for text, wanted, unwanted in PLACES:
            # The declaration in hand stands in the middle, so that what follows is read too.
            labels = set(await offered(editor, f"{frame}\n{text}\n{REST}"))
            assert wanted <= labels, f"{text}: {wanted - labels} are missing from {labels}"
            assert not unwanted & labels, f"{text}: {unwanted & labels}"

    talk(conversation)


FAMILY = """
let listed = [BTC-USDT, ETH-USDT]

pool rings for s in listed { events = 64, on_full = drop_oldest }

strategy quoter for s in listed = "noop" { }

route quotes for s in listed via rings[s] = binance.trade | where symbol == s -> quoter[s]
"""

MEMBERS = [
    ("route x via ▮", {"rings[BTC-USDT]", "rings[ETH-USDT]", "market"}, {"rings"}),
    ("route x via rings[▮", {"BTC-USDT", "ETH-USDT"}, {"market"}),
    ("route x for q in listed via ▮", {"rings[q]"}, {"rings"}),
    ("route x via market = binance.trade -> ▮", {"quoter", "quoter[BTC-USDT]"}, {"rings"}),
    ("route x for q in listed via market = binance.trade | where symbol == ▮", {"q"}, set()),
]


def test_of_a_family_its_members_are_offered(talk, frame):
    async def conversation(editor):
        editor.open(frame + FAMILY)
        assert not await editor.diagnostics()
        for text, wanted, unwanted in MEMBERS:
            labels = set(await offered(editor, f"{frame}{FAMILY}\n{text}\n"))
            assert wanted <= labels, f"{text}: {wanted - labels} are missing from {labels}"
            assert not unwanted & labels, f"{text}: {unwanted & labels}"

    talk(conversation)


def test_items_say_type_default_and_meaning(talk, frame):
    async def conversation(editor):
        items = await offered(editor, frame + "provider p {\n  adapter = fake\n  ▮\n}\n")
        assert items["rate"].detail == "a rate such as `1_000/s`, default `1000/s`"
        assert "trades, tickers and books" in items["rate"].documentation.value
        assert items["rate"].kind == types.CompletionItemKind.Property
        items = await offered(editor, frame + "route x via market = binance.trade | where ▮")
        assert items["side"].detail == "side"
        assert items["side"].documentation.value == "side of the taker"
        assert items["abs"].detail == "abs(x)"

    talk(conversation)


def test_a_strategy_module_tells_of_itself_when_it_is_looked_at(talk, frame):
    async def conversation(editor):
        items = await offered(editor, frame + 'strategy m = "▮"')
        resolved = await editor.client.completion_item_resolve_async(items["market-making"])
        assert "Market making" in resolved.documentation.value
        assert "`trade`" in resolved.documentation.value

    talk(conversation)


def test_a_space_offers_only_what_is_needed(talk, frame):
    async def conversation(editor):
        assert await offered(editor, frame + "route x via ▮", trigger=" ")
        assert not await offered(editor, frame + "pool p { events = 8 ▮ }", trigger=" ")

    talk(conversation)


def test_the_whole_word_at_the_caret_is_replaced(talk, frame):
    async def conversation(editor):
        items = await offered(editor, frame + "pool p { on_full = dr▮op_newest, events = 8 }")
        assert applied(editor.text(), items["block"]).endswith("on_full = block, events = 8 }")
        items = await offered(editor, frame + 'strategy m = "mar▮ket" { }')
        assert applied(editor.text(), items["noop"]).endswith('strategy m = "noop" { }')
        items = await offered(editor, frame + 'strategy m = "mar▮')
        assert applied(editor.text(), items["noop"]).endswith('strategy m = "noop"')
        items = await offered(editor, frame + 'let a = "😀" == "" and mar▮')
        assert applied(editor.text(), items["true"]).endswith('let a = "😀" == "" and true')

    talk(conversation)


BLOCKS = [
    "pipeline shown { ▮ }\n",
    "provider more {\n  adapter = fake\n  symbols = [BTC-USDT]\n  ▮\n}\n",
    'provider more {\n  adapter = replay, symbols = [BTC-USDT], path = "a", format = tardis_book\n  ▮\n}\n',
    "pool more {\n  events = 8\n  on_full = block\n  ▮\n}\n",
    "risk more {\n  ▮\n}\n",
    'strategy more = "noop" {\n  ▮\n}\n',
    'strategy more = "market-making" {\n  config {\n    size = 1\n    ▮\n  }\n}\n',
    "sink more = log {\n  ▮\n}\n",
    'sink more = parquet {\n  path = "x"\n  ▮\n}\n',
]


def test_every_key_that_is_offered_comes_with_a_value_that_it_takes(talk, frame):
    async def take_all(editor, block):
        rest = frame.partition("\n")[2] if block.startswith("pipeline") else frame
        rest += "risk careful { max_position = 1 }\n"
        items = await offered(editor, rest + block)
        keys = [item for item in items.values() if item.kind == types.CompletionItemKind.Property]
        text = editor.text()
        for item in keys:
            editor.open(applied(text, item))
            errors = [
                found.message
                for found in await editor.diagnostics()
                if found.severity is types.DiagnosticSeverity.Error and found.code != "E0525"
            ]
            assert not errors, f"{item.text_edit.new_text}: {errors}"

    async def conversation(editor):
        for block in BLOCKS:
            await take_all(editor, block)

    talk(conversation)


def test_places_to_fill_in_are_for_editors_that_can(talk, frame):
    async def conversation(editor):
        items = await offered(editor, frame + "pool p {\n  ▮\n}")
        assert items["events"].text_edit.new_text == "events = ${1:1}"
        assert items["events"].insert_text_format == types.InsertTextFormat.Snippet

    talk(conversation, capabilities=SNIPPETS)


def applied(text, item):
    lines = text.split("\n")
    edit = item.text_edit
    assert edit.range.start.line == edit.range.end.line
    line = lines[edit.range.start.line].encode("utf-16-le")
    start, end = edit.range.start.character * 2, edit.range.end.character * 2
    new = edit.new_text.encode("utf-16-le")
    lines[edit.range.start.line] = (line[:start] + new + line[end:]).decode("utf-16-le")
    return "\n".join(lines)
