"""What was seen while a test ran, node by node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from meltica_runtime.dataplane.ingress_ring import Records
from meltica_runtime.simulation.trader import Transcript
from meltica_runtime.strategies.fault import StrategyFault


@dataclass(frozen=True)
class EventRecords:
    """Records of one event type, in the order in which they were there."""

    event: str
    rows: Records


@dataclass(frozen=True, slots=True)
class Failure:
    """A strategy went down, and when."""

    time_us: float
    fault: StrategyFault


@dataclass
class RunRecord:
    """`given` by provider, what happened there; `routed` by route, what its stages let pass; `read` by edge
    id, what its reader took. `times` says when each event was there, by its sequence number less one."""

    given: dict[str, list[EventRecords]] = field(default_factory=dict)
    routed: dict[str, list[EventRecords]] = field(default_factory=dict)
    read: dict[str, list[EventRecords]] = field(default_factory=dict)
    times: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    transcripts: Mapping[str, Transcript] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
