"""Which stages of a route keep what they remember when the route is changed while it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from meltica_compiler.graph.canonical import content_text
from meltica_compiler.graph.graph import RouteNode
from meltica_dsl.model.fields import EVENT_BY_NAME
from meltica_dsl.model.pipeline import Depth, Merge, Stage, Where, event_after


def is_stateful(stage: Stage) -> bool:
    """Whether the stage's answer to an event depends on those before it."""
    return not isinstance(stage, Where | Depth)


def transferred_stages(
    old: RouteNode, new: RouteNode, behind_old: Iterable[str], behind_new: Iterable[str]
) -> Iterator[tuple[int, int]]:
    """Positions, in the stages of `old` and of `new`, of those that are the same and in the same order
    among those that remember. What goes by between them may have changed. `behind_old` and `behind_new` are
    the providers whose events may come into each."""
    if (old.event, old.depth) != (new.event, new.depth):
        return
    before, after = tuple(_keyed(old, behind_old)), tuple(_keyed(new, behind_new))
    matcher = SequenceMatcher(None, [text for text, _ in before], [text for text, _ in after], autojunk=False)
    for block in matcher.get_matching_blocks():
        for k in range(block.size):
            yield before[block.a + k][1], after[block.b + k][1]


def _keyed(route: RouteNode, behind: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Of each stage that has state: what it is and which event it takes, and its position."""
    for i, stage in enumerate(route.stages):
        if is_stateful(stage):
            event = event_after(EVENT_BY_NAME[route.event], route.stages[:i])
            # Who is waited for is a part of what is remembered.
            waited_for = ", ".join(behind) if isinstance(stage, Merge) else ""
            yield f"{event.name} {content_text(stage)} {waited_for}", i
