"""A V8 isolate with a scripted gateway around one strategy: events in, calls out, on a clock of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from py_mini_racer import MiniRacer

STRATEGIES = Path(__file__).parents[2] / "strategies"

_WORLD = """
const world = {
  now: 0, calls: [], logs: [], trading: true, orders: 0, providers: ["paper"], handlers: {}, refuse: null,
};
Date.now = () => world.now;
function call(kind, fields) { world.calls.push({ kind, at: world.now, ...fields }); }
function submit(kind, provider, side, quantity, price, options) {
  if (world.refuse !== null) throw new RangeError(world.refuse);
  const id = `order-${++world.orders}`;
  const texts = { quantity: String(quantity), price: price === null ? null : String(price) };
  call(kind, { id, provider, side, ...texts, ...options });
  return id;
}
const runtime = {
  isTradingActive: () => world.trading,
  isDryRun: () => false,
  providers: () => world.providers.slice(),
  selectProvider: () => world.providers[0],
  getMarketState: () => ({ bid: NaN, ask: NaN, last: NaN, mid: NaN, spread: NaN }),
  getLastPrice: () => NaN, getBidPrice: () => NaN, getAskPrice: () => NaN,
  submitOrder: (p, side, q, price, options) => submit("submit", p, side, q, price, options),
  submitMarketOrder: (p, side, q, options) => submit("market", p, side, q, null, options),
  cancelOrder: (id) => call("cancel", { id }),
  amendOrder: (id, change) => call("amend", { id, ...change }),
};
const text = (part) => typeof part === "string" ? part : String(part);
const helpers = { log: (...parts) => world.logs.push(parts.map(text).join(" ")), sleep: () => undefined };
function start(evaluate, config) {
  const module = { exports: {} };
  evaluate(module, module.exports);
  const { metadata } = module.exports;
  world.handlers = module.exports.create({ config: JSON.parse(config), metadata, runtime, helpers });
}
function deliver(handler, at, evt, extra) {
  world.now = at;
  const event = JSON.parse(evt);
  const handle = world.handlers[handler];
  if (handle !== undefined) handle.call(world.handlers, {}, event, event.payload, extra);
  return take();
}
function trades(script) {
  return script.map(([at, price]) => {
    const payload = { price, quantity: "0.125", side: "buy", tradeId: "1" };
    const evt = { type: "Trade", provider: "paper", symbol: "BTC-USDT", payload };
    return JSON.parse(deliver("onTrade", at, JSON.stringify(evt), Number(price)));
  });
}
function take() {
  const taken = JSON.stringify({ calls: world.calls, logs: world.logs });
  world.calls = []; world.logs = [];
  return taken;
}
"""

Call = dict[str, Any]


class Stage:
    """One strategy on its stage. Each event method returns the calls that the strategy made."""

    def __init__(self, source: str, config: dict[str, Any]) -> None:
        self.racer = MiniRacer()
        self.logs: list[str] = []
        self.racer.eval(_WORLD)
        module = self.racer.eval("(function (module, exports) {" + source + "\n})")
        self.racer.eval("start")(module, json.dumps(config))
        self._deliver = self.racer.eval("deliver")

    def close(self) -> None:
        self.racer.close()

    def set_trading(self, active: str) -> None:
        self.racer.eval(f"world.trading = {active}")

    def refuse(self, reason: str) -> None:
        self.racer.eval(f"world.refuse = {json.dumps(reason)}")

    def without(self, function: str) -> None:
        self.racer.eval(f"delete runtime.{function}")

    def event(
        self,
        handler: str,
        at_ms: float,
        payload: dict[str, Any],
        *,
        extra: Any = None,
        provider: str = "paper",
        symbol: str = "BTC-USDT",
    ) -> list[Call]:
        evt = {"type": handler[2:], "provider": provider, "symbol": symbol, "payload": payload}
        result = json.loads(self._deliver(handler, at_ms, json.dumps(evt), extra))
        self.logs += result["logs"]
        return result["calls"]

    def trade(self, at_ms: float, price: str, **where: str) -> list[Call]:
        payload = {"price": price, "quantity": "0.125", "side": "buy", "tradeId": "1"}
        return self.event("onTrade", at_ms, payload, extra=float(price), **where)

    def trades(self, script: list[tuple[float, str]]) -> list[list[Call]]:
        """Many trades, as (time, price), in one call of V8: each call costs more than an event's handling."""
        results = json.loads(self.racer.eval(f"JSON.stringify(trades({json.dumps(script)}))"))
        self.logs += [line for result in results for line in result["logs"]]
        return [result["calls"] for result in results]

    def book(self, at_ms: float, bid: str, ask: str, **where: str) -> list[Call]:
        bids, asks = ([{"price": price, "quantity": "1.0"}] for price in (bid, ask))
        return self.event("onBookSnapshot", at_ms, {"bids": bids, "asks": asks}, **where)

    def instrument(self, tick: str, lot: str, notional: str = "0", symbol: str = "BTC-USDT") -> list[Call]:
        rules = {"symbol": symbol, "tickSize": tick, "lotSize": lot, "minNotional": notional}
        return self.event("onInstrumentUpdate", 0, {"instrument": rules}, symbol=symbol)

    def report(
        self, state: str, at_ms: float, order: Call, filled: str = "0", reason: str = ""
    ) -> list[Call]:
        """What the venue says of an order; `state` is the handler's name behind `onOrder`."""
        rest = Decimal(order["quantity"]) - Decimal(filled)
        payload = {
            "clientOrderId": order["id"],
            "exchangeOrderId": f"venue-{order['id']}",
            "state": state.upper(),
            "side": order["side"],
            "orderType": "limit",
            "price": order["price"],
            "quantity": order["quantity"],
            "filledQuantity": filled,
            "remainingQty": str(rest),
            "avgFillPrice": order["price"] if Decimal(filled) else None,
            "commissionAmount": "0",
            "commissionAsset": "USDT",
            "rejectReason": reason,
        }
        return self.event(f"onOrder{state}", at_ms, payload, extra=reason or None)


