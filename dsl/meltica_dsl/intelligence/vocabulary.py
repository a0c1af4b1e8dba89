"""The words of the language as people are told of them: declarations, stages, and the keys of blocks.

The resolver decides what a key may hold. This table says it in words, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field

from meltica_dsl.resolve.scope import DeclKind


class ValueKind(Enum):
    """What a key takes; the value is how people are told."""

    DURATION = "a duration such as `250ms`"
    SIZE = "a size such as `64MiB`"
    RATE = "a rate such as `1_000/s`"
    RATIO = "a ratio such as `2%` or `5bps`"
    NUMBER = "a number"
    WHOLE = "a whole number"
    TRUTH = "`true` or `false`"
    WORD = "a word"
    TEXT = "a string in quotes"
    SECRET = 'a secret such as `secret("NAME")`'  # noqa: S105 - names a type
    SYMBOL = "a symbol such as `BTC-USDT`"
    LIST = "a list"
    OBJECT = "an object"
    NAME = "a name"


class Key(Struct, frozen=True):
    """One key of a block.

    `wanted` are the alternatives, `default` is as a file would write it. `choices` map words to what they
    mean, `decl_kinds` are the declarations that a name may be of, `items` is what a list is of, and `members`
    are the keys of an object.
    """

    name: str
    wanted: tuple[ValueKind, ...]
    doc: str
    default: str = ""
    required: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)
    decl_kinds: tuple[DeclKind, ...] = ()
    items: tuple[ValueKind, ...] = ()
    members: tuple[Key, ...] = ()

    @property
    def type(self) -> str:
        """What it takes, in words."""
        return " or ".join(self._words(wanted) for wanted in self.wanted)

    def _words(self, wanted: ValueKind) -> str:
        if wanted is ValueKind.LIST and self.items:
            return f"a list, each {' or '.join(self._words(item) for item in self.items)}"
        if wanted is ValueKind.WORD and self.choices:
            return " or ".join(f"`{choice}`" for choice in self.choices)
        if wanted is ValueKind.NAME and self.decl_kinds:
            return f"the name of {' or '.join(decl_kind.phrase for decl_kind in self.decl_kinds)}"
        return wanted.value


class Form(Struct, frozen=True):
    """How a declaration or a stage is written: `form` to read, `snippet` to fill in, `doc` in words."""

    form: str
    snippet: str
    doc: str


DECLARATIONS: Mapping[str, Form] = {
    "pipeline": Form("pipeline NAME { … }", "pipeline ${1:name}", "The file's name, and its budgets."),
    "import": Form('import "file.mel"', 'import "${1:file}.mel"', "The declarations of another file."),
    "let": Form("let NAME = VALUE", "let ${1:name} = ${2:value}", "A constant."),
    "provider": Form(
        "provider NAME { … }",
        "provider ${1:name} {\n  adapter = ${2:fake}\n  symbols = [${3:BTC-USDT}]\n}",
        "A connection to a venue, or a made-up or replayed market.",
    ),
    "pool": Form(
        "pool NAME { … }",
        "pool ${1:name} {\n  events  = ${2:65_536}\n  on_full = ${3:drop_oldest}\n}",
        "The memory of edges: each edge of a route `via` it gets a ring of this many events.",
    ),
    "route": Form(
        "route NAME via POOL = SOURCES STAGES -> TARGETS",
        "route ${1:name} via ${2:pool} = ${3:provider}.${4:trade}\n  -> ${5:target}",
        "A flow of one type of event, from its sources through stages to strategies and sinks.",
    ),
    "strategy": Form(
        'strategy NAME = "SELECTOR" { … }',
        'strategy ${1:name} = "${2:noop}" {\n  $0\n}',
        "An instance of a JavaScript module.",
    ),
    "risk": Form(
        "risk NAME { … }",
        "risk ${1:name} {\n  max_position    = ${2:1}\n  max_open_orders = ${3:10}\n}",
        "Limits that every order of a strategy passes.",
    ),
    "sink": Form("sink NAME = KIND { … }", "sink ${1:name} = ${2:log}", "Where events are kept or sent on."),
    "stage": Form(
        "stage NAME(PARAMETERS) = STAGES",
        "stage ${1:name} = where ${2:condition}",
        "A named chain of stages.",
    ),
    "place": Form(
        "place NAME { nodes = […], cpus = […] }",
        "place ${1:name} {\n  nodes = [${2:strategy}]\n  cpus  = [${3:1}]\n}",
        "Which processors the threads of strategies run on.",
    ),
    "test": Form(
        'test "TITLE" { … }',
        'test "${1:title}" {\n  $0\n}',
        "Events in, expectations out, on a virtual clock.",
    ),
}

STAGES: Mapping[str, Form] = {
    "where": Form("where CONDITION", "where $0", "Lets events pass for which the condition is true."),
    "dedupe": Form(
        "dedupe within DURATION",
        "dedupe within ${1:60s}",
        "Lets an event pass whose provider, symbol and identifier were not seen within the window.",
    ),
    "sample": Form("sample N", "sample ${1:10}", "Lets the first of every N events pass."),
    "conflate": Form(
        "conflate per symbol every DURATION",
        "conflate per symbol every ${1:100ms}",
        "Lets the newest event of each symbol pass, at most one each period of event time.",
    ),
    "throttle": Form(
        "throttle RATE", "throttle ${1:100/s}", "Lets at most that many events pass in that time of events."
    ),
    "depth": Form(
        "depth N",
        "depth ${1:10}",
        "Keeps the best N levels a side of each book, 50 at most. Takes book events.",
    ),
    "kline": Form(
        "kline DURATION", "kline ${1:1m}", "Makes candles of that interval out of trades. Takes trade events."
    ),
    "merge": Form(
        "merge", "merge", "Orders the events of several sources by their time, then provider and sequence."
    ),
}

FULL_POLICIES: Mapping[str, str] = {
    "block": "stands still, and with it the route; once the provider's ring is full too, the provider waits",
    "drop_newest": "does not take the new event",
    "drop_oldest": "gives up its oldest event",
    "conflate": "holds new events beside the ring, the newest of each symbol and provider",
}

_W = ValueKind

KEYS: Mapping[str, tuple[Key, ...]] = {
    "pipeline": (
        Key("memory", (_W.SIZE,), "The most that rings and inboxes may take together."),
        Key("latency", (_W.DURATION,), "The longest that an event may be on its way to a strategy."),
    ),
    "provider": (
        Key("adapter", (_W.WORD,), "The kind of venue.", required=True),
        Key("symbols", (_W.LIST,), "What it is asked for.", required=True, items=(_W.SYMBOL,)),
    ),
    "pool": (
        Key("events", (_W.WHOLE,), "Events that each ring holds.", required=True),
        Key(
            "on_full",
            (_W.WORD,),
            "What a ring does when its reader is behind.",
            required=True,
            choices=FULL_POLICIES,
        ),
    ),
    "strategy": (
        Key(
            "trade_on",
            (_W.NAME,),
            "Where its orders go; left out, it does not trade.",
            decl_kinds=(DeclKind.PROVIDER,),
        ),
        Key(
            "risk",
            (_W.NAME,),
            "The limits of its orders; needed with `trade_on`.",
            decl_kinds=(DeclKind.RISK,),
        ),
        Key("config", (_W.OBJECT,), "What the module's `metadata.config` asks for."),
        Key("dry_run", (_W.TRUTH,), "`false` sends orders to the venue.", "true"),
        Key(
            "linger",
            (_W.DURATION, _W.WORD),
            "How long a drain waits for more events inside V8; `0` is never.",
            "200us",
            choices={"always": "it has a core of its own"},
        ),
        Key("memory", (_W.SIZE,), "The most memory of its isolate.", "64MiB"),
        Key("drain_limit", (_W.DURATION,), "The longest that it may go without finishing an event.", "1s"),
        Key("restarts", (_W.WHOLE,), "Restarts in a row before it stays down.", "5"),
    ),
    "risk": (
        Key(
            "max_position",
            (_W.NUMBER,),
            "For each provider and symbol, the position if all open orders of the new order's side were "
            "filled, and the new one too.",
        ),
        Key(
            "max_notional",
            (_W.NUMBER,),
            "The sum of what positions and open orders of one side are worth, over all of them.",
        ),
        Key("notional_currency", (_W.WORD,), "The quote asset that `max_notional` is in."),
        Key("order_throttle", (_W.RATE,), "Orders in a time."),
        Key("symbol_throttle", (_W.RATE,), "Orders in a time, for each symbol."),
        Key("order_burst", (_W.WHOLE,), "Orders that a throttle lets pass at once.", "1"),
        Key("max_open_orders", (_W.WHOLE,), "Orders open at once."),
        Key(
            "price_band",
            (_W.RATIO,),
            "The distance of a limit price from the last price seen, as a part of it.",
        ),
        Key(
            "order_types",
            (_W.LIST,),
            "Which may be sent; both if not given.",
            "[limit, market]",
            choices={"limit": "orders with a price", "market": "orders at any price"},
            items=(_W.WORD,),
        ),
        Key(
            "kill_switch",
            (_W.OBJECT,),
            "After that many breaches in all, no order passes until a reset.",
            members=(Key("after", (_W.WHOLE,), "Breaches until it falls.", required=True),),
        ),
        Key(
            "circuit_breaker",
            (_W.OBJECT,),
            "After that many breaches or rejections in a row, no order passes for the cooldown.",
            members=(
                Key("threshold", (_W.WHOLE,), "Breaches or rejections in a row.", required=True),
                Key("cooldown", (_W.DURATION,), "How long no order passes.", required=True),
            ),
        ),
    ),
    "place": (
        Key("nodes", (_W.LIST,), "Strategies to pin.", items=(_W.NAME,), decl_kinds=(DeclKind.STRATEGY,)),
        Key("cpus", (_W.LIST,), "Processors that their threads run on.", items=(_W.WHOLE,)),
    ),
}

FUNCTIONS: Mapping[str, Form] = {
    "env": Form(
        'env("NAME", default)',
        'env("${1:NAME}", ${2:default})',
        "A variable of the environment, as the type of its default.",
    ),
    "secret": Form(
        'secret("NAME")', 'secret("${1:NAME}")', "A secret by its name. Only providers get secrets."
    ),
}
"""Functions of constant expressions; those of conditions are in `resolve.functions`."""
