"""Routes: sources of one event type, a pool, stages, and targets."""

from __future__ import annotations

from meltica_dsl import syntax
from meltica_dsl.diagnostics import Diagnostic, Label
from meltica_dsl.fields import EVENT_BY_NAME, EventType
from meltica_dsl.model import Route, Source, Target
from meltica_dsl.resolve.constants import Constants
from meltica_dsl.resolve.scope import FILE_SCOPE, TARGETS, Noun, did_you_mean, rename
from meltica_dsl.resolve.stages import StageExpander
from meltica_dsl.resolve.unsupported import unsupported


def route(declaration: syntax.RouteDecl, constants: Constants) -> Route | None:
    names, before = constants.names, len(constants.findings)
    has_pool = names.require(declaration.pool, Noun.POOL)
    sources = [_source(reference, constants) for reference in declaration.sources]
    event = _shared_event(sources, constants)
    stages = StageExpander(constants, event).expand(declaration.calls, FILE_SCOPE) if event else ()
    targets = _targets(declaration, constants)
    sound = tuple(source for source in sources if source is not None)
    is_sound = has_pool and len(sound) == len(sources) and len(targets) == len(declaration.targets)
    if not is_sound or len(constants.findings) > before:
        return None
    return Route(
        name=declaration.name.text,
        pool=declaration.pool.text,
        sources=sound,
        stages=stages,
        targets=targets,
        durable=declaration.durable,
        span=declaration.span,
        name_span=declaration.name.span,
        pool_span=declaration.pool.span,
    )


def _source(reference: syntax.SourceRef, constants: Constants) -> Source | None:
    names, findings = constants.names, constants.findings
    if reference.event is None:
        if names.has(Noun.ROUTE, reference.owner.text):
            findings.add(unsupported("a route as the source of a route", reference.span))
        elif names.has(Noun.PROVIDER, reference.owner.text):
            events = ", ".join(f"`{reference.owner.text}.{name}`" for name in EVENT_BY_NAME)
            message = f"`{reference.owner.text}` gives several events: say which"
            findings.add(Diagnostic("E0203", message, reference.span, help=(f"they are {events}",)))
        else:
            names.require(reference.owner, Noun.PROVIDER)
        return None
    has_provider = names.require(reference.owner, Noun.PROVIDER)
    event = EVENT_BY_NAME.get(reference.event.text)
    if event is None:
        findings.add(unknown_event(reference.event))
    if event is None or not has_provider:
        return None
    return Source(reference.owner.text, event, reference.span)


def unknown_event(name: syntax.Name) -> Diagnostic:
    known = list(EVENT_BY_NAME)
    return Diagnostic(
        "E0203",
        f"there are no `{name.text}` events",
        name.span,
        "not an event",
        help=did_you_mean(name.text, known) or (f"events are {', '.join(f'`{e}`' for e in known)}",),
        fixes=rename(name.text, name.span, known),
    )


def _shared_event(sources: list[Source | None], constants: Constants) -> EventType | None:
    """The event that all sources give: that of the first, where others are reported."""
    first: Source | None = None
    seen: set[tuple[str, str]] = set()
    for source in sources:
        if source is None:
            continue
        first = first or source
        if source.event is not first.event:
            constants.findings.add(
                Diagnostic(
                    "E0208",
                    f"a route takes one type of event, not {first.event.name} and {source.event.name}",
                    source.span,
                    f"gives {source.event.name} events",
                    labels=(Label(first.span, f"gives {first.event.name} events"),),
                    help=("give each type of event a route of its own",),
                )
            )
        elif (source.provider, source.event.name) in seen:
            message = f"`{source.provider}.{source.event.name}` is a source twice"
            constants.findings.add(Diagnostic("E0215", message, source.span, help=("remove one",)))
        seen.add((source.provider, source.event.name))
    return first.event if first else None


def _targets(declaration: syntax.RouteDecl, constants: Constants) -> tuple[Target, ...]:
    targets: dict[str, Target] = {}
    for name in declaration.targets:
        if not constants.names.require(name, *TARGETS):
            continue
        if name.text in targets:
            message = f"`{name.text}` is a target twice"
            constants.findings.add(Diagnostic("E0215", message, name.span, help=("remove one",)))
            continue
        targets[name.text] = Target(name.text, name.span)
    return tuple(targets.values())
