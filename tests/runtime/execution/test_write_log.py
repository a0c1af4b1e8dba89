from decimal import Decimal

from meltica_runtime.orders.lifecycle import Order, apply, new_order
from meltica_runtime.orders.limits import RiskEvent, RiskLimit, RiskStatus
from meltica_runtime.orders.order import (
    Acknowledged,
    BalanceChanged,
    Filled,
    OrderRequest,
    OrderType,
    Side,
    TimeInForce,
)
from meltica_runtime.orders.write_log import (
    BalanceRecorded,
    ExecutionRecorded,
    MemoryWriteLog,
    OrderChanged,
    OrderPlaced,
    RiskRecorded,
    WriteLogEntry,
)

REQUEST = OrderRequest(
    "o-1",
    "maker",
    "paper",
    "BTC-USDT",
    Side.BUY,
    OrderType.MARKET,
    Decimal(1),
    None,
    TimeInForce.IOC,
    0.0,
)
PLACED = new_order(REQUEST, 1.0)
FILL = Filled("o-1", "e-1", Decimal("0.5"), Decimal(100), Decimal(0), "USDT", True, 3.0)


def one_of_each() -> list[WriteLogEntry]:
    acknowledged = apply(PLACED, Acknowledged("o-1", "x-1", 2.0))
    assert isinstance(acknowledged, Order)
    filled = apply(acknowledged, FILL)
    assert isinstance(filled, Order)
    risk = RiskEvent("maker", 1, 4.0, RiskStatus.TRIGGERED, RiskLimit.MAX_POSITION, "too much", False, False)
    return [
        OrderPlaced(PLACED),
        OrderChanged(acknowledged),
        ExecutionRecorded(filled, FILL),
        BalanceRecorded(BalanceChanged("paper", "USDT", Decimal(1), Decimal(1), 3.0)),
        RiskRecorded(risk),
    ]


def test_every_entry_has_an_id_of_its_own_that_is_the_same_when_written_again() -> None:
    first, again = ([entry.event_id for entry in one_of_each()] for _ in range(2))

    assert first == again
    assert len(set(first)) == len(first)


def test_an_entry_is_kept_and_handed_on_once() -> None:
    seen: list[WriteLogEntry] = []
    write_log = MemoryWriteLog(10, seen.append)
    write_log.write(one_of_each())
    write_log.write(one_of_each())

    assert list(write_log.entries) == seen == one_of_each()
    assert write_log.written == 5


def test_only_the_newest_entries_stay() -> None:
    write_log = MemoryWriteLog(2)
    write_log.write(one_of_each())

    assert list(write_log.entries) == one_of_each()[3:]
    assert write_log.written == 5
