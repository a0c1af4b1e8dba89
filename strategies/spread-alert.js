/**
 * spread-alert: says when the spread of a symbol is too wide, and when it is back.
 *
 * The spread is that of the best bid and ask, as a part of the middle. One line is written when it goes above
 * `above`, and one when it is below `below` again, so that a spread that wavers around the limit makes no noise.
 *
 * It sends no orders and cannot lose money; whoever acts on its lines may.
 */
"use strict";

module.exports = {
  metadata: {
    name: "spread-alert",
    tag: "1.0.0",
    displayName: "Spread alert",
    description: "Writes to the log when a spread gets too wide, and when it is back.",
    config: [
      { name: "above", type: "float", description: "spread that is too wide, as a part of the price", default: 0.001 },
      { name: "below", type: "float", description: "spread that is good again; half of `above` when absent" },
    ],
    events: ["Ticker", "BookSnapshot"],
  },

  create(env) {
    const { log } = env.helpers;
    const above = Number(env.config.above ?? 0.001);
    const below = Number(env.config.below ?? above / 2);
    if (!(above > 0)) throw new RangeError("config above: a ratio above 0");
    if (!(below > 0 && below <= above)) throw new RangeError("config below: a ratio above 0, at most `above`");

    const wideSince = new Map(); // by provider and symbol

    function look(evt, bid, ask) {
      if (!(bid > 0 && ask > 0)) return;
      const name = `${evt.provider} ${evt.symbol}`;
      const spread = (2 * (ask - bid)) / (ask + bid);
      const since = wideSince.get(name);
      if (since === undefined && spread > above) {
        wideSince.set(name, Date.now());
        log(`WIDE ${name}: ${bps(spread)} bps (${bid} to ${ask})`);
      } else if (since !== undefined && spread < below) {
        wideSince.delete(name);
        log(`good ${name}: ${bps(spread)} bps, after ${Date.now() - since} ms`);
      }
    }

    return {
      onTicker(_ctx, evt, payload) {
        look(evt, Number(payload.bidPrice), Number(payload.askPrice));
      },
      onBookSnapshot(_ctx, evt, payload) {
        if (payload.bids.length === 0 || payload.asks.length === 0) return;
        look(evt, Number(payload.bids[0].price), Number(payload.asks[0].price));
      },
    };
  },
};

function bps(ratio) {
  return (ratio * 1e4).toFixed(1);
}