class Venue:
    """Fills resting orders when a trade goes through their price, and answers at once."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.open: dict[str, Call] = {}
        self.calls: list[Call] = []
        self.position = Decimal(0)
        self.cash = Decimal(0)

    def trade(self, at_ms: float, price: str) -> None:
        for order in list(self.open.values()):
            bought = order["side"] == "buy"
            if (
                Decimal(price) <= Decimal(order["price"])
                if bought
                else Decimal(price) >= Decimal(order["price"])
            ):
                self._fill(at_ms, order)
        self._take(at_ms, self.stage.trade(at_ms, price))

    def _fill(self, at_ms: float, order: Call) -> None:
        del self.open[order["id"]]
        sign = 1 if order["side"] == "buy" else -1
        self.position += sign * Decimal(order["quantity"])
        self.cash -= sign * Decimal(order["quantity"]) * Decimal(order["price"])
        self._take(at_ms, self.stage.report("Filled", at_ms, order, order["quantity"]))

    def _take(self, at_ms: float, calls: list[Call]) -> None:
        for call in calls:
            self.calls.append(call)
            if call["kind"] == "submit":
                self.open[call["id"]] = dict(call)
                self._take(at_ms, self.stage.report("Acknowledged", at_ms, call))
            elif call["kind"] == "amend" and call["id"] in self.open:
                self.open[call["id"]] |= {"price": call["price"], "quantity": call["quantity"]}
            elif call["kind"] == "cancel" and call["id"] in self.open:
                order = self.open.pop(call["id"])
                self._take(at_ms, self.stage.report("Cancelled", at_ms, order))


@pytest.fixture
def stage() -> Iterator[Callable[..., Stage]]:
    """`stage(name, **config)` puts one of our strategies on stage; `source=` puts any other."""
    opened: list[Stage] = []

    def put(name: str, source: str | None = None, **config: Any) -> Stage:
        text = (STRATEGIES / f"{name}.js").read_text("utf-8") if source is None else source
        opened.append(Stage(text, config))
        return opened[-1]

    yield put
    for each in opened:
        each.close()


@pytest.fixture
def venue() -> type[Venue]:
    return Venue
