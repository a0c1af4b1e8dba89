/**
 * arbitrage-monitor: says when one venue bids more than another asks, after fees.
 *
 * For each symbol it keeps the best bid and ask of every venue. When the highest bid of one is above the lowest
 * ask of another by more than `edge`, a line says where to buy, where to sell and what would be left of it; another
 * says when that is over, and how long it lasted. Quotes older than `stale_after` of event time do not count: a
 * venue that has gone silent looks like an opportunity.
 *
 * It sends no orders and cannot lose money. Whoever trades on its lines loses money whenever one of the two
 * prices is gone before the order comes.
 */
"use strict";

const UNITS_MS = { ns: 1e-6, us: 1e-3, "µs": 1e-3, ms: 1, s: 1000, m: 60000, h: 3600000 };

/** Milliseconds of '1m30s'. */
function milliseconds(text) {
  let total = 0;
  for (const [, count, unit] of String(text).matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(count) * UNITS_MS[unit];
  }
  return total;
}

module.exports = {
  metadata: {
    name: "arbitrage-monitor",
    tag: "1.0.0",
    displayName: "Arbitrage monitor",
    description: "Writes to the log when one venue bids more than another asks.",
    config: [
      { name: "edge", type: "float", description: "least gain after fees, as a part of the price", default: 0 },
      { name: "fee", type: "float", description: "fee of one side, as a part of the price", default: 0.0005 },
      { name: "stale_after", type: "duration", description: "age at which a quote no longer counts", default: "5s" },
    ],
    events: ["Ticker", "BookSnapshot"],
  },

  create(env) {
    const { log } = env.helpers;
    const least = Number(env.config.edge ?? 0) + 2 * Number(env.config.fee ?? 0);
    const staleMs = milliseconds(env.config.stale_after ?? "5s");
    if (!(staleMs > 0)) throw new RangeError("config stale_after: a duration above 0");

    const quotes = new Map(); // symbol → venue → { bid, ask, at }
    const open = new Map(); // symbol → { since, best }

    function quote(evt, bid, ask) {
      if (!(bid > 0 && ask > 0)) return;
      const venues = quotes.get(evt.symbol) ?? new Map();
      quotes.set(evt.symbol, venues);
      venues.set(evt.provider, { bid, ask, at: Date.now() });
      compare(evt.symbol, venues);
    }

    function compare(symbol, venues) {
      let buy = null;
      let sell = null;
      for (const [venue, { bid, ask, at }] of venues) {
        if (Date.now() - at > staleMs) continue;
        if (buy === null || ask < buy.ask) buy = { venue, ask };
        if (sell === null || bid > sell.bid) sell = { venue, bid };
      }
      const gain = buy !== null && buy.venue !== sell.venue ? sell.bid / buy.ask - 1 : -Infinity;
      const before = open.get(symbol);
      if (gain > least && before === undefined) {
        open.set(symbol, { since: Date.now(), best: gain });
        log(`OPEN ${symbol}: buy on ${buy.venue} at ${buy.ask}, sell on ${sell.venue} at ${sell.bid}, ${bps(gain - least)} bps after fees`);
      } else if (gain > least) {
        before.best = Math.max(before.best, gain);
      } else if (before !== undefined) {
        open.delete(symbol);
        log(`over ${symbol}: after ${Date.now() - before.since} ms, at best ${bps(before.best - least)} bps after fees`);
      }
    }

    return {
      onTicker(_ctx, evt, payload) {
        quote(evt, Number(payload.bidPrice), Number(payload.askPrice));
      },
      onBookSnapshot(_ctx, evt, payload) {
        if (payload.bids.length === 0 || payload.asks.length === 0) return;
        quote(evt, Number(payload.bids[0].price), Number(payload.asks[0].price));
      },
    };
  },
};

function bps(ratio) {
  return (ratio * 1e4).toFixed(1);
}
