/**
 * momentum: follows a price that breaks out of the range it has kept to.
 *
 * The range is the highest and the lowest price of the last `lookback` of event time, without the newest
 * sixtieth of it. A price above the range by more than `threshold` is bought, one below it is sold short
 * where `allow_short` says so. The position is closed when the price falls back by `trail` from the best it
 * has reached since, when it breaks out of the other end of the range, or after `max_hold`. Orders are limit orders,
 * filled at once or cancelled, at most `slippage` beyond the price in hand.
 *
 * After a silence longer than `lookback` the range is gathered anew before anything is traded. While trading
 * is halted an open position stays as it is.
 *
 * Config: see `metadata.config`.
 *
 * It loses money when the price goes sideways in wide swings: each breakout is bought at the top of a
 * swing and sold `trail` lower. Every round trip also costs two taker fees and the spread.
 */
"use strict";

const UNITS_MS = { ns: 1e-6, us: 1e-3, "µs": 1e-3, ms: 1, s: 1000, m: 60000, h: 3600000 };
const MAX_DECIMALS = 8; // finer steps are noise of floating point, not a venue's tick
const ANSWER_LIMIT_MS = 5000; // a venue that has not answered by then is asked to cancel
const FIRST_WAIT_MS = 1000; // after a rejection; doubled for each further one
const LONGEST_WAIT_MS = 60000;
const BUCKETS = 60; // the range is kept in sixtieths of the lookback: bounded, whatever the rate of trades

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

