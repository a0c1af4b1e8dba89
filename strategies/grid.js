/**
 * grid: buys a step down and sells a step up, again and again.
 *
 * Lines are drawn around an anchor price, each `step` from the next, `levels` to either side. Between two
 * neighbouring lines lies a cell, and each cell works for itself: it buys `size` at its lower line, then sells
 * it at its upper line, and so on. Cells above the anchor begin by selling, which needs stock of the asset;
 * with `allow_short = false` they begin by buying, once the price has risen above them. There are never more than
 * 2 × `levels` open orders, and at most one message every `order_interval` of event time.
 *
 * When the price leaves the grid by more than `stop`, every order is withdrawn; the grid works again when the
 * price is back between its outermost lines. What is held stays held.
 *
 * Config: see `metadata.config`.
 *
 * It loses money when the price leaves the grid and does not come back: below it the cells hold all that they
 * bought on the way down, above it they have sold out, or are short. A round trip earns `step` less two fees, so
 * a step smaller than the fees loses always.
 */
"use strict";

const UNITS_MS = { ns: 1e-6, us: 1e-3, "µs": 1e-3, ms: 1, s: 1000, m: 60000, h: 3600000 };
const MAX_DECIMALS = 8; // finer steps are noise of floating point, not a venue's tick
const ANSWER_LIMIT_MS = 5000; // a venue that has not answered by then is asked to cancel
const FIRST_WAIT_MS = 1000; // after a rejection; doubled for each further one
const LONGEST_WAIT_MS = 60000;
const IDLE_MS = 10; // between two looks at the cells when there is nothing to send

/** Milliseconds of '1m30s'. */
function milliseconds(text) {
  let total = 0;
  for (const [, count, unit] of String(text).matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(count) * UNITS_MS[unit];
  }
  return total;
}

function decimalsOf(value) {
  const text = String(value);
  if (/e/i.test(text)) return MAX_DECIMALS;
  const point = text.indexOf(".");
  return point < 0 ? 0 : Math.min(MAX_DECIMALS, text.length - point - 1);
}

/** The steps that prices and quantities come in: the instrument's, else the decimals seen so far. */
function createSteps(size) {
  const seen = { price: 0, quantity: decimalsOf(size) };
  let rules = null;
  const step = (kind) => (rules === null ? 10 ** -seen[kind] : rules[kind]);
  const text = (count, size) => (count * size).toFixed(decimalsOf(size));
  return {
    known: () => rules !== null,
    observe(price) {
      seen.price = Math.max(seen.price, decimalsOf(price));
    },
    learn(instrument) {
      const price = Number(instrument.tickSize);
      const quantity = Number(instrument.lotSize);
      if (!(price > 0 && quantity > 0)) return;
      rules = { price, quantity, notional: Number(instrument.minNotional) || 0 };
    },
    lot: () => step("quantity"),
    // The small term keeps 0.3 / 0.1 = 2.9999999999999996 from losing a step.
    down: (price) => text(Math.floor(price / step("price") + 1e-9), step("price")),
    up: (price) => text(Math.ceil(price / step("price") - 1e-9), step("price")),
    lots: (quantity) => text(Math.floor(quantity / step("quantity") + 1e-9), step("quantity")),
    allows: (price, quantity) => quantity > 0 && (rules === null || price * quantity >= rules.notional),
  };
}

/** The prices of the one symbol that is traded, of the providers that are followed. */
function createMarket(env, steps) {
  const instruments = new Map(); // by symbol, of the venue that we trade on
  const reference = env.config.reference ?? null;
  let symbol = env.config.symbol ?? null;
  return {
    symbol: () => symbol,
    follows(evt) {
      if (reference !== null && evt.provider !== reference) return false;
      if (symbol === null) {
        symbol = evt.symbol;
        if (instruments.has(symbol)) steps.learn(instruments.get(symbol));
      }
      return evt.symbol === symbol;
    },
    learn(evt, instrument) {
      if (!env.runtime.providers().includes(evt.provider)) return;
      instruments.set(instrument.symbol, instrument);
      if (instrument.symbol === symbol) steps.learn(instrument);
    },
  };
}

