"""Codes of strategies and their modules: E05xx."""

from __future__ import annotations

from meltica_dsl.codes.code import Code

_SELECTING = (
    Code(
        "E0501",
        "there is no such strategy",
        """A selector names a strategy that neither the registry nor the strategies folder holds.

    strategy maker = "market-makng:latest" { … }

A selector is `name`, `name:tag` or `name@sha256:…`. The folder is `strategies.directory` of the
config. A module is found through the folder's `registry.json`, or, where the config does not
demand a registry, as `NAME.js` or `NAME/TAG/NAME.js`.""",
    ),
    Code(
        "E0502",
        "the strategy has no such tag",
        """The strategy is known, the tag is not.

    strategy maker = "market-making:2.0.0" { … }

A selector without a tag means `latest`. The message lists the tags that there are.""",
    ),
    Code(
        "E0503",
        "no revision of the strategy has this hash",
        """A selector `name@sha256:…` names exact bytes, and no file of the strategy has them. It was written
for another version of the file: put that version back, or name the hash of the one that is there.""",
    ),
    Code(
        "E0504",
        "the strategy's file is not the one that was registered",
        """`registry.json` holds the sha256 of every registered file, and this file's bytes have another one:
it was edited after it was registered. What was reviewed and registered is what runs, so this is
an error.

Put the registered file back; or, if the change is meant, raise its `tag` and register it:

    python -m meltica_compiler.modules strategies""",
    ),
    Code(
        "E0505",
        "the strategy's file cannot be read",
        """The selector leads to a file that does not exist, may not be read, is not UTF-8 text, is larger
than 1 MiB, or lies outside the strategies folder.""",
    ),
    Code(
        "E0506",
        "the strategy is not registered",
        """The file exists, but `strategies.requireRegistry` is on and `registry.json` does not name it.
Register it:

    python -m meltica_compiler.modules strategies""",
    ),
    Code(
        "E0507",
        "the strategy registry is broken",
        """`registry.json` cannot be read, or is not of this shape:

    {"NAME": {"tags": {"TAG": "sha256:…"}, "hashes": {"sha256:…": {"tag": "TAG", "path": "FILE"}}}}

The message says at which line. It can be written anew from the files:

    python -m meltica_compiler.modules strategies""",
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
    ),
    Code(
        "E0512",
        "the strategy module fails while it loads",
        """The module throws, or takes too much time or memory, before it has exported anything. While it
loads, a module has only the JavaScript language: no `require`, no timers, no console. What a
strategy may use it gets as `env` in `create(env)`.""",
    ),
    Code(
        "E0513",
        "the strategy module's exports are not what they must be",
        """A module exports `metadata`, which says what it is called, which events it handles and which
config it takes, and `create(env)`, which returns its handlers. The message names the part that is
missing or wrong; `docs/strategies.md` has the contract whole.""",
    ),
)

CODES: tuple[Code, ...] = (*_SELECTING, *_MODULES)
