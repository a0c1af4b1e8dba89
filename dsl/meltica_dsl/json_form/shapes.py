"""What the JSON form is made of: the kinds of declarations and their parts.

Reading, writing and the JSON Schema go by this one table.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

FORMAT_VERSION = "1"
"""The number under `meltica`, at the top. It grows when files of old could be misunderstood."""


class Shape(Enum):
    """What a part holds; `json_form/schema.py` says each in full."""

    NAME = "name"
    NAMES = "names"
    STRING = "string"
    VALUE = "value"
    SETTINGS = "settings"
    MODIFIERS = "modifiers"
    POOL = "pool"
    SOURCES = "sources"
    STAGES = "stages"
    TARGETS = "targets"
    STEPS = "steps"
    TRUTH = "truth"
    COMMENT = "comment"
    COMMENTS = "comments"


class Part(NamedTuple):
    key: str
    shape: Shape
    is_required: bool
    doc: str


def _needed(key: str, shape: Shape, doc: str) -> Part:
    return Part(key, shape, is_required=True, doc=doc)


def _optional(key: str, shape: Shape, doc: str) -> Part:
    return Part(key, shape, is_required=False, doc=doc)


_NAME = _needed("name", Shape.NAME, "the declared name")
_MODIFIERS = _optional("modifiers", Shape.MODIFIERS, "`for` and `if`, in their order")
_SETTINGS = _needed("settings", Shape.SETTINGS, "what stands in the braces")
_MAYBE_SETTINGS = _optional("settings", Shape.SETTINGS, "what stands in the braces")
_STAGES = _optional("stages", Shape.STAGES, "the stages, each as in a file: `where price > 5`")
_OPEN = _optional("open", Shape.COMMENT, "the comment at the end of the first line")
_BELOW = _optional("below", Shape.COMMENTS, "comments after the last of its parts")
_BLOCK = (_NAME, _MODIFIERS, _SETTINGS)

COMMENTS = (
    _optional("above", Shape.COMMENTS, "comments on the lines above, an empty text for an empty line"),
    _optional("beside", Shape.COMMENT, "the comment at the end of the last line"),
)
"""Parts of every declaration, and of every entry, stage and the like in its long form."""

KINDS: Mapping[str, tuple[Part, ...]] = MappingProxyType(
    {
        "pipeline": (_NAME, _MAYBE_SETTINGS),
        "import": (_needed("path", Shape.STRING, "the file, relative to this one"),),
        "let": (_NAME, _needed("value", Shape.VALUE, "the constant")),
        "provider": _BLOCK,
        "pool": _BLOCK,
        "risk": _BLOCK,
        "place": _BLOCK,
        "strategy": (
            _NAME,
            _MODIFIERS,
            _needed("module", Shape.VALUE, "the module's selector"),
            _MAYBE_SETTINGS,
        ),
        "sink": (
            _NAME,
            _MODIFIERS,
            _needed("type", Shape.NAME, "the kind of sink"),
            _MAYBE_SETTINGS,
        ),
        "stage": (
            _NAME,
            _optional("parameters", Shape.NAMES, "names of the parameters"),
            _STAGES._replace(is_required=True),
            _OPEN,
        ),
        "route": (
            _NAME,
            _MODIFIERS,
            _needed("via", Shape.POOL, "the pool: `market`, or of a family `market[BTC-USDT]`"),
            _optional("durable", Shape.TRUTH, "whether only pools that lose nothing will do"),
            _needed("sources", Shape.SOURCES, "`provider.event`, or names of routes"),
            _STAGES,
            _optional("targets", Shape.TARGETS, "names of strategies and sinks"),
            _OPEN,
        ),
        "test": (
            _needed("title", Shape.STRING, "what it shows"),
            _needed("steps", Shape.STEPS, "each as in a file: `expect maker receives nothing`"),
            _OPEN,
            _BELOW,
        ),
    }
)
