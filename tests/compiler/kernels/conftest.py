"""Graphs, records and the reference for tests of kernels."""

from __future__ import annotations

import importlib.util
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from meltica_compiler.analyses.buffering import MERGE_BUFFER
from meltica_compiler.graph.graph import Graph, Ingress, ProviderNode, RouteNode
from meltica_compiler.kernels.load import load_kernel
from meltica_compiler.records.layout import record_layout, ring_bytes
from meltica_dsl.model.fields import EVENT_BY_NAME
from meltica_dsl.model.pipeline import Binary, Const, ExprType, FieldRef, event_after
from meltica_dsl.text.source import Location, Span

SPAN = Span("test.mel", 0, 0)
PLACE = Location("test.mel", 3, 1)
SYMBOLS = ("BTC-USDT", "ETH-USDT", "SOL-EUR")
PROVIDERS = ("binance", "okx")


def _reference():
    spec = importlib.util.spec_from_file_location(
        "kernel_reference", Path(__file__).with_name("reference.py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pipeline(*stages, event="trade", depth=0):
    """A graph of one route over both providers, and the route."""
    layout = record_layout(event, depth)
    ingress = Ingress(event, 65_536, depth, layout.size, ring_bytes(event, depth, 65_536))
    providers = tuple(
        ProviderNode(f"provider:{n}", n, "fake", SYMBOLS, {}, (ingress,), False, PLACE) for n in PROVIDERS
    )
    route = RouteNode("route:r", "r", event, depth, PROVIDERS, stages, "market", False, PLACE)
    graph = Graph("p", "test.mel", None, None, SYMBOLS, providers, (route,), (), (), (), "")
    return route, graph


def field(name, event="trade"):
    found = EVENT_BY_NAME[event].field(name)
    return FieldRef(found, ExprType(found.type.value), SPAN)


def number(text, type=ExprType.NUMBER):
    return Const(Decimal(text), type, SPAN)


def name(text, type=ExprType.SYMBOL):
    return Const(text, type, SPAN)


def binary(left, op, right, type=ExprType.BOOL):
    return Binary(op, left, right, type, SPAN)


def records(event, depth, **columns):
    """Records with `seq` counted from 1 and the columns given; the rest is zero."""
    length = len(next(iter(columns.values())))
    rows = np.zeros(length, record_layout(event, depth).dtype)
    rows["seq"] = np.arange(1, length + 1)
    for column, values in columns.items():
        rows[column] = values
    return rows


def run_in_batches(route, graph, rows, cuts, watermark=-np.inf):
    """Everything the route delivers when its events come cut at these places, as one array of records."""
    kernel = load_kernel(route, graph)
    edges = [0, *sorted(cuts), len(rows)]
    out = []
    for start, stop in pairwise(edges):
        seen = rows["time"][:stop].max() if stop else -np.inf
        delivered, chosen = kernel.run(rows[start:stop], seen)
        out.append((delivered if chosen is None else delivered[chosen]).copy())
    delivered, chosen = kernel.run(rows[:0], watermark)
    out.append((delivered if chosen is None else delivered[chosen]).copy())
    return np.concatenate(out)


def by_reference(route, graph, rows, watermark=-np.inf, held=MERGE_BUFFER):
    """The same by the reference, as records."""
    hidden = ("seq", "ingest")

    def content(event):
        if "trade_id" in event:
            return event["provider"], event["symbol"], event["trade_id"]
        return tuple(np.asarray(value).tobytes() for name, value in event.items() if name not in hidden)

    reference = _reference().ReferenceRoute(route, graph, content, held)
    events = [{n: row[n] for n in rows.dtype.names} for row in rows]
    delivered = [kept for event in events for kept in reference.feed(event)]
    delivered += reference.finish(watermark)
    given = event_after(EVENT_BY_NAME[route.event], route.stages).name
    dtype = rows.dtype if given == route.event else record_layout(given).dtype
    out = np.zeros(len(delivered), dtype)
    for place, event in enumerate(delivered):
        for key, value in event.items():
            out[key][place] = value
    return out


@pytest.fixture(scope="session")
def make():
    return SimpleNamespace(
        span=SPAN,
        pipeline=pipeline,
        field=field,
        number=number,
        name=name,
        binary=binary,
        records=records,
        run_in_batches=run_in_batches,
        by_reference=by_reference,
    )
