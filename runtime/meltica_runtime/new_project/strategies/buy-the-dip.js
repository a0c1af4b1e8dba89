/** buy-the-dip: buys `size` whenever the price is `drop` below the highest since the last purchase. */
"use strict";

module.exports = {
  metadata: {
    name: "buy-the-dip",
    tag: "1.0.0",
    displayName: "Buy the dip",
    description: "Buys when the price has fallen from its high.",
    config: [
      { name: "size", type: "float", description: "quantity of an order", required: true },
      { name: "drop", type: "float", description: "fall from the high, as a part of it", default: 0.02 },
    ],
    events: ["Trade", "ExecReport"],
  },

  create(env) {
    const { size, drop } = env.config;
    let high = 0;
    let orderId = null; // the order that is under way

    return {
      onTrade(ctx, evt, payload, price) {
        high = Math.max(high, price);
        if (orderId !== null || price > high * (1 - drop)) return;
        if (!env.runtime.isTradingActive()) return;
        const [provider] = env.runtime.providers();
        orderId = env.runtime.submitOrder(provider, "buy", size, payload.price, { symbol: evt.symbol });
        high = price;
      },
      onOrderFilled(ctx, evt, payload) {
        env.helpers.log("bought", payload.filledQuantity, "at", payload.avgFillPrice);
        orderId = null;
      },
      onOrderRejected(ctx, evt, payload, reason) {
        env.helpers.log("refused:", reason);
        orderId = null;
      },
    };
  },
};