module.exports = {
  metadata: {
    name: "grid",
    tag: "1.0.0",
    displayName: "Grid",
    description: "Buys a step down and sells a step up, between lines around an anchor price.",
    config: [
      {
        name: "size",
        type: "float",
        description: "quantity of each cell, in the base asset",
        default: null,
        required: true,
      },
      {
        name: "levels",
        type: "int",
        description: "lines to either side of the anchor; twice as many orders may be open",
        default: 3,
        required: false,
      },
      {
        name: "step",
        type: "float",
        description: "distance between two lines, as a part of the price",
        default: 0.002,
        required: false,
      },
      {
        name: "anchor",
        type: "float",
        description: "price in the middle of the grid; the first price seen when absent",
        default: null,
        required: false,
      },
      {
        name: "stop",
        type: "float",
        description: "how far beyond the grid the price may go before all orders are withdrawn",
        default: 0.01,
        required: false,
      },
      {
        name: "order_interval",
        type: "duration",
        description: "shortest time between two messages to the venue",
        default: "250ms",
        required: false,
      },
      {
        name: "allow_short",
        type: "bool",
        description: "cells above the anchor begin by selling",
        default: true,
        required: false,
      },
      {
        name: "symbol",
        type: "symbol",
        description: "what to trade; the symbol of the first market event when absent",
        default: null,
        required: false,
      },
      {
        name: "reference",
        type: "string",
        description: "the provider whose prices are followed; every provider when absent",
        default: null,
        required: false,
      },
    ],
    events: ["Trade", "Ticker", "ExecReport", "InstrumentUpdate", "RiskControl"],
  },

  create(env) {
    const { runtime } = env;
    const setting = (name, fallback) => env.config[name] ?? fallback;
    const size = Number(setting("size", NaN));
    const levels = Number(setting("levels", 3));
    const step = Number(setting("step", 0.002));
    const stop = Number(setting("stop", 0.01));
    const intervalMs = milliseconds(setting("order_interval", "250ms"));
    const allowShort = Boolean(setting("allow_short", true));
    if (!(size > 0)) throw new RangeError("config size: a quantity above 0");
    if (!(Number.isInteger(levels) && levels >= 1 && levels <= 50)) throw new RangeError("config levels: 1 to 50");
    if (!(step > 0 && step < 1)) throw new RangeError("config step: a part of the price above 0 and below 1");

    const steps = createSteps(size);
    const market = createMarket(env, steps);
    let cells = [];
    let anchor = Number(setting("anchor", NaN));
    let nextMessage = 0;
    let withdrawn = false;

    const line = (i) => anchor * (1 + step) ** i;

    function draw() {
      for (let i = -levels; i < levels; i += 1) {
        cells.push({
          lower: line(i), upper: line(i + 1), side: i >= 0 && allowShort ? "sell" : "buy", done: 0,
          id: null, filled: 0, acknowledged: false, cancelling: false, sentAt: 0, waitUntil: 0, failures: 0,
        });
      }
    }

    const lineOf = (cell) => (cell.side === "buy" ? cell.lower : cell.upper);

    /** Half a step of room, so that an order waits in the book instead of taking from it. */
    function waits(cell, price) {
      return cell.side === "buy" ? price > cell.lower * (1 + step / 2) : price < cell.upper * (1 - step / 2);
    }

    function cancel(cell, now) {
      if (typeof runtime.cancelOrder !== "function") return;
      cell.cancelling = true;
      cell.sentAt = now;
      nextMessage = now + intervalMs;
      runtime.cancelOrder(cell.id);
    }

    function place(cell, now) {
      const price = cell.side === "buy" ? steps.down(cell.lower) : steps.up(cell.upper);
      const quantity = steps.lots(size - cell.done);
      const provider = runtime.providers()[0];
      if (provider === undefined || !steps.allows(Number(price), Number(quantity))) return;
      nextMessage = now + intervalMs;
      try {
        const id = runtime.submitOrder(provider, cell.side, quantity, price, { symbol: market.symbol() });
        Object.assign(cell, { id, filled: 0, acknowledged: false, cancelling: false, sentAt: now });
      } catch (error) {
        refused(cell, now, error.message);
      }
    }

    /** The cell that needs a message most: one without an answer, else the free one nearest to the price. */
    function mostUrgent(price, now) {
      const unanswered = (c) => c.id !== null && (c.cancelling || !c.acknowledged);
      const late = cells.find((c) => unanswered(c) && now - c.sentAt > ANSWER_LIMIT_MS);
      if (late !== undefined) return late;
      const free = cells.filter((c) => c.id === null && now >= c.waitUntil && waits(c, price));
      const distance = (cell) => Math.abs(lineOf(cell) - price);
      return free.reduce((near, cell) => (near === null || distance(cell) < distance(near) ? cell : near), null);
    }

    function tend(price) {
      const now = Date.now();
      if (cells.length === 0) {
        if (!(anchor > 0)) anchor = price;
        draw();
      }
      if (now < nextMessage) return;
      nextMessage = now + IDLE_MS; // a message sets it further
      if (withdrawn) withdrawn = price < line(-levels) || price > line(levels);
      else withdrawn = price < line(-levels) * (1 - stop) || price > line(levels) * (1 + stop);
      if (withdrawn) {
        const open = cells.find((c) => c.id !== null && (!c.cancelling || now - c.sentAt > ANSWER_LIMIT_MS));
        if (open !== undefined) cancel(open, now);
        return;
      }
      if (!runtime.isTradingActive()) return;
      const cell = mostUrgent(price, now);
      if (cell === null) return;
      if (cell.id === null) place(cell, now);
      else cancel(cell, now);
    }

    function report(payload) {
      const cell = cells.find((c) => c.id !== null && c.id === payload.clientOrderId);
      if (cell === undefined) return null;
      const filled = Number(payload.filledQuantity) || 0;
      cell.done += Math.max(0, filled - cell.filled);
      cell.filled = Math.max(cell.filled, filled);
      cell.acknowledged = true;
      cell.failures = 0;
      return cell;
    }

    function gone(_ctx, _evt, payload) {
      const cell = report(payload);
      if (cell === null) return;
      cell.id = null;
      if (size - cell.done > steps.lot() / 2) {
        cell.waitUntil = Date.now() + ANSWER_LIMIT_MS; // it went unfilled; the rest waits a while
        return;
      }
      cell.done = 0;
      cell.side = cell.side === "buy" ? "sell" : "buy";
    }

    function refused(cell, now, reason) {
      cell.id = null;
      cell.failures += 1;
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (cell.failures - 1));
      cell.waitUntil = now + wait;
      env.helpers.log(`grid: ${cell.side} refused, waiting ${wait / 1000} s: ${reason}`);
    }

    return {
      onTrade(_ctx, evt, payload, price) {
        if (!market.follows(evt)) return;
        if (!steps.known()) steps.observe(payload.price);
        tend(Number(price));
      },
      onTicker(_ctx, evt, payload) {
        const price = Number(payload.lastPrice);
        if (!market.follows(evt) || !(price > 0)) return;
        if (!steps.known()) steps.observe(payload.lastPrice);
        tend(price);
      },
      onInstrumentUpdate(_ctx, evt, payload) {
        market.learn(evt, payload.instrument);
      },
      onOrderAcknowledged: (_ctx, _evt, payload) => void report(payload),
      onOrderPartialFill: (_ctx, _evt, payload) => void report(payload),
      onOrderFilled: gone,
      onOrderCancelled: gone,
      onOrderExpired: gone,
      onOrderRejected(_ctx, _evt, payload, reason) {
        const cell = report(payload);
        if (cell !== null) refused(cell, Date.now(), reason ?? payload.rejectReason);
      },
      onRiskControl(_ctx, _evt, payload) {
        if (!payload.killSwitchEngaged) return;
        env.helpers.log(`grid: withdrawing all orders: ${payload.reason}`);
        const now = Date.now();
        for (const cell of cells) if (cell.id !== null && !cell.cancelling) cancel(cell, now);
      },
    };
  },
};
