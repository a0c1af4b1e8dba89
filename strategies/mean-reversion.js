/**
 * mean-reversion: trades against a price that has strayed far from its own average.
 *
 * Average and variance of the price are exponentially weighted in event time, with the given `half_life`, from
 * one price each `sample`. A price more than `entry_z` standard deviations below the average is bought, one
 * above it is sold short where `allow_short` says so, if the way back to the average is at least `min_edge` of
 * the price. The position is closed when the price is within `exit_z` deviations of the average again, when it
 * has lost `stop_loss`, or after `max_hold`. After a loss it waits for `cooldown`, and until the price has been
 * near its average once more. Orders are limit orders, filled at once or cancelled, at most `slippage` beyond the
 * price in hand.
 *
 * Nothing is traded during the first three half-lives, nor for as long after a silence of ten.
 *
 * Config: see `metadata.config`.
 *
 * It loses money when the price does not come back: in a trend, and at news, it buys what falls until `stop_loss`.
 * `min_edge` must be above two taker fees and the spread, or every win is a loss.
 */
"use strict";

const UNITS_MS = { ns: 1e-6, us: 1e-3, "µs": 1e-3, ms: 1, s: 1000, m: 60000, h: 3600000 };
const MAX_DECIMALS = 8; // finer steps are noise of floating point, not a venue's tick
const ANSWER_LIMIT_MS = 5000; // a venue that has not answered by then is asked to cancel
const FIRST_WAIT_MS = 1000; // after a rejection; doubled for each further one
const LONGEST_WAIT_MS = 60000;
const WARM_UP_HALF_LIVES = 3; // an eighth of the weight is then still unknown
const SILENCE_HALF_LIVES = 10; // after that the past weighs a thousandth

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

/** Exponentially weighted mean and variance, for prices that come at uneven times. */
function createAverage(halfLifeMs, sampleMs) {
  let startedAt = null;
  let sampledAt = -Infinity;
  let variance = 0;
  const average = {
    mean: NaN,
    add(price, now) {
      if (startedAt === null || now - sampledAt > SILENCE_HALF_LIVES * halfLifeMs) {
        startedAt = now;
        sampledAt = now;
        average.mean = price;
        variance = 0;
        return;
      }
      if (now - sampledAt < sampleMs) return;
      const weight = 1 - 0.5 ** ((now - sampledAt) / halfLifeMs);
      const distance = price - average.mean;
      average.mean += weight * distance;
      variance = (1 - weight) * (variance + weight * distance * distance);
      sampledAt = now;
    },
    isReady(now) {
      if (startedAt === null || now - sampledAt > SILENCE_HALF_LIVES * halfLifeMs) return false;
      return now - startedAt >= WARM_UP_HALF_LIVES * halfLifeMs && variance > 0;
    },
    /** Distance from the mean in standard deviations. */
    score: (price) => (price - average.mean) / Math.sqrt(variance),
  };
  return average;
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
    name: "mean-reversion",
    tag: "1.0.0",
    displayName: "Mean reversion",
    description: "Buys far below the recent average and sells when the price is back.",
    config: [
      {
        name: "size",
        type: "float",
        description: "quantity of a position, in the base asset",
        default: null,
        required: true,
      },
      {
        name: "half_life",
        type: "duration",
        description: "age at which a price counts half in the average",
        default: "60s",
        required: false,
      },
      {
        name: "sample",
        type: "duration",
        description: "event time between two prices that enter the average",
        default: "1s",
        required: false,
      },
      {
        name: "entry_z",
        type: "float",
        description: "standard deviations from the average at which a position is opened",
        default: 2.5,
        required: false,
      },
      {
        name: "exit_z",
        type: "float",
        description: "standard deviations from the average at which it is closed",
        default: 0.5,
        required: false,
      },
      {
        name: "min_edge",
        type: "float",
        description: "shortest way back to the average that is worth a trade, as a part of the price",
        default: 0.001,
        required: false,
      },
      {
        name: "stop_loss",
        type: "float",
        description: "loss that closes the position, as a part of the entry price",
        default: 0.01,
        required: false,
      },
      {
        name: "max_hold",
        type: "duration",
        description: "longest time that a position is held",
        default: "15m",
        required: false,
      },
      {
        name: "cooldown",
        type: "duration",
        description: "time without a new position after a loss",
        default: "60s",
        required: false,
      },
      {
        name: "slippage",
        type: "float",
        description: "how far beyond the price in hand an order may fill",
        default: 0.0005,
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
    const halfLifeMs = milliseconds(setting("half_life", "60s"));
    const entryZ = Number(setting("entry_z", 2.5));
    const exitZ = Number(setting("exit_z", 0.5));
    const minEdge = Number(setting("min_edge", 0.001));
    const stopLoss = Number(setting("stop_loss", 0.01));
    const maxHoldMs = milliseconds(setting("max_hold", "15m"));
    const cooldownMs = milliseconds(setting("cooldown", "60s"));
    const allowShort = Boolean(setting("allow_short", false));
    if (!(size > 0)) throw new RangeError("config size: a quantity above 0");
    if (!(halfLifeMs > 0)) throw new RangeError("config half_life: a duration above 0");
    if (!(entryZ > exitZ && exitZ >= 0)) throw new RangeError("config entry_z: above exit_z, and that not below 0");
    if (!(stopLoss > 0 && stopLoss < 1)) throw new RangeError("config stop_loss: a part of the price");

    const steps = createSteps(size);
    const market = createMarket(env, steps);
    const taker = createTaker(env, steps, market, Number(setting("slippage", 0.0005)));
    const average = createAverage(halfLifeMs, milliseconds(setting("sample", "1s")));
    let openedAt = 0;
    let restUntil = 0;
    let armed = true; // after a loss: only once the price has been near its average again

    function enter(price, now) {
      if (!average.isReady(now)) return;
      const z = average.score(price);
      if (Math.abs(z) <= exitZ) armed = true;
      if (!armed || now < restUntil || Math.abs(z) < entryZ) return;
      if (Math.abs(average.mean - price) < minEdge * price || (z > 0 && !allowShort)) return;
      if (taker.take(z > 0 ? "sell" : "buy", size, price, now)) openedAt = now;
    }

    function leave(price, now) {
      const long = taker.position > 0;
      const z = average.score(price);
      const back = long ? z >= -exitZ : z <= exitZ;
      const gain = (long ? 1 : -1) * (price / taker.entry - 1);
      const lost = gain <= -stopLoss || now - openedAt >= maxHoldMs;
      if (!back && !lost) return;
      if (!taker.take(long ? "sell" : "buy", Math.abs(taker.position), price, now) || !lost) return;
      armed = false;
      restUntil = now + cooldownMs;
    }

    function step(price) {
      const now = Date.now();
      // The price in hand is judged by the average before it, so that it cannot excuse itself.
      if (taker.isReady(now)) {
        if (taker.isFlat()) enter(price, now);
        else leave(price, now);
      }
      average.add(price, now);
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
