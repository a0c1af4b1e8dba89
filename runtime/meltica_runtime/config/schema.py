"""Every key of the config: its type, its limits, its default, and what it bounds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    Strict,
    ValidationInfo,
    field_validator,
)
from pydantic.alias_generators import to_camel

from meltica_dsl.model.value_text import duration_text
from meltica_dsl.model.values import Duration
from meltica_dsl.parse.literals import LiteralFault, read_literal
from meltica_runtime.execution.engine import EngineLimits
from meltica_runtime.execution.group_commit import CommitLimits
from meltica_runtime.execution.router import RouterLimits
from meltica_runtime.execution.venue_queue import VenueQueueLimits
from meltica_runtime.store.dsn import EMBEDDED, dsn_fault
from meltica_runtime.store.pool import PoolLimits

_SECOND = Duration(10**9)
_DAY = Duration(86_400 * 10**9)
_LITERAL = re.compile(r"[0-9][0-9_.]*[a-zA-Zµμ].*")


def _duration(value: object) -> object:
    """The duration that a text of the config means. A default is one already."""
    if isinstance(value, str) and _LITERAL.fullmatch(value):
        value = read_literal(value)
    match value:
        case Duration():
            return value
        case LiteralFault():
            raise ValueError(f"{value.message}: {value.help}")
        case bool():
            pass
        case int() | float():
            raise ValueError(f"a duration has a unit, such as `{value}s`")
    raise ValueError("a duration is wanted, such as `30s` or `5m`")


def _within(least: Duration, most: Duration, words: str) -> AfterValidator:
    def check(value: Duration) -> Duration:
        if not least <= value <= most:
            raise ValueError(f"it must lie between {words}")
        return value

    return AfterValidator(check)


def _dsn(value: SecretStr) -> SecretStr:
    fault = dsn_fault(value.get_secret_value())
    if fault:
        raise ValueError(f"the data source name is {fault}")
    return value


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("a URL is wanted that begins with `http://` or `https://`")
    return value


def _address(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 <= int(port) <= 65_535:
        raise ValueError("an address is `host:port`, such as `127.0.0.1:8880`; port 0 takes a free one")
    return value


Dsn = Annotated[SecretStr, Strict(False), AfterValidator(_dsn)]
Folder = Annotated[Path, Strict(False)]
_Spelled = Annotated[Duration, BeforeValidator(_duration), PlainSerializer(duration_text)]
Timeout = Annotated[_Spelled, _within(Duration(10**8), Duration(600 * 10**9), "100ms and 10m")]
Lifetime = Annotated[_Spelled, _within(_SECOND, Duration(30 * _DAY.ns), "1s and 30d")]


class _Section(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True
    )


class DatabaseConfig(_Section):
    """`dsn` is `embedded` or a URL; the environment's DATABASE_URL overrides it. `directory` is where the
    embedded server keeps its data, relative to the project."""

    dsn: Dsn = SecretStr(EMBEDDED)
    directory: Folder = Path(".meltica/postgres")
    min_connections: int = Field(1, ge=0, le=32)
    max_connections: int = Field(8, ge=2, le=32)
    max_connection_idle: Lifetime = Duration(300 * 10**9)
    max_connection_lifetime: Lifetime = Duration(3_600 * 10**9)
    connect_timeout: Timeout = Duration(10 * 10**9)
    command_timeout: Timeout = Duration(30 * 10**9)
    run_migrations: bool = True

    @field_validator("max_connections")
    @classmethod
    def _at_least_the_least(cls, value: int, info: ValidationInfo) -> int:
        least = info.data.get("min_connections", 0)
        if value < least:
            raise ValueError(f"it must not be below `minConnections`, which is {least}")
        return value

    def pool_limits(self) -> PoolLimits:
        return PoolLimits(
            min_connections=self.min_connections,
            max_connections=self.max_connections,
            idle_s=self.max_connection_idle.seconds,
            lifetime_s=self.max_connection_lifetime.seconds,
            connect_s=self.connect_timeout.seconds,
            command_s=self.command_timeout.seconds,
        )


class EventBusConfig(_Section):
    """The way of what must not be lost into the database. `group_size`: most steps of one commit.
    `max_waiting`: steps that may wait for one."""

    group_size: int = Field(2_048, ge=1, le=8_192)
    max_waiting: int = Field(16_384, ge=16_384, le=1_048_576)
    commit_timeout: Timeout = Duration(30 * 10**9)

    def commit_limits(self) -> CommitLimits:
        return CommitLimits(
            waiting=self.max_waiting, group=self.group_size, commit_timeout_s=self.commit_timeout.seconds
        )


class PoolsConfig(_Section):
    """Room for what is not market data; that has the pools of the pipeline. `open_orders`: most orders open
    at once. `ended_orders`: how many ended ones are remembered, to know late reports. `waiting_orders`:
    new orders that may wait for one venue."""

    open_orders: int = Field(16_384, ge=1, le=100_000)
    ended_orders: int = Field(8_192, ge=1, le=1_000_000)
    waiting_orders: int = Field(512, ge=1, le=100_000)

    def engine_limits(self) -> EngineLimits:
        return EngineLimits(open_orders=self.open_orders, recently_closed=self.ended_orders)


class ApiServerConfig(_Section):
    """Where the control API listens."""

    addr: Annotated[str, AfterValidator(_address)] = "127.0.0.1:8880"

    @property
    def host(self) -> str:
        return self.addr.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.addr.rpartition(":")[2])


class TelemetryConfig(_Section):
    """`otlp_endpoint` is where metrics and traces are sent, every `export_interval`; null sends nothing."""

    otlp_endpoint: Annotated[str, AfterValidator(_url)] | None = None
    export_interval: Timeout = Duration(15 * 10**9)
    service_name: str = Field("meltica", min_length=1, max_length=64)


class StrategiesConfig(_Section):
    """`directory` holds the modules, relative to the project; null is its `strategies` folder or, without
    one, the modules that come with the program. With `require_registry` a module runs only if the
    directory's `registry.json` lists it."""

    directory: Folder | None = None
    require_registry: bool = False


class Config(_Section):
    """The whole config. Folders are absolute once `load_config` has read it."""

    environment: str = Field("development", pattern=r"^[a-z][a-z0-9-]{0,31}$")
    database: DatabaseConfig = DatabaseConfig()
    eventbus: EventBusConfig = EventBusConfig()
    pools: PoolsConfig = PoolsConfig()
    api_server: ApiServerConfig = ApiServerConfig()
    telemetry: TelemetryConfig = TelemetryConfig()
    strategies: StrategiesConfig = StrategiesConfig()

    def router_limits(self) -> RouterLimits:
        return RouterLimits(
            commit=self.eventbus.commit_limits(),
            venue_queue=VenueQueueLimits(orders=self.pools.waiting_orders),
        )

    def with_folders_in(self, root: Path) -> Self:
        """The same config, with folders that are relative to `root` made absolute."""
        directory = self.strategies.directory
        database = self.database.model_copy(update={"directory": root / self.database.directory})
        strategies = self.strategies.model_copy(
            update={"directory": None if directory is None else root / directory}
        )
        return self.model_copy(update={"database": database, "strategies": strategies})
