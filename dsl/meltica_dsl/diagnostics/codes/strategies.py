"""Codes of strategies and their modules: E05xx."""

from __future__ import annotations

from hashlib import sha256

from meltica_dsl.diagnostics.codes.code import Code, Example

_USE = """\
strategy mine = "mine"
route trades via market = paper.trade -> mine"""

_MODULE = """\
module.exports = {
  metadata: {
    name: 'mine', tag: '1.0.0', displayName: 'Mine', description: 'Does nothing.',
    config: [], events: ['Trade'],
  },
  create() { return { onTrade() {} }; },
};
"""

_SHA256 = sha256(_MODULE.encode()).hexdigest()
_OTHER_SHA256 = 64 * "0"


def _registry(sha256: str, path: str) -> str:
    return f"""\
{{"mine": {{
  "tags": {{"latest": "sha256:{sha256}"}},
  "hashes": {{"sha256:{sha256}": {{"tag": "1.0.0", "path": "{path}"}}}}
}}}}
"""


_SELECTING = (
    Code(
        "E0501",
        "there is no such strategy",
        """A selector names a strategy that neither the registry nor the strategies folder holds.

A selector is `name`, `name:tag` or `name@sha256:…`. The folder is `strategies.directory` of the
config. A module is found through the folder's `registry.json`, or, where the config does not
demand a registry, as `NAME.js` or `NAME/TAG/NAME.js`.""",
        Example(
            'strategy pulse = "loger:latest"',
            'strategy pulse = "logger:latest"',
        ),
    ),
    Code(
        "E0502",
        "the strategy has no such tag",
        """The strategy is known, the tag is not.

A selector without a tag means `latest`. The message lists the tags that there are.""",
        Example(
            'strategy pulse = "logger:0.0.99"',
            'strategy pulse = "logger:latest"',
        ),
    ),
    Code(
        "E0503",
        "no revision of the strategy has this hash",
        """A selector `name@sha256:…` names exact bytes, and no file of the strategy has them. It was written
for another version of the file: put that version back, or name the hash of the one that is there.""",
        Example(
            f'strategy pulse = "logger@sha256:{_OTHER_SHA256}"',
            'strategy pulse = "logger"',
        ),
    ),
    Code(
        "E0504",
        "the strategy's file is not the one that was registered",
        """`registry.json` holds the sha256 of every registered file, and this file's bytes have another one:
it was edited after it was registered. What was reviewed and registered is what runs, so this is
an error.

Put the registered file back; or, if the change is meant, raise its `tag` and register it:

    meltica strategies --write-registry""",
        Example(
            _USE,
            beside={
                "strategies/mine.js": _MODULE,
                "strategies/registry.json": _registry(_OTHER_SHA256, "mine.js"),
            },
            mended={"strategies/registry.json": _registry(_SHA256, "mine.js")},
        ),
    ),
    Code(
        "E0505",
        "the strategy's file cannot be read",
        """The selector leads to a file that does not exist, may not be read, is not UTF-8 text, is larger
than 1 MiB, or lies outside the strategies folder.""",
        Example(
            _USE,
            beside={"strategies/registry.json": _registry(_OTHER_SHA256, "gone.js")},
            mended={"strategies/mine.js": _MODULE, "strategies/registry.json": _registry(_SHA256, "mine.js")},
        ),
    ),
    Code(
        "E0506",
        "the strategy is not registered",
        """The file exists, but `strategies.requireRegistry` is on and `registry.json` does not name it.
Register it:

    meltica strategies --write-registry""",
        Example(
            _USE,
            beside={
                "strategies/mine.js": _MODULE,
                "strategies/registry.json": "{}\n",
            },
            mended={"strategies/registry.json": _registry(_SHA256, "mine.js")},
        ),
    ),
    Code(
        "E0507",
        "the strategy registry is broken",
        """`registry.json` cannot be read, or is not of this shape:

    {"NAME": {"tags": {"TAG": "sha256:…"}, "hashes": {"sha256:…": {"tag": "TAG", "path": "FILE"}}}}

The message says at which line. It can be written anew from the files:

    meltica strategies --write-registry""",
        Example(
            _USE,
            beside={
                "strategies/mine.js": _MODULE,
                "strategies/registry.json": '{"mine": {"tags": []}}\n',
            },
            mended={"strategies/registry.json": _registry(_SHA256, "mine.js")},
        ),
    ),
)

