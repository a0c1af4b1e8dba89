"""The colours of the drawings, for light and for dark pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meltica_compiler.draw.sketch import Lane, LinkKind


@dataclass(frozen=True, slots=True)
class Shade:
    """One colour as `#rrggbb`: drawn as `light`, shown as `dark` where the page is dark."""

    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class Tone:
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

PROVIDER = Tone(Shade("#e9f1fc", "#17283f"), Shade("#3d74ba", "#6ea3e6"))
ROUTE = Tone(Shade("#e9f5f0", "#14302a"), Shade("#2f8068", "#58b79a"))
STRATEGY = Tone(Shade("#f1edfb", "#2a2144"), Shade("#7254b8", "#ab92ea"))
SINK = Tone(Shade("#f5f1e8", "#302a1d"), Shade("#86704a", "#c2a878"))
RISK = Tone(Shade("#fcedec", "#3a1f1f"), Shade("#c04a3e", "#ec8478"))

BLOCKING = Shade("#465366", "#a9b6c8")
LOSSY = Shade("#bf7a0a", "#e3a83c")
FEED = Shade("#8a9cb3", "#64748c")
ORDERS = Shade("#c2403a", "#ef7d74")
DRY = Shade("#98a2b0", "#717d8e")

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
SHADES = (
    *(PAGE, LANE, LANE_LINE, INK, SOFT, RULE, BLOCKING, LOSSY, FEED, ORDERS, DRY),
    *(shade for tone in (PROVIDER, ROUTE, STRATEGY, SINK, RISK) for shade in (tone.fill, tone.line)),
)
