"""What a gateway is told besides its graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from meltica_runtime.execution.engine import EngineLimits
from meltica_runtime.execution.router import RouterLimits


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """`seed` replaces the seed of every fake provider and of `Math.random`; None leaves the file's.
    `released` are instances whose kill switches, if an earlier run left them engaged, are released at the
    start; None is the switch that all instances share."""

    project_root: Path
    seed: int | None = None
    router: RouterLimits = field(default_factory=RouterLimits)
    engine: EngineLimits = field(default_factory=EngineLimits)
    released: tuple[str | None, ...] = ()
