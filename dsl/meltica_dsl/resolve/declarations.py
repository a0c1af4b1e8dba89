"""Providers, pools, risks, strategies and sinks: from their settings to the typed model."""

from __future__ import annotations

import re
from decimal import Decimal

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Fix, replacement
from meltica_dsl.model.pipeline import FullPolicy, Linger, Pool, Provider, Selector, Sink, Strategy
from meltica_dsl.model.values import Duration, Secret, Setting, Size, Word, type_phrase
from meltica_dsl.resolve.block import Block
from meltica_dsl.resolve.constants import Constants
from meltica_dsl.resolve.instances import Instance
from meltica_dsl.resolve.references import one
from meltica_dsl.resolve.scope import DeclKind, Scope
from meltica_dsl.resolve.secrets import refuse_secrets
from meltica_dsl.resolve.setting_errors import secret_here
from meltica_dsl.syntax import Name
from meltica_dsl.text.source import Span

MAX_POOL_EVENTS = 16_777_216
"""Records of one ring. At 64 bytes a trade it is 1 GiB: a longer backlog is a store's business."""

MAX_RESTARTS = 1_000_000

DEFAULT_LINGER = Duration(200_000)
"""200us: two calls into V8 cost more, so waiting that long for the next event pays."""
DEFAULT_MEMORY = Size(64 * 2**20)
"""64MiB: V8 itself takes under 1, the rest is for what a strategy remembers."""
DEFAULT_DRAIN_LIMIT = Duration(1_000_000_000)
"""1s: a thousand times what a handler needs; beyond it hangs."""
DEFAULT_RESTARTS = 5

ZERO = Duration(0)
INSTANT = Duration(1)
"""The shortest duration where zero makes no sense."""

_MIN_MEMORY = Size(4 * 2**20)
"""What an isolate needs to start."""

_SELECTOR = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?::(?P<tag>[A-Za-z0-9][A-Za-z0-9._-]*)|@sha256:(?P<sha>[0-9a-f]{64}))?"
)


def provider(declaration: syntax.ProviderDecl, instance: Instance, constants: Constants) -> Provider | None:
    block = _block(declaration, instance, constants, DeclKind.PROVIDER)
    adapter_setting = block.take("adapter")
    adapter = block.required("adapter", block.typed.word, "fake")
    symbols = block.required(
        "symbols",
        lambda key, setting: block.typed.items(key, setting, block.typed.symbol, "[BTC-USDT]"),
        "[BTC-USDT]",
    )
    settings, invalid_keys = block.rest()
    if adapter is None or adapter_setting is None or symbols is None:
        return None
    return Provider(
        instance.name,
        adapter,
        adapter_setting.span,
        symbols,
        settings,
        declaration.span,
        declaration.name.span,
        invalid_keys,
    )


def pool(declaration: syntax.PoolDecl, instance: Instance, constants: Constants) -> Pool | None:
    block = _block(declaration, instance, constants, DeclKind.POOL)
    choices = tuple(policy.value for policy in FullPolicy)
    events = block.required(
        "events", lambda key, setting: block.typed.whole(key, setting, 1, MAX_POOL_EVENTS), "65_536"
    )
    on_full = block.required(
        "on_full", lambda key, setting: block.typed.one_of(key, setting, choices), "drop_oldest"
    )
    block.finish()
    if events is None or on_full is None:
        return None
    return Pool(instance.name, events, FullPolicy(on_full), declaration.span, declaration.name.span)


def sink(declaration: syntax.SinkDecl, instance: Instance, constants: Constants) -> Sink:
    block = _block(declaration, instance, constants, DeclKind.SINK)
    settings, invalid_keys = block.rest()
    refuse_secrets(settings, "a sink", constants.diagnostics)
    return Sink(
        instance.name,
        declaration.kind.text,
        declaration.kind.span,
        settings,
        declaration.span,
        declaration.name.span,
        invalid_keys,
    )


