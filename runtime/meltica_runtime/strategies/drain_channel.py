"""Drains that are requested, and answered, through memory that Python and V8 share.

A call into V8 costs about 0.1 ms, whatever it does: as much as all else of an order. Where drain follows upon
drain, as on virtual time, V8 stays in one call and waits for the next request, and Python waits for the
response, each on a core of its own.

One request is under way at a time. The text belongs to the side whose turn it is: Python writes it and then
stores the request's number, V8 writes it and then stores the same number as the response. The order of these
stores makes the text whole when the number is seen. x86-64 keeps it; elsewhere `spare_cores` is 0.
"""

from __future__ import annotations

import asyncio
import os
import platform
from types import TracebackType
from typing import Self

from meltica_compiler.records import shared_memory as at
from meltica_runtime.clock import monotonic_s
from meltica_runtime.strategies.isolate import ColdEvent, DrainResult, Isolate, cold_json

CHARACTERS = 65_536
"""The longest text in either direction. Longer ones, such as a thousand orders at once, go by calls."""

HOT_SECONDS = 100e-6
"""How long an answer is waited for before others on the loop get their turn: what a drain up to the next
order takes."""

PATIENT_SECONDS = 0.01
"""After so long the strategy thinks, and the wait may cost a millisecond more, but no processor time."""

TURN_SECONDS = 0.005
"""How long others on the loop, timers and signals among them, wait where each answer is there at once."""


_NO_EVENTS = "[]".encode("utf-16-le")


def spare_cores() -> int:
    """How many isolates may wait on cores of their own, while Python has one."""
    if platform.machine() != "x86_64":
        return 0
    return len(os.sched_getaffinity(0)) - 1


class DrainChannel:
    """With one isolate. Use as an async context manager, within the isolate's."""

    def __init__(self, isolate: Isolate) -> None:
        self._isolate = isolate
        self._call: asyncio.Task[object] | None = None
        self._request = 0
        self._others_turn = 0.0

    async def __aenter__(self) -> Self:
        memory = await self._isolate.run(f"__meltica.openMailbox({at.MAILBOX_HEAD_BYTES},{CHARACTERS})")
        self._words = memory[: at.MAILBOX_HEAD_BYTES].cast("i")
        self._text = memory[at.MAILBOX_HEAD_BYTES :]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._call is not None:
            self._call.cancel()
            await asyncio.wait([self._call])

    async def drain(self, cold: tuple[ColdEvent, ...], limit: int) -> DrainResult:
        """As `Isolate.drain`, without lingering. After a cancellation there is no other."""
        text = cold_json(cold).encode("utf-16-le") if cold else _NO_EVENTS
        if len(text) > len(self._text):
            await self._end_of_call()
            return await self._isolate.drain(cold, limit)
        self._isolate.words[at.STOP_U32] = 0
        self._text[: len(text)] = text
        self._words[at.MAILBOX_LENGTH], self._words[at.MAILBOX_LIMIT] = len(text) // 2, limit
        self._request = (self._request + 1) & 0x7FFF_FFFF
        self._words[at.MAILBOX_REQUEST] = self._request
        try:
            await self._answer()
        except asyncio.CancelledError:
            # As a call does: the handler in hand ends wherever it is, and the isolate with it.
            if self._call is not None:
                self._call.cancel()
            raise
        length = self._words[at.MAILBOX_LENGTH]
        if length == 0:
            return DrainResult(self._words[at.MAILBOX_HANDLED])
        if length == at.MAILBOX_TOO_LONG:
            return self._isolate.result_of(await self._end_of_call())
        return self._isolate.result_of(bytes(self._text[: 2 * length]).decode("utf-16-le", "replace"))

    async def _answer(self) -> None:
        """Waits until the request is answered, in this call into V8 or, if that has just ended, the next."""
        words, request = self._words, self._request
        asked = monotonic_s()
        if asked > self._others_turn:
            await asyncio.sleep(0)
            self._others_turn = asked + TURN_SECONDS
        hot_until = asked + HOT_SECONDS
        while words[at.MAILBOX_RESPONSE] != request:
            if self._call is None:
                self._call = asyncio.create_task(self._isolate.run("__meltica.serveDrains()"))
            elif monotonic_s() > hot_until:
                await asyncio.sleep(0.001 if monotonic_s() > asked + PATIENT_SECONDS else 0)
                if self._call.done() and words[at.MAILBOX_RESPONSE] != request:
                    # V8 gave up waiting just before the request came, which is still there for the next call.
                    # If the strategy failed instead, no response will come, and this raises why.
                    await self._end_of_call()

    async def _end_of_call(self) -> object:
        """Waits until V8 is left; what the call returned. Raises what ended it."""
        call, self._call = self._call, None
        return None if call is None else await call
