// The inside of a strategy's isolate: the environment a module sees, and the drain that feeds it.
// `openHost(boot, openInbox, control)` is called once, before the module is evaluated; what it returns is all
// that Python calls. A strategy is a function of what it has seen: time, randomness and I/O come from here.
"use strict";

function openHost(boot, openInbox, control) {
  const LOG_LINES = 256, LOG_CHARACTERS = 4096; // of one event; what is beyond is counted
  const REQUESTS = 1024; // orders, cancels and amends of one event; each takes some 50 µs on the event loop
  const ORDERS_REMEMBERED = 4096;
  const STRETCH = 16384; // events between two looks at whether the drain is to return: about a millisecond
  const PATIENCE_MS = 2; // what Python may take from a response to the next request: an order takes it a tenth
  const stringify = JSON.stringify, parse = JSON.parse, textOf = String.fromCharCode, Shared = SharedArrayBuffer, atomicStore = Atomics.store, apply = Reflect.apply, construct = Reflect.construct, NativeDate = Date, NativePromise = Promise, wallClock = Date.now;
  const { cells, words } = control;

  const host = {
    handlers: {}, handler: "", ctx: Object.freeze({ strategy: boot.instance }), yielding: false,
    now: new Float64Array([0, boot.nowMs * 1000]), // seq and time (µs) of the event in hand
    nth: new Int32Array(1), // events of that seq before it
    last: new Float64Array(boot.symbols.length).fill(NaN),
    bid: new Float64Array(boot.symbols.length).fill(NaN),
    ask: new Float64Array(boot.symbols.length).fill(NaN),
    deliverCold, refuse,
  };
  const symbolOf = new Map(); // of the newest orders, to know the prices that an amend is judged by
  let inbox = null, mailbox = null, effects = [], logs = [], logsDropped = 0, linesOfEvent = 0, loggedSeq = NaN, orderCount = 0, inside = false;

  function eventMs() { return host.now[1] / 1000; }

  function closeWorld() {
    // Not a subclass: the real clock would be a prototype away.
    function EventDate(...args) {
      if (new.target === undefined) return new NativeDate(eventMs()).toString();
      return construct(NativeDate, args.length === 0 ? [eventMs()] : args, new.target === EventDate ? NativeDate : new.target);
    }
    Object.defineProperties(EventDate, {
      name: { value: "Date" }, length: { value: 7 }, prototype: { value: NativeDate.prototype, writable: false },
      now: { value: () => Math.floor(eventMs()) }, parse: { value: NativeDate.parse }, UTC: { value: NativeDate.UTC },
    });
    Object.defineProperty(NativeDate.prototype, "constructor", { value: EventDate });
    globalThis.Date = EventDate;
    globalThis.console = Object.freeze({ log, info: log, warn: log, error: log, debug: log });
    let [a, b, c, d] = boot.seed;
    Math.random = function random() { // sfc32
      const t = (((a + b) | 0) + d) | 0;
      d = (d + 1) | 0; a = b ^ (b >>> 9); b = (c + (c << 3)) | 0; c = (c << 21) | (c >>> 11); c = (c + t) | 0;
      return (t >>> 0) / 4294967296;
    };
    for (const name of ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "SharedArrayBuffer", "Atomics",
      "WebAssembly", "WeakRef", "FinalizationRegistry", "Intl", "Temporal", "__timer_manager"])
      globalThis[name] = undefined;
  }

  function log(...parts) {
    if (loggedSeq !== host.now[0]) { noteDropped(); loggedSeq = host.now[0]; linesOfEvent = 0; }
    if (++linesOfEvent > LOG_LINES) { logsDropped++; return; }
    const text = parts.map((part) => (typeof part === "string" ? part : text_of(part))).join(" ");
    // Half a character, as a cut may leave it, is no text to anyone but JavaScript.
    logs.push({ seq: host.now[0], timeMs: eventMs(), text: text.slice(0, LOG_CHARACTERS).toWellFormed() });
    if (logs.length >= LOG_LINES) host.yielding = true; // the drain ends here, and brings them home
  }

  function text_of(value) {
    if (value instanceof Error) return String(value.stack || value);
    if (typeof value !== "object" || value === null) return String(value);
    try { return stringify(value); } catch (_error) { return String(value); }
  }

  function symbolCode(symbol) {
    if (symbol === undefined || symbol === null) return boot.tradeSymbol;
    const code = boot.symbols.indexOf(String(symbol));
    if (code < 0) throw new RangeError(`no symbol ${symbol} in this pipeline; it has ${boot.symbols.join(", ")}`);
    return code;
  }

  function marketState(symbol) {
    const code = symbolCode(symbol);
    const bid = host.bid[code], ask = host.ask[code], last = host.last[code];
    return { symbol: boot.symbols[code], bid, ask, last, mid: (bid + ask) / 2, spread: ask - bid };
  }

  function decimal(value, what) {
    const text = typeof value === "number" ? decimalText(value) : String(value ?? "").trim();
    if (text === null || !/^\d+(\.\d+)?$/.test(text) || !(Number(text) > 0))
      throw new TypeError(`${what} must be a positive number or decimal string, not ${text_of(value)}`);
    return text;
  }

  // The prices that the strategy saw when it acted, for the limits to be judged by.
  function seen(code) {
    return { bid: decimalText(host.bid[code]), ask: decimalText(host.ask[code]), last: decimalText(host.last[code]) };
  }

  function effect(kind, fields) {
    if (effects.length >= REQUESTS) throw new RangeError(`more than ${REQUESTS} orders, cancels and amends for one event`);
    host.yielding = true;
    effects.push({ kind, seq: host.now[0], timeMs: eventMs(), ...fields });
  }

  function submit(provider, side, type, quantity, price, options) {
    const chosen = options ?? {};
    const name = provider ?? boot.tradeOn;
    if (boot.tradeOn === null) throw new Error(`${boot.instance} has no trade_on, so it sends no orders`);
    if (name !== boot.tradeOn) throw new RangeError(`${boot.instance} trades on ${boot.tradeOn}, not on ${name}`);
    const way = String(side).toLowerCase();
    if (way !== "buy" && way !== "sell") throw new TypeError(`side must be "buy" or "sell", not ${text_of(side)}`);
    const code = symbolCode(chosen.symbol);
    if (!boot.tradeSymbols.includes(boot.symbols[code]))
      throw new RangeError(`${name} does not trade ${boot.symbols[code]}; it trades ${boot.tradeSymbols.join(", ")}`);
    const timeInForce = String(chosen.timeInForce ?? "gtc").toLowerCase();
    if (!["gtc", "ioc", "fok"].includes(timeInForce))
      throw new TypeError(`timeInForce must be "gtc", "ioc" or "fok", not ${text_of(chosen.timeInForce)}`);
    const id = `${boot.orderPrefix}-${++orderCount}`;
    symbolOf.set(id, code);
    if (symbolOf.size > ORDERS_REMEMBERED) symbolOf.delete(symbolOf.keys().next().value);
    effect("submit", {
      id, provider: name, symbol: boot.symbols[code], side: way, type, quantity: decimal(quantity, "quantity"),
      price: type === "limit" ? decimal(price, "price") : null, timeInForce,
      ...seen(code),
    });
    return id;
  }

  const runtime = Object.freeze({
    isTradingActive: () => words[TRADING_U32] !== 0,
    isDryRun: () => boot.dryRun,
    providers: () => boot.tradeOn === null ? boot.providers.slice() : [boot.tradeOn],
    selectProvider: (_seed) => boot.tradeOn,
    getMarketState: marketState,
    getLastPrice: (symbol) => host.last[symbolCode(symbol)],
    getBidPrice: (symbol) => host.bid[symbolCode(symbol)],
    getAskPrice: (symbol) => host.ask[symbolCode(symbol)],
    submitOrder: (provider, side, quantity, price, options) => submit(provider, side, "limit", quantity, price, options),
    submitMarketOrder: (provider, side, quantity, options) => submit(provider, side, "market", quantity, null, options),
    cancelOrder: (id) => effect("cancel", { id: String(id).toWellFormed() }),
    amendOrder: (id, change) => effect("amend", {
      id: String(id).toWellFormed(),
      ...seen(symbolOf.get(String(id)) ?? boot.tradeSymbol),
      price: change?.price === undefined ? null : decimal(change.price, "price"),
      quantity: change?.quantity === undefined ? null : decimal(change.quantity, "quantity"),
    }),
  });

  function start(createModule) {
    const module = { exports: {} };
    const require = (name) => { throw new Error(`require(${stringify(name)}) is not available: a strategy is one file`); };
    createModule(module, module.exports, require);
    const handlers = module.exports.create({
      config: Object.freeze(boot.config),
      metadata: module.exports.metadata,
      helpers: Object.freeze({ log, sleep: () => undefined }),
      runtime,
    });
    if (typeof handlers !== "object" || handlers === null)
      throw new TypeError(`create(env) must return an object of handlers, not ${text_of(handlers)}`);
    for (const name of boot.handlerNames)
      if (typeof handlers[name] === "function") host.handlers[name] = handlers[name].bind(handlers);
    inbox = openInbox(control.memory, host);
    if (boot.lingers) findPace();
    const misnamed = Object.keys(handlers).filter((name) => /^on[A-Z]/.test(name) && !boot.handlerNames.includes(name));
    return stringify({ handlers: Object.keys(host.handlers), misnamed, logs: takeLogs() });
  }

  function deliverCold(event) {
    const handler = host.handlers[event.handler];
    host.nth[0] = host.now[0] === event.seq ? host.nth[0] + 1 : 0;
    host.now[0] = event.seq;
    host.now[1] = event.timeMs * 1000;
    if (handler === undefined) return;
    host.handler = event.handler;
    const { event: evt, extra } = event;
    evt.eventId = idOf(evt.eventId, host.nth[0]);
    const answer = extra === undefined ? handler(host.ctx, evt, evt.payload) : handler(host.ctx, evt, evt.payload, extra);
    if (answer !== undefined) refuse(answer);
  }

  // What follows an `await` would run after the whole batch, and so depend on where batches end.
  function refuse(answer) {
    if (answer instanceof NativePromise) throw new TypeError("a handler must not return a promise: there is nothing to wait for");
  }

  // Turns of the waiting loop in a millisecond. V8 alone has no finer clock than milliseconds, and its compiler
  // makes the loop many times as fast while it runs, so it is measured for as long as it runs.
  const pace = { perMs: 10000, turns: 0, ms: 0 };

  function findPace() {
    for (const end = wallClock() + 10; wallClock() < end;) waits(atomicLoad(words, WAKE_U32), 0.1);
  }

  function keepPace(turns, ms) {
    pace.turns += turns;
    pace.ms += ms;
    if (pace.ms < 4) return;
    pace.perMs = pace.turns / pace.ms;
    pace.turns /= 2;
    pace.ms /= 2;
  }

  // Waits for a new cut, for about so many milliseconds; whether there is one.
  function waits(seen, ms) {
    const turns = ms * pace.perMs, began = wallClock();
    let i = 0, isNew = false;
    for (; i < turns; i++) {
      isNew = atomicLoad(words, WAKE_U32) !== seen;
      if (isNew) break;
      if ((i & 1023) === 1023) {
        words[HEARTBEAT_U32] = (words[HEARTBEAT_U32] + 1) | 0;
        if (atomicLoad(words, STOP_U32) !== 0) break;
      }
    }
    keepPace(i, wallClock() - began);
    return isNew;
  }

  function noteDropped() {
    if (logsDropped !== 0) logs.push({ seq: loggedSeq, timeMs: eventMs(), text: `… ${logsDropped} more lines were dropped` });
    logsDropped = 0;
  }

  function takeLogs() {
    noteDropped();
    const taken = logs;
    logs = [];
    return taken;
  }

  // Handles what is there, and what comes meanwhile, at most `limit` events; then lingers. Returns the number of
  // events handled, or JSON when there is something to tell: effects, logs, a fault.
  //
  // It ends with the event that made an order (`yielding`): Python places it, and hands over what comes of it as
  // cold events, before V8 sees the next event. So what a strategy knows at an event does not depend on how many
  // events came together. To linger is to stay in here for a while without events, because the next step into V8
  // would cost as much as the events do.
  function drain(coldEvents, limit, lingerMs) {
    if (inside) throw new Error("drain() is not for strategies");
    inside = true;
    host.yielding = false;
    words[STATE_U32] = RUNNING;
    const before = inbox.handled();
    let fault = null;
    inbox.addCold(coldEvents);
    try {
      for (;;) {
        // Before the cut: a cut that comes after this look moves `WAKE` from `seen`, so that none is missed.
        const seen = atomicLoad(words, WAKE_U32), done = inbox.handled();
        inbox.advance(cells[CUT_F64], min(STRETCH, limit - (done - before)));
        if (host.yielding || inbox.handled() - before >= limit || logs.length !== 0) break;
        if (atomicLoad(words, STOP_U32) !== 0) break;
        if (inbox.handled() - done === STRETCH || atomicLoad(words, WAKE_U32) !== seen) continue;
        if (lingerMs === 0) break;
        words[STATE_U32] = LINGERING;
        if (!waits(seen, lingerMs)) break;
        words[STATE_U32] = RUNNING;
      }
    } catch (error) {
      // The events before the one that threw are consumed, and their room is the writer's.
      inbox.publishHeads();
      fault = { handler: host.handler, seq: host.now[0], message: text_of(error?.message ?? error).toWellFormed(), stack: String(error?.stack ?? "").toWellFormed() };
    }
    const handled = inbox.handled() - before;
    words[STATE_U32] = IDLE;
    inside = false;
    if (effects.length === 0 && logs.length === 0 && fault === null) return handled;
    const result = stringify({ handled, yielded: host.yielding, effects, logs: takeLogs(), fault });
    effects = [];
    return result;
  }

  // Memory through which Python may ask for drains, see `serveDrains`: words, and behind them a text.
  function openMailbox(headBytes, characters) {
    if (inside || inbox === null || mailbox !== null) throw new Error("openMailbox() is not for strategies");
    const memory = new Shared(headBytes + 2 * characters);
    mailbox = { words: new Int32Array(memory), text: new Uint16Array(memory, headBytes) };
    return memory;
  }

  // Does the drains that are requested, until no request comes for a while: a step into V8 costs as much as all
  // that a drain does for one order. What is too long for the mailbox is returned, which ends the call. A request
  // that comes just as this gives up waiting is not lost: Python finds the call ended without its response, and
  // calls again with the request still there.
  function serveDrains() {
    const { words: mail, text } = mailbox;
    while (isRequested(mail)) {
      const request = mail[MAILBOX_REQUEST];
      const told = drain(parse(read(text, mail[MAILBOX_LENGTH])), mail[MAILBOX_LIMIT], 0);
      const isShort = typeof told === "number" || told.length <= text.length;
      if (typeof told === "number") { mail[MAILBOX_HANDLED] = told; mail[MAILBOX_LENGTH] = 0; }
      else if (isShort) { for (let i = 0; i < told.length; i++) text[i] = told.charCodeAt(i); mail[MAILBOX_LENGTH] = told.length; }
      else mail[MAILBOX_LENGTH] = MAILBOX_TOO_LONG;
      words[HEARTBEAT_U32] = (words[HEARTBEAT_U32] + 1) | 0; // also a drain that finds nothing is progress
      atomicStore(mail, MAILBOX_RESPONSE, request); // last: from now on the text is Python's again
      if (!isShort) return told;
    }
    return null;
  }

  function isRequested(mail) {
    const answered = mail[MAILBOX_RESPONSE];
    for (let i = 0, until = NaN; atomicLoad(mail, MAILBOX_REQUEST) === answered; i++) {
      if ((i & 1023) !== 0) continue;
      if (i === 0) until = wallClock() + PATIENCE_MS;
      else if (wallClock() > until) return false;
    }
    return true;
  }

  function read(text, length) {
    let whole = "";
    for (let start = 0; start < length; start += 4096) whole += apply(textOf, null, text.subarray(start, min(length, start + 4096)));
    return whole;
  }

  closeWorld();
  return { start, drain, openMailbox, serveDrains };
}