_MODULES = (
    Code(
        "E0511",
        "the strategy module does not compile",
        """The module is not JavaScript as V8 understands it. The message gives the line and column in the
module.

Strategies are CommonJS scripts: `module.exports = { metadata, create }`, without `import` and
`export`.""",
        Example(
            _USE,
            beside={"strategies/mine.js": _MODULE.replace("metadata:", "metadata")},
            mended={"strategies/mine.js": _MODULE},
        ),
    ),
    Code(
        "E0512",
        "the strategy module fails while it loads",
        """The module throws, or takes too much time or memory, before it has exported anything. While it
loads, a module has only the JavaScript language: no `require`, no timers, no console. What a
strategy may use it gets as `env` in `create(env)`.""",
        Example(
            _USE,
            beside={"strategies/mine.js": "const fs = require('fs');\n" + _MODULE},
            mended={"strategies/mine.js": _MODULE},
        ),
    ),
    Code(
        "E0513",
        "the strategy module's exports are not what they must be",
        """A module exports `metadata`, which says what it is called, which events it handles and which
config it takes, and `create(env)`, which returns its handlers. The message names the part that is
missing or wrong; `docs/strategies.md` has the contract whole.""",
        Example(
            _USE,
            beside={"strategies/mine.js": "module.exports = { create() { return {}; } };\n"},
            mended={"strategies/mine.js": _MODULE},
        ),
    ),
)

_USING = (
    Code(
        "E0521",
        "the strategy does not handle these events",
        """\
A route sends the strategy events that its module does not list in
`metadata.events`, so no handler would be called for them.""",
        Example(
            "route candles via market = paper.kline -> maker",
            "route quotes via market = paper.book -> maker",
        ),
    ),
    Code(
        "E0522",
        "the strategy's config has no such key",
        """\
The keys of `config` are those that the module declares in `metadata.config`.
The message names the nearest one, or all of them.""",
        Example(
            'strategy maker = "market-making" { config { size = 0.01, sprad = 5bps } }',
            'strategy maker = "market-making" { config { size = 0.01, spread = 5bps } }',
        ),
    ),
    Code(
        "E0523",
        "a config value of the wrong type",
        """\
The module declares which type each of its keys has.

    string    a text in quotes, or a symbol
    int       a whole number
    float     a number, or a ratio: `5bps` reaches JavaScript as 0.0005
    bool      `true` or `false`
    duration  `500ms`; JavaScript gets the text '500ms'
    symbol    `BTC-USDT`; JavaScript gets the text 'BTC-USDT'
    list      `[1, 2]`
    object    `{ a = 1 }`""",
        Example(
            'strategy maker = "market-making" { config { size = 0.01, spread = 5ms } }',
            'strategy maker = "market-making" { config { size = 0.01, spread = 5bps } }',
        ),
    ),
    Code(
        "E0524",
        "a config key is missing",
        """\
The module says that this key is `required`, and gives no default for it.""",
        Example(
            'strategy maker = "market-making" { config { spread = 5bps } }',
            'strategy maker = "market-making" { config { spread = 5bps, size = 0.01 } }',
        ),
    ),
    Code(
        "E0525",
        "a strategy trades without limits",
        """\
Every order of a strategy passes a `risk` block, also in a dry run: limits
that are missing while trying out are missing when it counts.""",
        Example(
            'strategy maker = "market-making" { trade_on = paper, config { size = 0.01 } }',
            """\
risk careful { max_position = 1, max_open_orders = 10 }
strategy maker = "market-making" { trade_on = paper, risk = careful, config { size = 0.01 } }""",
        ),
    ),
)

CODES: tuple[Code, ...] = (*_SELECTING, *_MODULES, *_USING)
