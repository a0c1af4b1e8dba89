"""Files as people have them while they type: examples with tokens or bytes changed.

Programs drawn from the grammar alone mean nothing and end in the resolver. These are nearly right, so that
most of them come as far as the compiler's last passes.
"""

from __future__ import annotations

import os
import re
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from meltica_dsl.diagnostics.diagnostic import has_errors
from meltica_dsl.load import load
from meltica_dsl.parse.lexer import lex

ROOT = Path(__file__).parents[2]
_SNIPPET = re.compile(r"```mel[^\n]*\n(.*?)```", re.DOTALL)


def _examples() -> tuple[str, ...]:
    """Every pipeline of the project, right or wrong, and every snippet of its pages."""
    files = sorted((*ROOT.glob("pipelines/**/*.mel"), *ROOT.glob("tests/**/*.mel")))
    pages = sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))
    texts = [path.read_bytes().decode("utf-8", "replace") for path in files]
    return (*texts, *(s for page in pages for s in _SNIPPET.findall(page.read_text("utf-8"))))


EXAMPLES = _examples()
GOOD_EXAMPLES = tuple(text for text in EXAMPLES if not has_errors(load("p.mel", text, {}).diagnostics))
"""Those whose names all mean something: with a number or a name changed, a compiler's pass may object."""

IS_LONG = os.environ.get("MELTICA_FUZZ") == "long"
PROGRAMS = 1_000 if IS_LONG else 60
"""Programs of each kind in one round: the twenty rounds of `make fuzz` look at 20,000."""
many = settings(max_examples=PROGRAMS, deadline=None, suppress_health_check=list(HealthCheck))

_BYTES = (
    b"{",
    b"}",
    b"[",
    b"(",
    b"=",
    b"->",
    b"|",
    b'"',
    b"#",
    b"\n",
    b"pool ",
    b" in ",
    b"5s",
    b"\xff",
    b"\0",
)
_WORDS = (
    *("pipeline", "provider", "pool", "route", "strategy", "risk", "sink", "stage", "test", "let", "place"),
    *("where", "depth", "dedupe", "sample", "throttle", "kline", "merge", "conflate", "within", "via", "for"),
    *("if", "then", "else", "in", "not", "and", "or", "true", "import", "durable", "at", "expect", "secret"),
    *("trade", "book", "ticker", "symbol", "price", "side", "buy", "s", "env", "block", "drop_oldest"),
    *("=", "{", "}", "[", "]", "(", ")", "->", "|", ",", ".", "==", ">=", "+", "-", "*", "/", "%"),
    *("0", "1", "-1", "5s", "2%", "5/s", "64KiB", "1e9", "1__0", "99999999999999", "0.000000001", "BTC-USDT"),
    *('""', '"x"', '"{date}"', '"quickstart.mel"', '"market-making:latest"', '"\\u{1F600}"', '"NAME"'),
)


@st.composite
def bytes_changed(draw):
    """The bytes of an example with a few of them changed."""
    content = bytearray(draw(st.sampled_from(EXAMPLES)).encode("utf-8", "replace"))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(content)))
        match draw(st.integers(0, 3)):
            case 0:
                del content[place : place + draw(st.integers(1, 30))]
            case 1:
                content[place:place] = draw(st.sampled_from(_BYTES))
            case 2:
                content[place : place + 1] = draw(st.binary(min_size=1, max_size=4))
            case _:
                start = draw(st.integers(0, len(content)))
                content[place:place] = content[start : start + 60]
    return bytes(content)


_LITERALS = tuple(word for word in _WORDS if word[0].isdigit())


@st.composite
def values_changed(draw):
    """The text of a good example, a few of its names, words and literals changed for others of their kind."""
    text = draw(st.sampled_from(GOOD_EXAMPLES))
    tokens = [token for token in lex("p.mel", text).tokens if token.kind in ("NAME", "LITERAL", "STRING")]
    places = draw(st.sets(st.integers(0, len(tokens) - 1), min_size=1, max_size=3))
    for place in sorted(places, reverse=True):
        token = tokens[place]
        alike = [other.text for other in tokens if other.kind == token.kind]
        alike += _LITERALS if token.kind == "LITERAL" else ()
        text = text[: token.start] + draw(st.sampled_from(alike)) + text[token.end :]
    return text


@st.composite
def tokens_changed(draw):
    """The text of an example with a few tokens left out, doubled, put elsewhere or in place of others."""
    text = draw(st.sampled_from(EXAMPLES))
    tokens = lex("p.mel", text).tokens[:-1]
    gaps = [text[a.end : b.start] for a, b in pairwise(tokens)]
    parts = [[token.text, gap] for token, gap in zip(tokens, (*gaps, "\n"), strict=True)] or [["", "\n"]]
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(parts) - 1))
        other = draw(st.integers(0, len(parts) - 1))
        match draw(st.integers(0, 4)):
            case 0:
                parts[place][0] = ""
            case 1:
                parts[place][0] = draw(st.sampled_from(_WORDS))
            case 2:
                parts[place][0] = parts[other][0]
            case 3:
                parts[place], parts[other] = parts[other], parts[place]
            case _:
                first, last = sorted((place, other))
                parts[first:first] = [list(part) for part in parts[first : min(last, first + 40)]]
    return "".join(piece for part in parts for piece in part)
