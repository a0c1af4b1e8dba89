/**
 * logger: writes what it receives to the log, without drowning it.
 *
 * Market events are summed up: every `interval` of event time one line for each provider and symbol says how
 * many events of each kind came, the last price, the range it moved in, and the best bid and ask. What is
 * rare and matters (orders, balances, instruments, risk) is written as it comes. With `samples`, that many
 * whole market events an interval are written too.
 *
 * It sends no orders and cannot lose money. Lines beyond what the gateway takes in one go are counted, not
 * kept.
 */
"use strict";

const UNITS_MS = { ns: 1e-6, us: 1e-3, "µs": 1e-3, ms: 1, s: 1000, m: 60000, h: 3600000 };
const MAX_STREAMS = 1000; // providers times symbols that are summed up apart; the rest is summed together

/** Milliseconds of '1m30s'. */
function milliseconds(text) {
  let total = 0;
  for (const [, count, unit] of String(text).matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(count) * UNITS_MS[unit];
  }
  return total;
}

function emptyStream() {
  const counts = { trades: 0, tickers: 0, books: 0, klines: 0 };
  return { ...counts, last: NaN, low: Infinity, high: -Infinity, bid: null, ask: null };
}

module.exports = {
  metadata: {
    name: "logger",
    tag: "1.0.0",
    displayName: "Logger",
    description: "Sums market events up in the log, and writes orders, balances and risk events whole.",
    config: [
      {
        name: "interval",
        type: "duration",
        description: "event time between two summaries",
        default: "10s",
        required: false,
      },
      {
        name: "samples",
        type: "int",
        description: "whole market events written in each interval",
        default: 0,
        required: false,
      },
    ],
    events: [
      "Trade",
      "Ticker",
      "BookSnapshot",
      "KlineSummary",
      "ExecReport",
      "BalanceUpdate",
      "InstrumentUpdate",
      "RiskControl",
      "Extension",
    ],
  },

  create(env) {
    const { log } = env.helpers;
    const intervalMs = milliseconds(env.config.interval ?? "10s");
    const samples = Number(env.config.samples ?? 0);
    if (!(intervalMs > 0)) throw new RangeError("config interval: a duration above 0");

    const streams = new Map();
    let samplesLeft = samples;
    let nextSummary = null;

    function summary(name, s) {
      const counts = ["trades", "tickers", "books", "klines"].filter((kind) => s[kind] > 0);
      const parts = counts.map((kind) => `${s[kind]} ${kind}`);
      if (s.high >= s.low) parts.push(`last ${s.last}`, `range ${s.low} to ${s.high}`);
      if (s.bid !== null) parts.push(`bid ${s.bid}`, `ask ${s.ask}`);
      return `${name}: ${parts.join(", ")}`;
    }

    function summarise(now) {
      for (const [name, stream] of streams) log(summary(name, stream));
      streams.clear();
      samplesLeft = samples;
      nextSummary = now + intervalMs;
    }

    function streamOf(evt) {
      const now = Date.now();
      if (nextSummary === null) nextSummary = now + intervalMs;
      if (now >= nextSummary) summarise(now);
      if (samplesLeft > 0) {
        samplesLeft -= 1;
        log(evt.type, evt.provider, evt.symbol, JSON.stringify(evt.payload));
      }
      const name = `${evt.provider} ${evt.symbol}`;
      let stream = streams.get(name);
      if (stream !== undefined) return stream;
      const kept = streams.size < MAX_STREAMS ? name : "others";
      stream = streams.get(kept) ?? emptyStream();
      streams.set(kept, stream);
      return stream;
    }

    function price(stream, value) {
      if (!(value > 0)) return;
      stream.last = value;
      stream.low = Math.min(stream.low, value);
      stream.high = Math.max(stream.high, value);
    }

    const whole = (what) => (_ctx, evt, payload) => log(what, evt.provider ?? "", JSON.stringify(payload));
    const order = (what) => (_ctx, _evt, p, reason) => {
      const rest = reason ? `: ${reason}` : "";
      const filled = Number(p.filledQuantity) > 0 ? `, ${p.filledQuantity} filled at ${p.avgFillPrice}` : "";
      log(`order ${p.clientOrderId} ${what}: ${p.side} ${p.quantity} at ${p.price ?? "market"}${filled}${rest}`);
    };

    return {
      onTrade(_ctx, evt, _payload, last) {
        const stream = streamOf(evt);
        stream.trades += 1;
        price(stream, Number(last));
      },
      onTicker(_ctx, evt, payload) {
        const stream = streamOf(evt);
        stream.tickers += 1;
        price(stream, Number(payload.lastPrice));
        stream.bid = payload.bidPrice;
        stream.ask = payload.askPrice;
      },
      onBookSnapshot(_ctx, evt, payload) {
        const stream = streamOf(evt);
        stream.books += 1;
        if (payload.bids.length > 0 && payload.asks.length > 0) {
          stream.bid = payload.bids[0].price;
          stream.ask = payload.asks[0].price;
        }
      },
      onKlineSummary(_ctx, evt, payload) {
        const stream = streamOf(evt);
        stream.klines += 1;
        price(stream, Number(payload.closePrice));
      },
      onOrderAcknowledged: order("acknowledged"),
      onOrderPartialFill: order("partially filled"),
      onOrderFilled: order("filled"),
      onOrderCancelled: order("cancelled"),
      onOrderExpired: order("expired"),
      onOrderRejected: order("rejected"),
      onBalanceUpdate: whole("balance"),
      onInstrumentUpdate: whole("instrument"),
      onRiskControl: whole("risk"),
      onExtensionEvent: whole("extension"),
    };
  },
};
