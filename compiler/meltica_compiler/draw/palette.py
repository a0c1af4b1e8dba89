"""The colours of the drawings, for light and for dark pages."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from meltica_compiler.draw.diagram import Box, Lane, Link, LinkKind, Mark


class Shade(Struct, frozen=True):
    """One colour as `#rrggbb`: drawn as `light`, shown as `dark` where the page is dark."""

    light: str
    dark: str


class Tone(Struct, frozen=True):
    """The colours of one kind of node."""

    fill: Shade
    line: Shade


# Each light colour is used by one shade only: the HTML page finds a drawing's colours by it.
PAGE = Shade("#ffffff", "#11151c")
LANE = Shade("#f7f8fa", "#171c25")
LANE_LINE = Shade("#e4e7ec", "#262d3a")
INK = Shade("#1b2430", "#e8ecf2")
SOFT = Shade("#5d6978", "#9aa7b8")
RULE = Shade("#dfe4ea", "#303949")

PROVIDER = Tone(Shade("#e9f1fc", "#17283f"), Shade("#3a6eb1", "#6ea3e6"))
ROUTE = Tone(Shade("#e9f5f0", "#14302a"), Shade("#2d7a63", "#58b79a"))
STRATEGY = Tone(Shade("#f1edfb", "#2a2144"), Shade("#7254b8", "#ab92ea"))
SINK = Tone(Shade("#f5f1e8", "#302a1d"), Shade("#7f6a46", "#c2a878"))
RISK = Tone(Shade("#fcedec", "#3a1f1f"), Shade("#b9473c", "#ec8478"))

KEPT = Tone(Shade("#f3f4f6", "#1d222b"), Shade("#686f79", "#818a97"))
MOVED = Tone(Shade("#e4f0fd", "#15293d"), Shade("#1f6dbc", "#63a8ee"))
RESTARTED = Tone(Shade("#fdf0d5", "#3a2d12"), Shade("#9f5e03", "#efb14a"))
ADDED = Tone(Shade("#dff5e3", "#12351f"), Shade("#197c36", "#4bc76c"))
REMOVED = Tone(Shade("#fde7e9", "#431a1f"), Shade("#b4232c", "#f5858c"))

BLOCKING = Shade("#465366", "#a9b6c8")
LOSSY = Shade("#9f6508", "#e3a83c")
FEED = Shade("#7e8fa4", "#64748c")
ORDERS = Shade("#c2403a", "#ef7d74")
DRY = Shade("#858e9a", "#717d8e")

TONES: Mapping[Lane, Tone] = {
    Lane.PROVIDERS: PROVIDER,
    Lane.ROUTES: ROUTE,
    Lane.STRATEGIES: STRATEGY,
    Lane.SINKS: SINK,
    Lane.RISK: RISK,
    Lane.VENUES: PROVIDER,
}
LINKS: Mapping[LinkKind, Shade] = {
    LinkKind.FEED: FEED,
    LinkKind.BLOCKING: BLOCKING,
    LinkKind.LOSSY: LOSSY,
    LinkKind.ORDERS: ORDERS,
    LinkKind.DRY: DRY,
}
MARK_TONES: Mapping[Mark, Tone] = {
    Mark.KEPT: KEPT,
    Mark.MOVED: MOVED,
    Mark.RESTARTED: RESTARTED,
    Mark.ADDED: ADDED,
    Mark.REMOVED: REMOVED,
}
MARK_SIGNS: Mapping[Mark, str] = {
    Mark.KEPT: "=",
    Mark.MOVED: "~",
    Mark.RESTARTED: "↻",
    Mark.ADDED: "+",
    Mark.REMOVED: "−",
}
"""Colours are not all that tells the actions apart: each has a sign, and what goes is dashed."""

_TONES = (PROVIDER, ROUTE, STRATEGY, SINK, RISK, *MARK_TONES.values())
SHADES = (
    *(PAGE, LANE, LANE_LINE, INK, SOFT, RULE, BLOCKING, LOSSY, FEED, ORDERS, DRY),
    *(shade for tone in _TONES for shade in (tone.fill, tone.line)),
)


def box_tone(box: Box) -> Tone:
    """By its mark where it has one, else by its lane."""
    return TONES[box.lane] if box.mark is None else MARK_TONES[box.mark]


def link_shade(link: Link) -> Shade:
    return LINKS[link.kind] if link.mark is None else MARK_TONES[link.mark].line


def signed(name: str, mark: Mark | None) -> str:
    """The name behind the sign of its mark."""
    return name if mark is None else f"{MARK_SIGNS[mark]} {name}"
