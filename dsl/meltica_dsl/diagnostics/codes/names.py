"""Codes of names and types in routes: E02xx."""

from __future__ import annotations

from meltica_dsl.diagnostics.codes.code import Code, Example

CODES: tuple[Code, ...] = (
    Code(
        "E0201",
        "nothing of this name is declared",
        """\
A name is used that no declaration gives. The order of declarations does not
matter, the spelling does.""",
        Example(
            "route trades via markt = paper.trade -> maker",
            "route trades via market = paper.trade -> maker",
        ),
    ),
    Code(
        "E0202",
        "declared twice",
        """\
Two declarations of one kind have the same name. Strategies and sinks count as
one kind here, since an arrow points at either. The first declaration is the
one that the rest of the file means.""",
        Example(
            """\
pool market { events = 1_024, on_full = block }
pool market { events = 4_096, on_full = block }""",
            "pool market { events = 4_096, on_full = block }",
        ),
    ),
    Code(
        "E0203",
        "no such event",
        """\
A source of a route is written `provider.event`. Events are `trade`, `ticker`,
`book`, `kline`, `execution`, `balance`, `instrument`, `risk` and `extension`;
which of them a provider can give depends on its adapter.""",
        Example(
            "route trades via market = paper.trades -> maker",
            "route trades via market = paper.trade -> maker",
        ),
    ),
    Code(
        "E0204",
        "no such field",
        """\
An expression names a field that events of this type do not have.

In an expression a bare name is a parameter of the stage, a field of the event
or a constant from `let`, in this order. Beside a side `buy` and `sell` are
sides, beside `provider` the name of a provider is one.""",
        Example(
            "route trades via market = paper.trade | where quantty > 1 -> maker",
            "route trades via market = paper.trade | where quantity > 1 -> maker",
        ),
    ),
    Code(
        "E0205",
        "types that do not go together",
        """\
Fields have types: a price is no quantity, and neither is a duration. A plain
number may stand for a price, a quantity, a notional or a ratio; a time or
duration always has a unit.

    price * quantity       a notional
    price / price          a ratio
    time - time            a duration
    price * 2, price * 5%  a price""",
        Example(
            """\
route trades via market =
    paper.trade
  | where price > 60s
  | where symbol == "BTC-USDT"
  | where 1 < price < 5
  -> maker""",
            """\
route trades via market =
    paper.trade
  | where price > 60
  | where symbol == BTC-USDT
  | where price > 1 and price < 5
  -> maker""",
        ),
    ),
    Code(
        "E0206",
        "a condition that is neither true nor false",
        """\
`where`, `if` and `not` take something that is true or false.""",
        Example(
            "route trades via market = paper.trade | where quantity -> maker",
            "route trades via market = paper.trade | where quantity > 0 -> maker",
        ),
    ),
    Code(
        "E0207",
        "a stage that does not take these events",
        """\
Each stage takes some events and not others: `depth` takes books, `conflate
per symbol` takes events that have a symbol.""",
        Example(
            "route quotes via market = paper.trade | depth 20 -> maker",
            "route quotes via market = paper.book | depth 20 -> maker",
        ),
    ),
    Code(
        "E0208",
        "sources of different events",
        """\
All sources of a route give the same type of event, since its stages read the
fields of that event.""",
        Example(
            "route all via market = paper.trade, paper.book -> maker",
            """\
route trades via market = paper.trade -> maker
route quotes via market = paper.book -> maker""",
        ),
    ),
    Code(
        "E0209",
        "a name of another kind of thing",
        """\
The name is declared, but as something that cannot stand here: an arrow points
at strategies and sinks, `via` names a pool, `trade_on` a provider, `risk` a
risk.""",
        Example(
            "route trades via market = paper.trade -> paper",
            "route trades via market = paper.trade -> maker",
        ),
    ),
    Code(
        "E0210",
        "the wrong number of arguments for a stage",
        """\
A named stage is called with one argument for each of its parameters.""",
        Example(
            """\
stage sizeable(min) = where quantity >= min
route trades via market = paper.trade | sizeable -> maker""",
            """\
stage sizeable(min) = where quantity >= min
route trades via market = paper.trade | sizeable(0.001) -> maker""",
        ),
    ),
    Code(
        "E0211",
        "no such function, or not with these arguments",
        """\
The functions of expressions are `abs(x)`, `min(x, y, …)`, `max(x, y, …)`,
`round(x)`, `round(x, digits)`, `hour(time)` and `matches(text, "pattern")`.
Values from outside are `env("NAME")`, `env("NAME", default)` and
`secret("NAME")`, with the name in quotes.""",
        Example(
            "route trades via market = paper.trade | where sqrt(price) > 5 -> maker",
            "route trades via market = paper.trade | where abs(price) > 5 -> maker",
        ),
    ),
    Code(
        "E0212",
        "no such stage",
        """\
A stage is `where`, `dedupe within`, `sample`, `conflate per symbol every`,
`depth`, or the name of a `stage` that the file declares.""",
        Example(
            "route trades via market = paper.trade | dedup within 60s -> maker",
            "route trades via market = paper.trade | dedupe within 60s -> maker",
        ),
    ),
    Code(
        "E0213",
        "a stage that contains itself",
        """\
A named stage stands for the stages that it is made of. One that contains
itself would have no end.""",
        Example(
            """\
stage a = b
stage b = a
route trades via market = paper.trade | a -> maker""",
            """\
stage a = where price > 1
stage b = a
route trades via market = paper.trade | b -> maker""",
        ),
    ),
    Code(
        "E0214",
        "a constant that needs itself",
        """\
The value of a constant may mention others, but the way back to itself has no
end. The message shows the whole circle.""",
        Example(
            """\
let low = high - 1
let high = low + 1""",
            """\
let low = 1
let high = low + 1""",
        ),
    ),
    Code(
        "E0215",
        "a source, a target or a `merge` that stands twice in a route",
        """\
A route takes each source once, delivers to each target once, and merges once.""",
        Example(
            "route trades via market = paper.trade -> maker, maker",
            "route trades via market = paper.trade -> maker",
        ),
    ),
    Code(
        "E0216",
        "no `pipeline` declaration",
        """\
A file says what it is called, and may give its budgets:

    pipeline spot_maker { memory = 256MiB, latency = 2ms }""",
        Example(
            "let size = 1",
            "pipeline spot_maker { memory = 256MiB, latency = 2ms }",
        ),
    ),
    Code(
        "E0217",
        "stages that grow without measure",
        """\
Named stages are replaced by what they stand for. This one becomes so large
that it is surely a mistake: a stage that uses another twice, which uses
another twice, doubles with each step.""",
        Example(
            """\
stage a = where price > 1 | where quantity > 1
stage b = a | a
stage c = b | b
stage d = c | c
stage e = d | d
stage f = e | e
stage g = f | f
stage h = g | g
stage i = h | h
stage j = i | i
stage k = j | j
stage l = k | k
stage m = l | l
stage n = m | m
route trades via market = paper.trade | n -> maker""",
            """\
stage a = where price > 1 | where quantity > 1
route trades via market = paper.trade | a -> maker""",
        ),
    ),
    Code(
        "E0218",
        "no such instance",
        """\
A declaration with `for` gives one instance for each item of its list, named by
the item in brackets: `maker[BTC-USDT]`. With two `for` there are two items:
`maker[BTC-USDT, okx]`. Items are names, symbols, numbers or durations.""",
        Example(
            """\
strategy idle for s in [BTC-USDT, ETH-USDT] = "noop"
route trades via market = paper.trade -> idle[BTC-USD]""",
            """\
strategy idle for s in [BTC-USDT, ETH-USDT] = "noop"
route trades via market = paper.trade -> idle[BTC-USDT]""",
        ),
    ),
    Code(
        "E0219",
        "a family where one is wanted",
        """\
The bare name of a declaration with `for` means all of its instances. That is
what sources, arrows and lists of nodes take. `via`, `trade_on`, `risk` and a
comparison with `provider` want one of them.""",
        Example(
            """\
risk tight for s in [BTC-USDT, ETH-USDT] { max_position = 1 }
strategy pulse = "logger" { trade_on = paper, risk = tight }""",
            """\
risk tight for s in [BTC-USDT, ETH-USDT] { max_position = 1 }
strategy pulse = "logger" { trade_on = paper, risk = tight[BTC-USDT] }""",
        ),
    ),
    Code(
        "E0220",
        "needs what is switched off",
        """\
A declaration whose `if` is false is not there. Arrows to it and sources from
it are left out, and a route that has no source or no target left is switched
off with it. What needs exactly this one declaration cannot do without.""",
        Example(
            """\
provider okx if false { adapter = fake, symbols = [BTC-USDT] }
strategy pulse = "logger" { trade_on = okx, risk = careful }""",
            """\
provider okx if false { adapter = fake, symbols = [BTC-USDT] }
strategy pulse if false = "logger" { trade_on = okx, risk = careful }""",
        ),
    ),
    Code(
        "E0221",
        "too many instances",
        """\
All `for` of a pipeline together give at most 20,000 instances. Two `for` on one
declaration multiply.""",
        Example(
            """\
let tens = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
strategy idle for a in tens for b in tens for c in tens for d in tens for e in tens = "noop" {}""",
            """\
let tens = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
strategy idle for a in tens for b in tens = "noop" {}""",
        ),
    ),
    Code(
        "E0230",
        "routes that read each other in a circle",
        """\
Events would come back to where they came from, for ever. The message shows the
way they would take.""",
        Example(
            """\
route one via market = paper.trade, two -> tape
route two via market = one | sample 2 -> maker""",
            """\
route one via market = paper.trade -> tape
route two via market = one | sample 2 -> maker""",
        ),
    ),
    Code(
        "E0222",
        "a node in two places",
        """\
A strategy has one thread. It stands in one place, whose `cpus` are all the
processors that this thread may run on.""",
        Example(
            """\
place here { nodes = [maker], cpus = [0] }
place there { nodes = [pulse, maker], cpus = [1] }""",
            """\
place here { nodes = [maker], cpus = [0] }
place there { nodes = [pulse], cpus = [1] }""",
        ),
    ),
)