def strategy(declaration: syntax.StrategyDecl, instance: Instance, constants: Constants) -> Strategy | None:
    block = _block(declaration, instance, constants, DeclKind.STRATEGY, ("config",))
    typed = block.typed
    selector = _selector(declaration.selector, instance.scope, constants)
    before = len(constants.diagnostics)
    trade_on = _named(block, "trade_on", DeclKind.PROVIDER, constants)
    risk = _named(block, "risk", DeclKind.RISK, constants)
    is_connected = len(constants.diagnostics) == before
    is_connected = is_connected and not (block.is_invalid("trade_on") or block.is_invalid("risk"))
    config = block.take_block("config", "{ size = 0.01 }")
    refuse_secrets(config.settings if config else {}, "JavaScript", constants.diagnostics)
    dry_run = block.default("dry_run", typed.boolean, True)
    linger = block.default("linger", lambda key, value: _linger(block, key, value), Linger(DEFAULT_LINGER))
    memory = block.default("memory", lambda k, v: typed.size(k, v, _MIN_MEMORY), DEFAULT_MEMORY)
    drain_limit = block.default(
        "drain_limit", lambda k, v: typed.duration(k, v, "s", INSTANT), DEFAULT_DRAIN_LIMIT
    )
    restarts = block.default("restarts", lambda k, v: typed.whole(k, v, 0, MAX_RESTARTS), DEFAULT_RESTARTS)
    block.finish()
    if selector is None or config is None or not is_connected:
        return None
    return Strategy(
        name=instance.name,
        selector=selector,
        trade_on=trade_on[0] if trade_on else None,
        trade_on_span=trade_on[1] if trade_on else None,
        risk=risk[0] if risk else None,
        config=config.settings,
        dry_run=dry_run,
        linger=linger,
        memory=memory,
        drain_limit=drain_limit,
        restarts=restarts,
        span=declaration.span,
        name_span=declaration.name.span,
        invalid_keys=config.invalid_keys,
    )


def _block(
    declaration: syntax.ProviderDecl | syntax.PoolDecl | syntax.SinkDecl | syntax.StrategyDecl,
    instance: Instance,
    constants: Constants,
    decl_kind: DeclKind,
    blocks: tuple[str, ...] = (),
) -> Block:
    name = declaration.name
    owner = f"{decl_kind.value} `{name.text}`"
    return Block(declaration.body, constants, owner, name.span, blocks, instance.scope)


def _named(block: Block, key: str, decl_kind: DeclKind, constants: Constants) -> tuple[str, Span] | None:
    """The declaration that a key names, and where."""
    setting = block.take(key)
    word = None if setting is None else block.typed.word(key, setting)
    if setting is None or word is None:
        return None
    name = one(Name(word, setting.span), constants, decl_kind)
    return None if name is None else (name, setting.span)


def _linger(block: Block, key: str, setting: Setting) -> Linger | None:
    if isinstance(setting.value, Word) and setting.value.text == "always":
        return Linger(ZERO, always=True)
    if isinstance(setting.value, Decimal) and setting.value == 0:
        return Linger(ZERO)
    duration = block.typed.duration(key, setting, "us", ZERO)
    return None if duration is None else Linger(duration)


def _quoted(setting: Setting, span: Span) -> tuple[Fix, ...]:
    """A bare word in the quotes that it lacks."""
    if not isinstance(setting.value, Word):
        return ()
    text = f'"{setting.value.text}"'
    return (replacement(span, text),)


def _selector(expr: syntax.Expr, scope: Scope, constants: Constants) -> Selector | None:
    setting = constants.evaluate(expr, scope)
    if setting is None:
        return None
    form = 'a selector is `"name"`, `"name:tag"` or `"name@sha256:…"`, with 64 hexadecimal digits'
    if isinstance(setting.value, Secret):
        constants.diagnostics.add(secret_here(expr.span, "a selector"))
        return None
    if not isinstance(setting.value, str):
        message = f"a strategy is selected by a string, not by {type_phrase(setting.value)}"
        constants.diagnostics.add(
            Diagnostic("E0301", message, expr.span, help=(form,), fixes=_quoted(setting, expr.span))
        )
        return None
    match = _SELECTOR.fullmatch(setting.value)
    if match is None:
        message = f"`{setting.value}` selects no strategy"
        constants.diagnostics.add(Diagnostic("E0310", message, expr.span, help=(form,)))
        return None
    return Selector(setting.value, match["name"], match["tag"], match["sha"], expr.span)
