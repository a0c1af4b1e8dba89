/**
 * noop: takes every event and does nothing.
 *
 * It is an end for routes: to see what a route delivers and what delivering costs, before a strategy
 * of one's own is written. It has no config, sends no orders, and cannot lose money.
 */
"use strict";

module.exports = {
  metadata: {
    name: "noop",
    tag: "1.0.0",
    displayName: "No operation",
    description: "Takes every event and does nothing.",
    config: [],
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

  create() {
    // Handlers that exist and return: a missing handler would not be called, and cost nothing to measure.
    const ignore = () => undefined;
    return {
      onTrade: ignore,
      onTicker: ignore,
      onBookSnapshot: ignore,
      onKlineSummary: ignore,
      onOrderAcknowledged: ignore,
      onOrderPartialFill: ignore,
      onOrderFilled: ignore,
      onOrderCancelled: ignore,
      onOrderRejected: ignore,
      onOrderExpired: ignore,
      onBalanceUpdate: ignore,
      onInstrumentUpdate: ignore,
      onRiskControl: ignore,
      onExtensionEvent: ignore,
    };
  },
};
