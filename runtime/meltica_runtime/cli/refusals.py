"""What a gateway has not done, said in one clear message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from meltica_runtime.cli.gateway_client import RequestRejected
from meltica_runtime.cli.options import Output


@contextmanager
def exit_on_rejection(output: Output) -> Iterator[None]:
    try:
        yield
    except RequestRejected as refused:
        if refused.text:
            output.problem(refused.text.rstrip("\n"))
        output.fail(refused.message)