/** Highest and lowest price of the last `BUCKETS` buckets of `bucketMs`, the one in hand left out. */
function createRange(bucketMs) {
  const highs = new Array(BUCKETS).fill(-Infinity);
  const lows = new Array(BUCKETS).fill(Infinity);
  let current = null;
  let first = null;
  const range = {
    high: -Infinity,
    low: Infinity,
    isReady: () => current !== null && current - first >= BUCKETS,
    add(price, now) {
      const bucket = Math.floor(now / bucketMs);
      if (current === null || bucket - current > BUCKETS) {
        highs.fill(-Infinity);
        lows.fill(Infinity);
        first = bucket;
        current = bucket;
      }
      if (bucket > current) roll(bucket);
      const place = current % BUCKETS;
      highs[place] = Math.max(highs[place], price);
      lows[place] = Math.min(lows[place], price);
    },
  };

  function roll(bucket) {
    range.high = Math.max(...highs);
    range.low = Math.min(...lows);
    while (current < bucket) {
      current += 1;
      highs[current % BUCKETS] = -Infinity;
      lows[current % BUCKETS] = Infinity;
    }
  }

  return range;
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

/**
 * Takes from the book: one order at a time, immediate or cancelled, at most `slippage` beyond the price in
 * hand. `position` follows from the fills; nothing is sent while the fate of an order is unknown.
 */
function createTaker(env, steps, market, slippage) {
  const { runtime } = env;
  const name = env.metadata.name;
  let order = null;
  let waitUntil = 0;
  let failures = 0;
  const taker = {
    position: 0,
    entry: NaN, // average price of the fills that opened the position
    isFlat: () => Math.abs(taker.position) < steps.lot() / 2,

    isReady(now) {
      if (order !== null && now - order.sentAt > ANSWER_LIMIT_MS && typeof runtime.cancelOrder === "function") {
        order.sentAt = now;
        runtime.cancelOrder(order.id);
      }
      return order === null && now >= waitUntil && runtime.isTradingActive();
    },

    /** Returns whether an order went out. */
    take(side, quantity, price, now) {
      const limit = side === "buy" ? steps.down(price * (1 + slippage)) : steps.up(price * (1 - slippage));
      const lots = steps.lots(quantity);
      const provider = runtime.providers()[0];
      if (provider === undefined || !steps.allows(Number(limit), Number(lots))) return false;
      waitUntil = now + FIRST_WAIT_MS; // also after an order that found nothing to take
      try {
        const options = { symbol: market.symbol(), timeInForce: "ioc" };
        order = { id: runtime.submitOrder(provider, side, lots, limit, options), side, filled: 0, sentAt: now };
        return true;
      } catch (error) {
        refused(now, error.message);
        return false;
      }
    },

    report(payload) {
      if (order === null || payload.clientOrderId !== order.id) return false;
      const filled = Number(payload.filledQuantity) || 0;
      if (filled > order.filled) {
        const opens = taker.isFlat() || Math.sign(taker.position) === (order.side === "buy" ? 1 : -1);
        if (opens) taker.entry = Number(payload.avgFillPrice) || Number(payload.price);
        taker.position += (order.side === "buy" ? 1 : -1) * (filled - order.filled);
        order.filled = filled;
      }
      failures = 0;
      return true;
    },

    finish(payload) {
      if (taker.report(payload)) order = null;
    },

    reject(payload, reason) {
      if (order !== null && payload.clientOrderId === order.id) refused(Date.now(), reason);
    },
  };

  function refused(now, reason) {
    order = null;
    failures += 1;
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
    waitUntil = now + wait;
    env.helpers.log(`${name}: order refused, waiting ${wait / 1000} s: ${reason}`);
  }

  return taker;
}

module.exports = {
  metadata: {
    name: "momentum",
    tag: "1.0.0",
    displayName: "Momentum",
    description: "Buys a breakout from the recent range and holds it until the price falls back.",
    config: [
      {
        name: "size",
        type: "float",
        description: "quantity of a position, in the base asset",
        default: null,
        required: true,
      },
      {
        name: "lookback",
        type: "duration",
        description: "how far back the range reaches",
        default: "60s",
        required: false,
      },
      {
        name: "threshold",
        type: "float",
        description: "how far beyond the range a breakout must go, as a part of the price",
        default: 0.0005,
        required: false,
      },
      {
        name: "trail",
        type: "float",
        description: "the setback from the best price since entry that closes the position",
        default: 0.002,
        required: false,
      },
      {
        name: "max_hold",
        type: "duration",
        description: "longest time that a position is held",
        default: "10m",
        required: false,
      },
      {
        name: "cooldown",
        type: "duration",
        description: "time between closing a position and opening the next",
        default: "5s",
        required: false,
      },
      {
        name: "slippage",
        type: "float",
        description: "how far beyond the price in hand an order may fill",
        default: 0.001,
        required: false,
      },
      {
        name: "allow_short",
        type: "bool",
        description: "sell what is not held, on venues that allow it",
        default: false,
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
    events: ["Trade", "Ticker", "ExecReport", "InstrumentUpdate"],
  },

  create(env) {
    const setting = (name, fallback) => env.config[name] ?? fallback;
    const size = Number(setting("size", NaN));
    const lookbackMs = milliseconds(setting("lookback", "60s"));
    const threshold = Number(setting("threshold", 0.0005));
    const trail = Number(setting("trail", 0.002));
    const maxHoldMs = milliseconds(setting("max_hold", "10m"));
    const cooldownMs = milliseconds(setting("cooldown", "5s"));
    const allowShort = Boolean(setting("allow_short", false));
    if (!(size > 0)) throw new RangeError("config size: a quantity above 0");
    if (!(lookbackMs >= BUCKETS)) throw new RangeError("config lookback: at least 60ms");
    if (!(trail > 0 && trail < 1)) throw new RangeError("config trail: a part of the price above 0 and below 1");

    const steps = createSteps(size);
    const market = createMarket(env, steps);
    const taker = createTaker(env, steps, market, Number(setting("slippage", 0.001)));
    const range = createRange(lookbackMs / BUCKETS);
    let best = NaN; // since the position was opened
    let openedAt = 0;
    let restUntil = 0;

    function enter(price, now) {
      if (now < restUntil || !range.isReady()) return;
      const rises = price > range.high * (1 + threshold);
      const falls = price < range.low * (1 - threshold);
      if (!rises && !(falls && allowShort)) return;
      if (!taker.take(rises ? "buy" : "sell", size, price, now)) return;
      best = price;
      openedAt = now;
    }

    function leave(price, now) {
      const long = taker.position > 0;
      best = long ? Math.max(best, price) : Math.min(best, price);
      const setBack = long ? price <= best * (1 - trail) : price >= best * (1 + trail);
      const turned = long ? price < range.low : price > range.high;
      if (!setBack && !turned && now - openedAt < maxHoldMs) return;
      if (taker.take(long ? "sell" : "buy", Math.abs(taker.position), price, now)) restUntil = now + cooldownMs;
    }

    function step(price) {
      const now = Date.now();
      range.add(price, now);
      if (!taker.isReady(now)) return;
      if (taker.isFlat()) enter(price, now);
      else leave(price, now);
    }

    return {
      onTrade(_ctx, evt, payload, price) {
        if (!market.follows(evt)) return;
        if (!steps.known()) steps.observe(payload.price);
        step(Number(price));
      },
      onTicker(_ctx, evt, payload) {
        const price = Number(payload.lastPrice);
        if (!market.follows(evt) || !(price > 0)) return;
        if (!steps.known()) steps.observe(payload.lastPrice);
        step(price);
      },
      onInstrumentUpdate(_ctx, evt, payload) {
        market.learn(evt, payload.instrument);
      },
      onOrderAcknowledged: (_ctx, _evt, payload) => void taker.report(payload),
      onOrderPartialFill: (_ctx, _evt, payload) => void taker.report(payload),
      onOrderFilled: (_ctx, _evt, payload) => taker.finish(payload),
      onOrderCancelled: (_ctx, _evt, payload) => taker.finish(payload),
      onOrderExpired: (_ctx, _evt, payload) => taker.finish(payload),
      onOrderRejected: (_ctx, _evt, payload, reason) => taker.reject(payload, reason ?? payload.rejectReason),
    };
  },
};
