"""What a gateway has not done, said in one clear message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from meltica_runtime.cli.gateway_client import NotDone
from meltica_runtime.cli.options import Speech


@contextmanager
def refusals_said(speech: Speech) -> Iterator[None]:
    try:
        yield
    except NotDone as refused:
        if refused.text:
            speech.trouble(refused.text.rstrip("\n"))
        speech.fail(refused.message)
