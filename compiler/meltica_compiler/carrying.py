"""Which stages of a route keep what they remember when the route is changed while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from meltica_compiler.graph import RouteNode
from meltica_compiler.plain import content_text
from meltica_dsl.model import Depth, Stage, Where


def remembers(stage: Stage) -> bool:
    """Whether the stage's answer to an event depends on those before it."""
    return not isinstance(stage, Where | Depth)


def carried_stages(old: RouteNode, new: RouteNode) -> Iterator[tuple[int, int]]:
    """Positions, in the stages of `old` and of `new`, of those that are the same and in the same order
    among those that remember. What goes by between them may have changed."""
    if (old.event, old.depth) != (new.event, new.depth):
        return
    before = [(content_text(stage), i) for i, stage in enumerate(old.stages) if remembers(stage)]
    after = [(content_text(stage), i) for i, stage in enumerate(new.stages) if remembers(stage)]
    matcher = SequenceMatcher(None, [text for text, _ in before], [text for text, _ in after], autojunk=False)
    for block in matcher.get_matching_blocks():
        for k in range(block.size):
            yield before[block.a + k][1], after[block.b + k][1]
