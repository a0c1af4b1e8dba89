"""Routes: sources of one event type, a pool, stages, and targets."""

from __future__ import annotations

from msgspec import Struct, field

from meltica_dsl import syntax
from meltica_dsl.diagnostics.diagnostic import Diagnostic, Label
from meltica_dsl.model.disabled import Cause, Disabled
from meltica_dsl.model.fields import EVENT_BY_NAME, EventType
from meltica_dsl.model.pipeline import Route, RouteSource, Source, Target
from meltica_dsl.resolve.constants import Constants
from meltica_dsl.resolve.instances import Instance
from meltica_dsl.resolve.references import one, several
from meltica_dsl.resolve.scope import TARGETS, DeclKind, Scope
from meltica_dsl.resolve.stages import StageExpander
from meltica_dsl.resolve.suggestions import did_you_mean, misspelling_fixes
from meltica_dsl.text.source import Span

AnySource = Source | RouteSource


class _Feed(Struct, frozen=True):
    """One source as it is written: the event it gives, and who gives it, nobody if that is switched off. What
    a route that is switched off would give is not known."""

    event: EventType | None
    sources: tuple[AnySource, ...]
    span: Span


class Upstream(Struct, frozen=True):
    """What is known of the routes that others read: their declarations' names, and what each of those gives
    that is valid so far, by full name."""

    read: frozenset[str]
    given: dict[str, EventType] = field(default_factory=dict)


def route(
    declaration: syntax.RouteDecl, instance: Instance, constants: Constants, upstream: Upstream
) -> Route | Disabled | None:
    """The route, or why it is not there: all its sources or all its targets are switched off. None if it is
    invalid, which is reported."""
    scope, before = instance.scope, len(constants.diagnostics)
    pool_name = constants.node_name(declaration.pool, scope)
    pool = pool_name and one(pool_name, constants, DeclKind.POOL)
    feeds = [_feed(reference, scope, constants, upstream) for reference in declaration.sources]
    event = _shared_event(feeds, constants)
    stages = StageExpander(constants, event).expand(declaration.calls, scope) if event else ()
    targets = _targets(declaration, scope, constants)
    if pool is None or None in feeds or targets is None or len(constants.diagnostics) > before:
        return None
    sources = tuple(source for feed in feeds if feed is not None for source in feed.sources)
    if not sources:
        return Disabled(declaration.sources[0].span, Cause.SOURCES)
    if declaration.targets and not targets and declaration.name.text not in upstream.read:
        return Disabled(declaration.targets[0].span, Cause.TARGETS)
    return Route(
        name=instance.name,
        pool=pool,
        sources=tuple(source for source in sources if isinstance(source, Source)),
        stages=stages,
        targets=targets,
        durable=declaration.durable,
        span=declaration.span,
        name_span=declaration.name.span,
        pool_span=declaration.pool.span,
        routes=tuple(source for source in sources if isinstance(source, RouteSource)),
    )


def _feed(
    reference: syntax.SourceRef, scope: Scope, constants: Constants, upstream: Upstream
) -> _Feed | None:
    owner = constants.node_name(reference.owner, scope)
    if owner is None:
        return None
    if reference.event is None:
        if constants.names.has(DeclKind.ROUTE, reference.owner.name.text):
            return _route_feed(owner, reference, constants, upstream)
        _report_no_event(owner, reference, constants)
        return None
    providers = several(owner, constants, DeclKind.PROVIDER)
    event = EVENT_BY_NAME.get(reference.event.text)
    if event is None:
        constants.diagnostics.add(unknown_event(reference.event))
    if event is None or providers is None:
        return None
    sources = tuple(Source(provider, event, reference.span) for provider in providers)
    return _Feed(event, sources, reference.span)


def _route_feed(
    owner: syntax.Name, reference: syntax.SourceRef, constants: Constants, upstream: Upstream
) -> _Feed | None:
    """What the instances of a route give, which is one type of event; None if one of them is invalid."""
    routes = several(owner, constants, DeclKind.ROUTE)
    if routes is None or not all(name in upstream.given for name in routes):
        return None
    sources = tuple(RouteSource(name, upstream.given[name], reference.span) for name in routes)
    return _Feed(sources[0].event if sources else None, sources, reference.span)


def _report_no_event(owner: syntax.Name, reference: syntax.SourceRef, constants: Constants) -> None:
    names, diagnostics, base = constants.names, constants.diagnostics, reference.owner.name.text
    if not names.has(DeclKind.PROVIDER, base):
        names.require(syntax.Name(base, owner.span), DeclKind.PROVIDER, DeclKind.ROUTE)
    elif several(owner, constants, DeclKind.PROVIDER) is not None:
        events = ", ".join(f"`{base}.{name}`" for name in EVENT_BY_NAME)
        message = f"`{owner.text}` gives several events: say which"
        diagnostics.add(Diagnostic("E0203", message, reference.span, help=(f"they are {events}",)))


def unknown_event(name: syntax.Name) -> Diagnostic:
    known = list(EVENT_BY_NAME)
    return Diagnostic(
        "E0203",
        f"there are no `{name.text}` events",
        name.span,
        "not an event",
        help=did_you_mean(name.text, known) or (f"events are {', '.join(f'`{e}`' for e in known)}",),
        fixes=misspelling_fixes(name.text, name.span, known),
    )


def _shared_event(feeds: list[_Feed | None], constants: Constants) -> EventType | None:
    """The event that all sources give: that of the first, where others are reported."""
    first: tuple[EventType, Span] | None = None
    seen: set[str] = set()
    for feed in feeds:
        if feed is None or feed.event is None:
            continue
        first = first or (feed.event, feed.span)
        if feed.event is not first[0]:
            constants.diagnostics.add(
                Diagnostic(
                    "E0208",
                    f"a route takes one type of event, not {first[0].name} and {feed.event.name}",
                    feed.span,
                    f"gives {feed.event.name} events",
                    labels=(Label(first[1], f"gives {first[0].name} events"),),
                    help=("give each type of event a route of its own",),
                )
            )
            continue
        for source in feed.sources:
            spelled = _spelled(source)
            if spelled in seen:
                message = f"`{spelled}` is a source twice"
                constants.diagnostics.add(Diagnostic("E0215", message, source.span, help=("remove one",)))
            seen.add(spelled)
    return first[0] if first else None


def _spelled(source: AnySource) -> str:
    return source.route if isinstance(source, RouteSource) else f"{source.provider}.{source.event.name}"


def _targets(declaration: syntax.RouteDecl, scope: Scope, constants: Constants) -> tuple[Target, ...] | None:
    """Where the arrow leads, without what is switched off. None if nothing is known of one of them."""
    targets: dict[str, Target] = {}
    is_valid = True
    for node in declaration.targets:
        name = constants.node_name(node, scope)
        meant = None if name is None else several(name, constants, *TARGETS)
        is_valid = is_valid and meant is not None
        for target in meant or ():
            if target in targets:
                message = f"`{target}` is a target twice"
                constants.diagnostics.add(Diagnostic("E0215", message, node.span, help=("remove one",)))
            targets[target] = Target(target, node.span)
    return tuple(targets.values()) if is_valid else None
