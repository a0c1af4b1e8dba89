"""What the compiler knows of an adapter: what it provides, and which settings it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field

from meltica_compiler.adapters.setting_schema import SettingSpec
from meltica_compiler.graph.graph import SettingValue

MARKET_EVENTS = ("trade", "ticker", "book", "kline")


class SettingConflict(Struct, frozen=True):
    """Why the setting of this name does not go with the others."""

    setting: str
    message: str
    help: str


class AdapterSpec(Struct, frozen=True):
    """One kind of venue. `events` are what a route may ask of it; `trades` says that it takes orders.
    `conflicts` finds settings that are right each by itself but do not go together.

    `credentials` are settings that it needs for private streams: orders, executions, balances.
    `files` are settings that name a file to read.
    `is_on_paper`: its orders and balances live in the gateway, and end with the provider.
    `extends`: it can be asked for another event, or for deeper books, while it runs.
    `events_by_format`: where its setting `format` decides what it provides, the events of each.
    """

    identifier: str
    display_name: str
    venue: str
    description: str
    events: tuple[str, ...]
    trades: bool
    settings: tuple[SettingSpec, ...]
    credentials: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    events_by_format: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_on_paper: bool = False
    extends: bool = False
    conflicts: Callable[[Mapping[str, SettingValue]], tuple[SettingConflict, ...]] = lambda _: ()

    def provides(self, settings: Mapping[str, SettingValue]) -> tuple[str, ...]:
        """The events that a provider with these settings can give."""
        chosen = settings.get("format")
        return self.events_by_format.get(chosen, self.events) if isinstance(chosen, str) else self.events
