"""What may be written in a `test`: steps, and what is expected."""

from __future__ import annotations

from collections.abc import Iterator

from meltica_compiler.intelligence.suggestion import Knowledge, Shape, Suggestion, words
from meltica_compiler.intelligence.values import names
from meltica_dsl.intelligence.completion_context import CompletionContext
from meltica_dsl.model.fields import EVENT_BY_NAME
from meltica_dsl.model.scenario import VERBS, Verb
from meltica_dsl.resolve.scope import TARGETS, DeclKind

_STEPS = (
    Suggestion(
        "at",
        Shape.KEYWORD,
        "at TIME PROVIDER.EVENT { … }",
        "An event comes, events of a file, or a fault.",
        "at ${1:0ms} ",
    ),
    Suggestion("expect", Shape.KEYWORD, "expect NAME VERB …", "What must have happened.", "expect "),
)


def step_suggestions() -> tuple[Suggestion, ...]:
    return _STEPS


def expectation_suggestions(context: CompletionContext, known: Knowledge) -> Iterator[Suggestion]:
    """What may follow the words that an expectation has already."""
    said = context.key.split()
    if not said:
        yield from names(known.index, *TARGETS, DeclKind.ROUTE, DeclKind.PROVIDER)
        return
    if len(said) == 1:
        yield from words(_verbs(said[0], known), Shape.KEYWORD)
        return
    verb = next((verb for verb in Verb if verb.value == said[1]), None)
    if said[-1] == "at":
        yield from words(("least", "most"), Shape.KEYWORD)
    elif verb is not None and said[-1] != "by":
        yield from _after(verb, said[2:])


def _verbs(node: str, known: Knowledge) -> Iterator[str]:
    for subject, verbs in VERBS.items():
        if node in known.index.names(DeclKind(subject.value)):
            yield from (verb.value for verb in verbs)


def _after(verb: Verb, said: list[str]) -> Iterator[Suggestion]:
    if not said:
        yield Suggestion("nothing", Shape.KEYWORD, "none at all", rank=0)
        yield Suggestion("at least", Shape.KEYWORD, "a number or more", insert="at least ${1:1}")
        yield Suggestion("at most", Shape.KEYWORD, "a number or fewer", insert="at most ${1:1}")
    if verb.is_of_events and not any(word in EVENT_BY_NAME for word in said):
        yield from words((e.name for e in EVENT_BY_NAME.values() if e.hot), Shape.EVENT, rank=1)
    if "by" not in said:
        yield Suggestion("by", Shape.KEYWORD, "by TIME", "It has happened by then.", "by ${1:1s}", 6)
