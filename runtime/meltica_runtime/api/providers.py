"""`/providers`: the venues of the pipeline and how they do."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import JsonValue

from meltica_compiler.adapters.adapters import ADAPTERS
from meltica_compiler.adapters.manifest import AdapterSpec
from meltica_compiler.adapters.setting_schema import SettingSpec
from meltica_compiler.graph.graph import Graph, ProviderNode
from meltica_dsl.model.value_text import decimal_text
from meltica_dsl.model.values import Symbol
from meltica_runtime.api.dependencies import GatewayDep
from meltica_runtime.api.errors import not_found
from meltica_runtime.api.models import ApiModel, NoParameters, json_response
from meltica_runtime.api.scope import dependents
from meltica_runtime.store.catalog import setting_json, settings_json
from meltica_runtime.venues.live_provider import LiveProvider, ProviderState, ProviderStatistics
from meltica_runtime.venues.venue import Instrument

router = APIRouter(tags=["Providers"])


class Provider(ApiModel):
    """`startupError` is there when the status is `failed`."""

    name: str
    adapter: str
    identifier: str
    instrument_count: int
    settings: dict[str, JsonValue]
    running: bool
    status: str
    startup_error: str | None = None
    dependent_instances: list[str]
    dependent_instance_count: int


class ProvidersResponse(ApiModel):
    providers: list[Provider]


class InstrumentRecord(ApiModel):
    """`tickSize`, `lotSize` and `minNotional` are decimal strings."""

    symbol: str
    type: str
    base_asset: str
    quote_asset: str
    venue: str
    tick_size: str
    lot_size: str
    min_notional: str


class SettingSchema(ApiModel):
    name: str
    type: str
    default: JsonValue = None
    description: str
    required: bool


class AdapterMetadata(ApiModel):
    """`capabilities` are the events that the adapter gives, and `orders` where it takes them."""

    identifier: str
    display_name: str
    venue: str
    description: str
    capabilities: list[str]
    settings_schema: list[SettingSchema]


class ProviderDetail(ApiModel):
    """A provider, its instruments, and all about its adapter in the place of the adapter's name."""

    name: str
    adapter: AdapterMetadata
    identifier: str
    instrument_count: int
    settings: dict[str, JsonValue]
    running: bool
    status: str
    startup_error: str | None = None
    dependent_instances: list[str]
    dependent_instance_count: int
    instruments: list[InstrumentRecord]


@router.get("/providers", response_model=ProvidersResponse)
async def providers(gateway: GatewayDep, _: NoParameters) -> Response:
    """Every provider of the pipeline."""
    shown = [_provider(gateway.graph, node, gateway.providers[node.name]) for node in gateway.graph.providers]
    return json_response(ProvidersResponse(providers=shown))


@router.get("/providers/{name}", response_model=ProviderDetail)
async def provider(gateway: GatewayDep, name: str, _: NoParameters) -> Response:
    """One provider with its instruments and its adapter."""
    nodes = {node.name: node for node in gateway.graph.providers}
    if name not in nodes:
        raise not_found("provider", name, nodes)
    live, spec = gateway.providers[name], ADAPTERS[nodes[name].adapter]
    shown = _provider(gateway.graph, nodes[name], live)
    detail = ProviderDetail(
        **shown.model_dump(exclude={"adapter"}),
        adapter=_adapter(spec),
        instruments=[_instrument(one, spec.venue) for one in live.instruments],
    )
    return json_response(detail)


def _provider(graph: Graph, node: ProviderNode, live: LiveProvider) -> Provider:
    now = live.statistics()
    strategies = dependents(graph, node.name)
    return Provider(
        name=node.name,
        adapter=node.adapter,
        identifier=node.adapter,
        instrument_count=len(live.instruments),
        settings=settings_json(node.settings),
        running=now.state is ProviderState.RUNNING,
        status=now.state.value,
        startup_error=_error(now),
        dependent_instances=list(strategies),
        dependent_instance_count=len(strategies),
    )


def _error(now: ProviderStatistics) -> str | None:
    return (now.error or "it gave no reason") if now.state is ProviderState.FAILED else None


def _instrument(instrument: Instrument, venue: str) -> InstrumentRecord:
    symbol = Symbol.parse(instrument.symbol)
    return InstrumentRecord(
        symbol=instrument.symbol,
        type="spot",
        base_asset=symbol.base,
        quote_asset=symbol.quote,
        venue=venue,
        tick_size=decimal_text(instrument.tick_size),
        lot_size=decimal_text(instrument.lot_size),
        min_notional=decimal_text(instrument.min_notional),
    )


def _adapter(spec: AdapterSpec) -> AdapterMetadata:
    return AdapterMetadata(
        identifier=spec.identifier,
        display_name=spec.display_name,
        venue=spec.venue,
        description=spec.description,
        capabilities=[*spec.events, *(["orders"] if spec.trades else [])],
        settings_schema=[_setting(setting) for setting in spec.settings],
    )


def _setting(spec: SettingSpec) -> SettingSchema:
    return SettingSchema(
        name=spec.name,
        type=" or ".join(one.value for one in spec.types),
        default=setting_json(spec.default),
        description=spec.description,
        required=spec.required,
    )
