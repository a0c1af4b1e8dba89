"""Loaded kernels keep their state apart, and blame the right party when they cannot be loaded."""

from __future__ import annotations

import numpy as np
import pytest

from meltica_compiler.kernels.load import KernelFault, load_kernel
from meltica_dsl.model.pipeline import Conflate, Sample
from meltica_dsl.model.values import Duration


def test_two_kernels_of_a_route_share_nothing(make):
    route, graph = make.pipeline(Sample(2, make.span))
    rows = make.records("trade", 0, price=[1.0, 2.0, 3.0])
    one, other = load_kernel(route, graph), load_kernel(route, graph)
    assert one.run(rows, 0.0)[1].tolist() == [0, 2]
    assert one.run(rows, 0.0)[1].tolist() == [1]
    assert other.run(rows, 0.0)[1].tolist() == [0, 2]


def test_a_kernel_says_when_what_it_holds_back_is_due(make):
    route, graph = make.pipeline(Conflate(Duration(100_000_000), make.span))
    kernel = load_kernel(route, graph)
    assert kernel.due_us() == np.inf
    kernel.run(make.records("trade", 0, time=[250_000.0]), 250_000.0)
    assert kernel.due_us() == 300_000.0
    delivered, _ = kernel.run(make.records("trade", 0, time=[]), 300_000.0)
    assert delivered["time"].tolist() == [250_000.0]
    assert kernel.due_us() == np.inf


def test_a_source_that_does_not_load_names_the_route_and_shows_itself(make):
    route, graph = make.pipeline(Sample("not a number", make.span))
    with pytest.raises(KernelFault, match=r"test.mel:3:1: the kernel of route `r` does not load") as caught:
        load_kernel(route, graph)
    assert "class RouteKernel:" in str(caught.value)
