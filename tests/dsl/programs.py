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


def _maybe(token):
    return st.sampled_from(([], [token]))


def _wrapped(expressions):
    operators = st.sampled_from(("+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "and", "or"))
    entries = _joined(_seq(_one(plain_names), "=", expressions), ",")
    return st.one_of(
        _seq(expressions, _one(operators), expressions).map(lambda tokens: ["(", *tokens, ")"]),
        _seq("not", expressions).map(lambda tokens: ["(", *tokens, ")"]),
        _seq("(", "-", expressions, ")"),
        _seq("(", expressions, ")"),
        _seq("[", _joined(expressions, ","), "]"),
        _seq("[", _joined(expressions, ",", least=1), ",", "]"),
        _seq("{", entries, "}"),
        _seq("{", _one(plain_names), "=", expressions, ",", "}"),
        _seq(_one(plain_names), "[", _joined(expressions, ",", least=1), "]"),
        _seq("{", _one(plain_names), "{", entries, "}", "}"),
        _seq(_one(plain_names), "(", _joined(expressions, ","), ")"),
        _seq(_one(plain_names), "(", _joined(expressions, ",", least=1), ",", ")"),
        _seq("(", "if", expressions, "then", expressions, "else", expressions, ")"),
        _seq("(", expressions, "not", "in", expressions, ")"),
        _seq("(", expressions, "in", expressions, ")"),
    )


_atoms = st.one_of(
    _one(literals),
    _one(symbols),
    _one(strings),
    _one(plain_names),
    _seq(_one(plain_names), ".", _one(names)),
    st.sampled_from((["true"], ["false"])),
)
_sums = st.one_of(
    _one(literals),
    _one(plain_names),
    _seq(_one(literals), st.sampled_from((["+"], ["-"], ["*"])), _one(literals)),
)
expressions = st.recursive(_atoms, _wrapped, max_leaves=6)

_entries = st.lists(
    st.one_of(
        _seq(_one(keys), "=", expressions),
        _seq(_one(names), "{", _joined(_seq(_one(names), "=", expressions), ","), "}"),
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
_modifiers = st.lists(
    st.one_of(_seq("for", _one(plain_names), "in", expressions), _seq("if", expressions)), max_size=2
).map(lambda lists: [token for modifier in lists for token in modifier])


def _node(name):
    """`maker`, or one of a family: `maker[BTC-USDT]`."""
    return st.one_of(_one(name), _seq(_one(name), "[", _joined(expressions, ",", least=1), _maybe(","), "]"))


_sources = _joined(st.one_of(_node(names), _seq(_node(names), ".", _one(names))), ",", least=1)

# A step goes on until a word can only begin the next one, so the last word of each is none of those.
_verbs = st.sampled_from(("receives", "drops", "orders", "fills"))
_words = st.sampled_from(("nothing", "trade", "book", "of", "market"))
_comparisons = st.sampled_from(("=", "==", "!=", "<", "<=", ">", ">="))
_long_words = st.sampled_from(("a" * 40, "quantity", "price"))
_matches = _seq("{", _joined(_seq(_one(_long_words | keys), _one(_comparisons), _sums), ","), "}")
_phrases = st.lists(
    st.one_of(_one(_words), _one(literals), _one(strings), _matches, st.just(["by", "5ms"])),
    min_size=1,
    max_size=3,
).map(lambda lists: [token for phrase in lists for token in phrase])
_bound = _seq("at", st.sampled_from((["least"], ["most"])), _one(literals))
_fields = _seq("{", _joined(_seq(_one(plain_names), "=", expressions), ","), "}")
_times = st.sampled_from(("0ms", "1s", "2m"))
_steps = st.one_of(
    _seq("at", _one(_times), _node(plain_names), ".", _one(plain_names), _fields),
    _seq("at", _one(_times), _node(plain_names), ".", _one(plain_names), "from", _one(strings)),
    _seq("at", _one(_times), _node(plain_names), st.sampled_from((["disconnects"], ["reconnects"]))),
    _seq("expect", _node(plain_names), _one(_verbs), _phrases),
    _seq("expect", _node(plain_names), _one(_verbs), _bound, st.one_of(st.just([]), _phrases)),
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
        _seq("route", _one(names), _modifiers, "via", _node(plain_names), st.sampled_from(([], ["durable"]))),
        "=",
        _sources,
        st.lists(_stages, max_size=3).map(lambda calls: [token for call in calls for token in ("|", *call)]),
        st.one_of(st.just([]), _seq("->", _joined(_node(names), ",", least=1))),
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
