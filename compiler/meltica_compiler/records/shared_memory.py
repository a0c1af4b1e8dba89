"""The words that Python and JavaScript share in memory: where each lies, who writes it, and in which order.

They are defined here and nowhere else: `javascript` gives V8 the same names with the same values.

No lock guards any of it. Each word has one writer, and what a word promises is stored before the word:
records before the counter that says they are there, rings before the cut that says they are complete, a text
before the number of its request. Aligned stores of a word become visible whole, and on x86-64 in the order in
which they were made. On processors that reorder stores, a reader looks only between two calls of the writer.
"""

from __future__ import annotations

# The header of a ring, as u32 from its beginning. Counters count records ever and wrap: only their
# differences mean anything, and a capacity is less than half their range, so that none is ambiguous.
RING_TAIL = 0
"""Records published. Stored by the writer, behind the records."""
RING_HEAD = 1
"""Records consumed, those found overwritten among them. Stored by the reader, behind its last look at them:
from then on the writer may use their room."""
RING_CLAIM = 2
"""Records claimed. Stored by the writer before it touches the first byte of their room. A reader of a
`drop_oldest` ring looks at it after it has copied a record: if the claim has come within a whole ring of the
record, the copy may be torn and is thrown away."""
RING_SKIPPED = 3
"""Records that the reader found overwritten. Stored by the reader."""
RING_COUNTER_MASK = 0xFFFF_FFFF
RING_HEADER_BYTES = 64
"""A cache line, so that the counters of two rings never share one."""

# The control words of an inbox, as f64 …
CUT_F64 = 0
"""The sequence number up to which all edges are filled. Stored by the pump, behind all rings."""
DELIVERED_F64 = 1
"""Sequence number of the event handled last. Stored by the drain."""
COUNT_F64 = 2
"""Events handled since the isolate started. Stored by the drain."""

# … and as u32, behind them.
WAKE_U32 = 16
"""Goes up whenever the pump has stored a new cut, and after it: who saw it change reads the new cut."""
HEARTBEAT_U32 = 17
"""Changes while a drain makes progress or lingers; stands still in a runaway handler."""
STATE_U32 = 18
"""What the isolate does: idle, running or lingering. Stored by the drain."""
STOP_U32 = 19
"""Not 0: a lingering drain is to return. Stored by Python."""
TRADING_U32 = 20
"""Not 0: orders may be sent (`isTradingActive`). Stored by Python."""
INBOX_CONTROL_BYTES = 256
"""Control words of an inbox, shared by all its rings."""

IDLE, RUNNING, LINGERING = 0, 1, 2

# The mailbox of a drain channel, as i32; behind its head lies a text, of either direction.
MAILBOX_REQUEST = 0
"""Number of the newest request. Stored by Python, behind the text and the limit."""
MAILBOX_RESPONSE = 1
"""Number of the request answered last. Stored by V8, behind the text: then both are Python's again."""
MAILBOX_LIMIT = 2
"""Most events of the drain that is asked for."""
MAILBOX_LENGTH = 3
"""Characters of the text; for a response 0 if there is none, or `MAILBOX_TOO_LONG`."""
MAILBOX_HANDLED = 4
"""Events handled, where the response has no text."""
MAILBOX_TOO_LONG = -1
MAILBOX_HEAD_BYTES = 64


def words() -> dict[str, int]:
    """Every word and constant of this module, by name."""
    return {name: value for name, value in globals().items() if name.isupper()}


def javascript() -> str:
    """A declaration of the same names in JavaScript."""
    return f"const {', '.join(f'{name} = {value}' for name, value in words().items())};"
