/**
 * market-making: quotes one bid and one ask around the fair price of a symbol, and earns the spread.
 *
 * The fair price is the mid of the newest book or ticker, or the last trade where there is neither. The
 * quotes stand `spread / 2` below and above it, shifted against the inventory: long inventory lowers both,
 * so that the next fill is more likely a sale. At `max_inventory` only the side that reduces it is quoted.
 * Quotes follow the price by amending (`amend = true`) or by cancelling and placing anew, at most one pass
 * over both sides every `requote_interval` of event time, and only when they are off by more than
 * `requote_threshold`. Prices and quantities are rounded to the tick and lot of the instrument; until that
 * is known, to the decimals seen in the market.
 *
 * Inventory is counted from its own fills since it started. An order whose fate is unknown blocks its side
 * until the venue tells; a rejected one makes its side wait, longer each time. When risk control
 * halts trading, both quotes are withdrawn.
 *
 * Config: see `metadata.config`.
 *
 * It loses money when the price trends: the side that is run over fills again and again, and inventory
 * gathers against the trend until `max_inventory`. It also loses where fees are more than half the spread,
 * and where its reference is slower than those who trade against it.
 */
"use strict";

const UNITS_MS = { ns: 1e-6, us: 1e-3, "µs": 1e-3, ms: 1, s: 1000, m: 60000, h: 3600000 };
const MAX_DECIMALS = 8; // finer steps are noise of floating point, not a venue's tick
const ANSWER_LIMIT_MS = 5000; // a venue that has not answered by then is asked to cancel
const QUOTE_LIFE_MS = 60000; // nobody confirms an amendment to a strategy, so an amended quote is renewed
const FIRST_WAIT_MS = 1000; // after a rejection; doubled for each further one
const LONGEST_WAIT_MS = 60000;

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
    observe(price, quantity) {
      seen.price = Math.max(seen.price, decimalsOf(price));
      seen.quantity = Math.max(seen.quantity, decimalsOf(quantity));
    },
    learn(instrument) {
      const price = Number(instrument.tickSize);
      const quantity = Number(instrument.lotSize);
      if (!(price > 0 && quantity > 0)) return;
      rules = { price, quantity, notional: Number(instrument.minNotional) || 0 };
    },
    tick: () => step("price"),
    lot: () => step("quantity"),
    // The small term keeps 0.3 / 0.1 = 2.9999999999999996 from losing a step.
    down: (price) => text(Math.floor(price / step("price") + 1e-9), step("price")),
    up: (price) => text(Math.ceil(price / step("price") - 1e-9), step("price")),
    lots: (quantity) => text(Math.floor(quantity / step("quantity") + 1e-9), step("quantity")),
    allows: (price, quantity) => quantity > 0 && (rules === null || price * quantity >= rules.notional),
  };
}

