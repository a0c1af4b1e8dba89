"""Random programs, drawn from the grammar: any of them parses, few of them mean anything.

Tokens are parted by random space and comments, so that what is drawn is far from canonical form.
"""

from __future__ import annotations

from hypothesis import strategies as st

_KEYWORDS = ("pool", "route", "stage", "let", "every", "per", "via", "where", "depth", "test", "at")
names = st.sampled_from(("a", "price", "side", "x_1", "Long_name", "market", *_KEYWORDS))
_OPERATORS = ("in", "not", "and", "or")
keys = names | st.sampled_from((*_OPERATORS, "if", "then", "else", "for", "true"))
# In expressions and after values these words are operators or stages.
plain_names = st.sampled_from(("a", "price", "side", "x_1", "Long_name", "quantity"))
literals = st.sampled_from(("5", "0.25", "1_000", "60s", "1m30s", "5/s", "2%", "5bps", "64KiB", "1_000/1m"))
symbols = st.sampled_from(("BTC-USDT", "1INCH-USDT"))
strings = st.sampled_from(('"x"', '""', r'"a\"b\n"', '"日本"', '"# no comment"', '"{date}/{event}"'))
gaps = st.sampled_from(
    (" ", " ", " ", "  ", "\n", "\n\n", "\n\n\n", "\t", "\r\n", " # note\n", "\n  # own\n", " #\n")
)


def _seq(*parts):
    """Strategies of token lists, one after the other. A string stands for itself."""
    made = [st.just([part]) if isinstance(part, str) else part for part in parts]
    return st.tuples(*made).map(lambda lists: [token for tokens in lists for token in tokens])


def _one(strategy):
    return strategy.map(lambda token: [token])


def _joined(items, mark, least=0, most=3):
    def join(lists):
        tokens = []
        for number, item in enumerate(lists):
            tokens += [mark, *item] if number else item
        return tokens

    return st.lists(items, min_size=least, max_size=most).map(join)


def _wrapped(expressions):
    operators = st.sampled_from(("+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "and", "or"))
    entries = _joined(_seq(_one(plain_names), "=", expressions), ",")
    return st.one_of(
        _seq(expressions, _one(operators), expressions).map(lambda tokens: ["(", *tokens, ")"]),
        _seq("not", expressions).map(lambda tokens: ["(", *tokens, ")"]),
        _seq("(", "-", expressions, ")"),
        _seq("(", expressions, ")"),
        _seq("[", _joined(expressions, ","), "]"),
        _seq("{", entries, "}"),
        _seq(_one(plain_names), "(", _joined(expressions, ","), ")"),
        _seq("(", "if", expressions, "then", expressions, "else", expressions, ")"),
        _seq("(", expressions, "not", "in", expressions, ")"),
        _seq("(", expressions, "in", expressions, ")"),
    )


_atoms = st.one_of(_one(literals), _one(symbols), _one(strings), _one(plain_names), st.just(["true"]))
expressions = st.recursive(_atoms, _wrapped, max_leaves=6)

_entries = st.lists(
    st.one_of(
        _seq(_one(keys), "=", expressions),
        _seq("config", "{", _joined(_seq(_one(names), "=", expressions), ","), "}"),
    ),
    max_size=4,
).map(
    lambda lists: [
        token
        for number, item in enumerate(lists)
        # Without a comma, a key that is an operator elsewhere would be one here too.
        for token in ("," if number and (number % 2 or item[0] in _OPERATORS) else "", *item)
    ]
)
_body = _seq("{", _entries, "}")
_stages = st.one_of(
    _seq("where", expressions),
    _seq("dedupe", "within", expressions),
    _seq("sample", expressions),
    _seq("conflate", "per", "symbol", "every", expressions),
    _seq("depth", expressions),
    _seq("throttle", expressions),
    _seq("kline", expressions),
    st.just(["merge"]),
    _one(plain_names),
    _seq(_one(plain_names), "(", _joined(expressions, ","), ")"),
)
_modifiers = st.one_of(
    st.just([]),
    st.just([]),
    _seq("for", _one(plain_names), "in", expressions),
    _seq("if", expressions),
)
_sources = _joined(st.one_of(_one(names), _seq(_one(names), ".", _one(names))), ",", least=1)
_matches = st.lists(
    st.one_of(
        _seq(_one(plain_names), "=", expressions),
        _seq(_one(plain_names), st.sampled_from(("<", "!=", ">=")).map(lambda t: [t]), _one(literals)),
    ),
    max_size=4,
).map(
    lambda lists: [token for number, item in enumerate(lists) for token in ([","] if number else []) + item]
)
_phrases = st.one_of(
    st.just(["nothing"]),
    st.just(["2", "trade", "by", "5ms"]),
    _one(strings),
    _seq("trade", "{", _matches, "}", st.sampled_from(([], ["by", "5ms"]))),
)
_steps = st.one_of(
    _seq(
        "at",
        "5ms",
        "a",
        ".",
        "trade",
        _seq("{", _joined(_seq(_one(plain_names), "=", expressions), ","), "}"),
    ),
    _seq("at", expressions, "a", "disconnects"),
    _seq("at", "5ms", "a", ".", "trade", "from", _one(strings)),
    _seq("expect", "maker", "receives", _phrases),
    _seq("expect", "maker", "orders", "at", "least", "2", st.one_of(st.just([]), _phrases)),
)

declarations = st.one_of(
    _seq("let", _one(names), "=", expressions),
    _seq("import", _one(strings)),
    _seq("pipeline", _one(names), st.one_of(st.just([]), _body)),
    _seq(
        st.sampled_from(("provider", "pool", "risk", "place")).map(lambda t: [t]),
        _one(names),
        _modifiers,
        _body,
    ),
    _seq("strategy", _one(names), _modifiers, "=", _one(strings), st.one_of(st.just([]), _body)),
    _seq("sink", _one(names), _modifiers, "=", _one(names), st.one_of(st.just([]), _body)),
    _seq("stage", _one(names), "(", _joined(_one(names), ","), ")", "=", _joined(_stages, "|", least=1)),
    _seq(
        _seq("route", _one(names), _modifiers, "via", _one(plain_names), st.sampled_from(([], ["durable"]))),
        "=",
        _sources,
        st.lists(_stages, max_size=3).map(lambda calls: [token for call in calls for token in ("|", *call)]),
        st.one_of(st.just([]), _seq("->", _joined(_one(names), ",", least=1))),
    ),
    _seq(
        "test",
        _one(strings),
        "{",
        st.lists(_steps, max_size=3).map(lambda s: [t for step in s for t in step]),
        "}",
    ),
)


@st.composite
def programs(draw):
    """The text of a file."""
    tokens = [token for tokens in draw(st.lists(declarations, max_size=4)) for token in tokens if token]
    return "".join(part for token in tokens for part in (token, draw(gaps)))