module.exports = {
  metadata: {
    name: "market-making",
    tag: "1.0.0",
    displayName: "Market making",
    description: "Quotes a bid and an ask around the fair price and leans against its inventory.",
    config: [
      {
        name: "spread",
        type: "float",
        description: "distance from the bid to the ask, as a part of the price: 5bps",
        default: 0.0005,
        required: false,
      },
      {
        name: "size",
        type: "float",
        description: "quantity of each quote, in the base asset",
        default: null,
        required: true,
      },
      {
        name: "max_inventory",
        type: "float",
        description: "largest position, long or short, in the base asset; ten times the size when absent",
        default: null,
        required: false,
      },
      {
        name: "skew",
        type: "float",
        description: "how far a full inventory shifts the quotes, in spreads",
        default: 1,
        required: false,
      },
      {
        name: "requote_interval",
        type: "duration",
        description: "shortest time between two passes over the quotes; a pass sends at most two messages",
        default: "500ms",
        required: false,
      },
      {
        name: "requote_threshold",
        type: "float",
        description: "how far a quote may be off before it is moved, as a part of the price",
        default: 0.0001,
        required: false,
      },
      {
        name: "stale_after",
        type: "duration",
        description: "age at which bid and ask are no longer trusted and the last trade is used instead",
        default: "5s",
        required: false,
      },
      {
        name: "symbol",
        type: "symbol",
        description: "what to quote; the symbol of the first market event when absent",
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
      {
        name: "amend",
        type: "bool",
        description: "move a quote by amending it; false for venues that can only cancel and place anew",
        default: true,
        required: false,
      },
    ],
    events: ["Trade", "Ticker", "BookSnapshot", "ExecReport", "InstrumentUpdate", "RiskControl"],
  },

  create(env) {
    const { runtime } = env;
    const setting = (name, fallback) => env.config[name] ?? fallback;
    const spread = Number(setting("spread", 0.0005));
    const size = Number(setting("size", NaN));
    const maxInventory = Number(setting("max_inventory", 10 * size));
    const skew = Number(setting("skew", 1));
    const requoteMs = milliseconds(setting("requote_interval", "500ms"));
    const threshold = Number(setting("requote_threshold", 0.0001));
    const staleMs = milliseconds(setting("stale_after", "5s"));
    const reference = setting("reference", null);
    const amends = Boolean(setting("amend", true)) && typeof runtime.amendOrder === "function";
    if (!(spread > 0 && spread < 1)) throw new RangeError("config spread: a part of the price above 0 and below 1");
    if (!(size > 0)) throw new RangeError("config size: a quantity above 0");
    if (!(maxInventory >= size)) throw new RangeError("config max_inventory: at least the size of one quote");

    let symbol = setting("symbol", null);
    let position = 0;
    let nextPass = 0;
    let bid = NaN;
    let ask = NaN;
    let last = NaN;
    let quotedAt = -Infinity; // when bid and ask were new
    const steps = createSteps(size);
    const instruments = new Map(); // by symbol, of the venue that we trade on
    const emptySlot = (side) => ({
      side, id: null, price: NaN, remaining: 0, filled: 0, acknowledged: false, cancelling: false,
      amended: false, placedAt: 0, sentAt: 0, waitUntil: 0, failures: 0,
    });
    const slots = { buy: emptySlot("buy"), sell: emptySlot("sell") };

    function follows(evt) {
      if (reference !== null && evt.provider !== reference) return false;
      if (symbol === null) {
        symbol = evt.symbol;
        if (instruments.has(symbol)) steps.learn(instruments.get(symbol));
      }
      return evt.symbol === symbol;
    }

    function fairPrice(now) {
      return bid > 0 && ask >= bid && now - quotedAt <= staleMs ? (bid + ask) / 2 : last;
    }

    /** A tick before our own quote on `side`; no bound when there is none. */
    function opposite(side, sign) {
      return slots[side].id === null ? -sign * Infinity : slots[side].price + sign * steps.tick();
    }

    /** What should stand on a side: price and quantity as numbers and as texts; null for nothing. */
    function target(side, now) {
      const fair = fairPrice(now);
      if (!(fair > 0)) return null;
      const buys = side === "buy";
      const room = maxInventory - (buys ? position : -position);
      const shifted = fair * (1 - (skew * spread * position) / maxInventory);
      const fresh = now - quotedAt <= staleMs;
      let price = shifted * (1 + (buys ? -spread : spread) / 2);
      // A quote waits in the book: it takes neither from others nor from our own other side.
      if (buys) price = Math.min(price, fresh ? ask - steps.tick() : Infinity, opposite("sell", -1));
      else price = Math.max(price, fresh ? bid + steps.tick() : -Infinity, opposite("buy", 1));
      const priceText = buys ? steps.down(price) : steps.up(price);
      const quantityText = steps.lots(Math.min(size, room));
      const [exactPrice, quantity] = [Number(priceText), Number(quantityText)];
      if (!(exactPrice > 0) || !steps.allows(exactPrice, quantity)) return null;
      return { price: exactPrice, quantity, priceText, quantityText };
    }

    function cancel(slot, now) {
      if (typeof runtime.cancelOrder !== "function") return;
      slot.cancelling = true;
      slot.sentAt = now;
      runtime.cancelOrder(slot.id);
    }

    function place(slot, wanted, now) {
      const provider = runtime.providers()[0];
      if (provider === undefined) return;
      try {
        const id = runtime.submitOrder(provider, slot.side, wanted.quantityText, wanted.priceText, { symbol });
        Object.assign(slot, {
          id, price: wanted.price, remaining: wanted.quantity, filled: 0, acknowledged: false, cancelling: false,
          amended: false, placedAt: now, sentAt: now,
        });
      } catch (error) {
        refused(slot, now, error.message);
      }
    }

    function move(slot, wanted, now) {
      if (!amends) {
        cancel(slot, now);
        return;
      }
      // An amended quantity is the total, so what is filled already comes on top.
      const total = steps.lots(slot.filled + wanted.quantity);
      runtime.amendOrder(slot.id, { price: wanted.priceText, quantity: total });
      slot.price = wanted.price;
      slot.remaining = wanted.quantity;
      slot.amended = true;
    }

    function isOff(slot, wanted) {
      const allowed = Math.max(threshold * wanted.price, steps.tick() / 2);
      return Math.abs(slot.price - wanted.price) > allowed
        || slot.remaining > wanted.quantity + steps.lot() / 2
        || slot.remaining < wanted.quantity / 2;
    }

    function tend(slot, now) {
      const waited = now - slot.sentAt > ANSWER_LIMIT_MS;
      if (slot.id === null) {
        const wanted = now >= slot.waitUntil ? target(slot.side, now) : null;
        if (wanted !== null) place(slot, wanted, now);
      } else if (slot.cancelling || !slot.acknowledged) {
        if (waited) cancel(slot, now);
      } else {
        const wanted = target(slot.side, now);
        const old = slot.amended && now - slot.placedAt > QUOTE_LIFE_MS;
        if (wanted === null || old) cancel(slot, now);
        else if (isOff(slot, wanted)) move(slot, wanted, now);
      }
    }

    function quote() {
      const now = Date.now();
      if (now < nextPass || !runtime.isTradingActive()) return;
      nextPass = now + requoteMs;
      // The side that moves away goes first, so that our own quotes never cross each other.
      const rises = fairPrice(now) > (slots.buy.price + slots.sell.price) / 2;
      tend(rises ? slots.sell : slots.buy, now);
      tend(rises ? slots.buy : slots.sell, now);
    }

    function slotOf(payload) {
      const id = payload.clientOrderId;
      return slots.buy.id === id ? slots.buy : slots.sell.id === id ? slots.sell : null;
    }

    /** Take over what a report says of an order's fills and rest. */
    function account(payload) {
      const slot = slotOf(payload);
      if (slot === null) return null;
      const filled = Number(payload.filledQuantity) || 0;
      if (filled > slot.filled) {
        position += (slot.side === "buy" ? 1 : -1) * (filled - slot.filled);
        slot.filled = filled;
      }
      slot.acknowledged = true;
      slot.failures = 0;
      return slot;
    }

    function stillOpen(_ctx, _evt, payload) {
      const slot = account(payload);
      if (slot === null) {
        // An order of ours that we do not know was left by an instance before a restart.
        if (typeof runtime.cancelOrder === "function") runtime.cancelOrder(payload.clientOrderId);
        return;
      }
      const rest = Number(payload.remainingQty);
      if (rest > 0) slot.remaining = rest;
      const price = Number(payload.price);
      if (price > 0) slot.price = price;
    }

    function gone(_ctx, _evt, payload) {
      const slot = account(payload);
      if (slot !== null) slot.id = null;
    }

    function refused(slot, now, reason) {
      slot.id = null;
      slot.failures += 1;
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (slot.failures - 1));
      slot.waitUntil = now + wait;
      env.helpers.log(`market-making: ${slot.side} refused, waiting ${wait / 1000} s: ${reason}`);
    }

    return {
      onTrade(_ctx, evt, payload, price) {
        if (!follows(evt)) return;
        last = Number(price);
        if (!steps.known()) steps.observe(payload.price, payload.quantity);
        quote();
      },
      onTicker(_ctx, evt, payload) {
        if (!follows(evt)) return;
        if (Number(payload.lastPrice) > 0) last = Number(payload.lastPrice);
        bid = Number(payload.bidPrice);
        ask = Number(payload.askPrice);
        quotedAt = bid > 0 && ask >= bid ? Date.now() : -Infinity;
        if (!steps.known()) steps.observe(payload.bidPrice, payload.bidQuantity);
        quote();
      },
      onBookSnapshot(_ctx, evt, payload) {
        if (!follows(evt)) return;
        const [bestBid, bestAsk] = [payload.bids[0], payload.asks[0]];
        const whole = bestBid !== undefined && bestAsk !== undefined;
        quotedAt = whole ? Date.now() : -Infinity;
        if (!whole) return;
        bid = Number(bestBid.price);
        ask = Number(bestAsk.price);
        if (!steps.known()) steps.observe(bestBid.price, bestBid.quantity);
        quote();
      },
      onInstrumentUpdate(_ctx, evt, payload) {
        const { instrument } = payload;
        if (!runtime.providers().includes(evt.provider)) return;
        instruments.set(instrument.symbol, instrument);
        if (instrument.symbol === symbol) steps.learn(instrument);
      },
      onOrderAcknowledged: stillOpen,
      onOrderPartialFill: stillOpen,
      onOrderFilled: gone,
      onOrderCancelled: gone,
      onOrderExpired(ctx, evt, payload) {
        const slot = slotOf(payload);
        gone(ctx, evt, payload);
        // A dry run lets orders expire at once; answering each with another would be noise.
        if (slot !== null) slot.waitUntil = Date.now() + ANSWER_LIMIT_MS;
      },
      onOrderRejected(_ctx, _evt, payload, reason) {
        const slot = slotOf(payload);
        if (slot !== null) refused(slot, Date.now(), reason ?? payload.rejectReason);
      },
      onRiskControl(_ctx, _evt, payload) {
        if (!payload.killSwitchEngaged && !payload.circuitBreakerOpen) return;
        const now = Date.now();
        env.helpers.log(`market-making: withdrawing the quotes: ${payload.reason}`);
        for (const slot of Object.values(slots)) {
          if (slot.id !== null && !slot.cancelling) cancel(slot, now);
        }
      },
    };
  },
};
