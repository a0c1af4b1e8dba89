(() => {
  const graph = JSON.parse(document.getElementById("graph-data").textContent);
  const drawing = document.getElementById("drawing");
  const svg = drawing.querySelector("svg");
  const panel = document.getElementById("panel");
  const card = document.getElementById("card");
  const search = document.getElementById("search");
  const matches = document.getElementById("matches");

  const whole = svg.viewBox.baseVal;
  const paper = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
  const WIDEST = 4, NARROWEST = 60;
  const STEP = 1.25;
  // Pixels a point at which names, of 11 points, can still be read.
  const LEGIBLE = 0.7;
  const CARD_FACTS = 5;

  // Elements of a box or link by its key: a link is drawn as up to two lines and a ring.
  const parts = new Map();
  const linkOf = new Map([...graph.links, ...graph.bundles].map((link) => [link.key, link]));
  const { familyOf, isOpen, setOpen, frameOf, extent, thread, home: homeOf } = unfolding(svg, graph);
  // A folded node is seen in the box of its family; a link between folded nodes in a bundle of links.
  const home = (key) => {
    const link = linkOf.get(key);
    return link ? `${homeOf(link.tail)}--${homeOf(link.head)}` : homeOf(key);
  };
  const enlist = (element) => {
    const [tail, head] = element.id.split("--");
    const key = head === undefined ? tail : `${tail}--${head}`;
    element.dataset.key = key;
    parts.set(key, [...(parts.get(key) ?? []), element]);
    if (head === undefined) {
      const detail = graph.details[key];
      element.setAttribute("tabindex", "0");
      element.setAttribute("role", "button");
      element.setAttribute("aria-label", `${detail.kind} ${detail.name}`);
    }
  };
  svg.querySelectorAll("g.node, g.edge").forEach(enlist);
  const boxes = [...parts.keys()].filter((key) => !linkOf.has(key))
    .flatMap((key) => graph.families[key] ?? [key]);
  const haystack = new Map(boxes.map((key) => {
    const { kind, name, facts } = graph.details[key];
    return [key, [kind, name, ...facts.map((fact) => fact.join(" "))].join("\n").toLowerCase()];
  }));

  // --- the view: the part of the drawing that is seen ---

  let view = paper;
  const show = (next) => {
    view = next;
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  };
  const shape = () => drawing.clientWidth / Math.max(1, drawing.clientHeight);
  const fit = () => {
    const page = extent(paper);
    const ratio = shape();
    // A drawing much taller than the window is fitted by its width and read from the top.
    const tall = page.width / page.height < ratio / 2;
    const width = tall ? page.width : Math.max(page.width, page.height * ratio);
    const height = width / ratio;
    show({
      x: page.x - (width - page.width) / 2,
      y: tall ? page.y : page.y - (height - page.height) / 2,
      width, height,
    });
  };
  // A drawing that would be too small to read is opened at its beginning, as large as it takes.
  const open = () => {
    fit();
    const width = drawing.clientWidth / LEGIBLE, height = width / shape();
    if (view.width <= width) return;
    const { x, y, height: tall } = paper;
    show({ x, y: height > tall ? y - (height - tall) / 2 : y, width, height });
  };
  const toDrawing = (clientX, clientY) => {
    const area = drawing.getBoundingClientRect();
    return {
      x: view.x + ((clientX - area.left) / area.width) * view.width,
      y: view.y + ((clientY - area.top) / area.height) * view.height,
    };
  };
  const zoom = (factor, at = { x: view.x + view.width / 2, y: view.y + view.height / 2 }) => {
    const page = extent(paper);
    const largest = Math.max(page.width, page.height * shape()) * WIDEST;
    const width = Math.min(largest, Math.max(NARROWEST, view.width / factor));
    const scale = width / view.width;
    show({
      x: at.x - (at.x - view.x) * scale,
      y: at.y - (at.y - view.y) * scale,
      width, height: view.height * scale,
    });
  };
  const move = (dx, dy) => show({ ...view, x: view.x + dx * view.width, y: view.y + dy * view.height });
  const bringIntoView = (key) => {
    const seen = isOpen(key) ? frameOf(key) : parts.get(home(key))?.[0];
    if (seen === undefined) return;
    const box = seen.getBoundingClientRect(), area = drawing.getBoundingClientRect();
    const free = area.width - (panel.hidden ? 0 : panel.offsetWidth + 12);
    const inside = box.left >= area.left && box.right <= area.left + free
      && box.top >= area.top && box.bottom <= area.bottom;
    if (inside && box.width > 40) return;
    const middle = toDrawing(box.left + box.width / 2, box.top + box.height / 2);
    const scale = view.width / area.width;
    // No nearer than it takes to see what lies around, no further than to see all of it.
    const across = Math.max(box.width / free, box.height / area.height) * scale * area.width;
    const width = Math.max(Math.min(view.width, across * 6), across * 1.1);
    const height = width / shape();
    show({ x: middle.x - (width * free) / area.width / 2, y: middle.y - height / 2, width, height });
  };

  // --- details ---

  let chosen = null, found = [], at = -1;
  const element = (tag, text, attributes = {}) => {
    const made = Object.assign(document.createElement(tag), attributes);
    made.textContent = text;
    return made;
  };
  const factList = (facts) => {
    const list = document.createElement("dl");
    for (const [what, value] of facts) list.append(element("dt", what), element("dd", value));
    return list;
  };
  const nameOf = (key) => graph.details[key]?.name ?? key;
  const KINDS = { feed: "reads", dry: "orders held back by a dry run", orders: "orders" };
  const describe = (key) => {
    if (graph.details[key]) return graph.details[key];
    const { kind, tail, head, ring } = linkOf.get(key);
    const facts = ring ? [["rings", ring]] : [];
    return { kind: KINDS[kind] ?? "rings", name: `${nameOf(tail)} → ${nameOf(head)}`, facts };
  };
  const linksAt = (key) => (graph.families[key] ? graph.bundles : graph.links)
    .filter((link) => link.tail === key || link.head === key);
  const goTo = (title, keys) => {
    if (keys.length === 0) return [];
    const list = document.createElement("ul");
    for (const key of keys) {
      const button = element("button", nameOf(key), { type: "button" });
      button.addEventListener("click", () => choose(key));
      const item = document.createElement("li");
      item.append(button);
      list.append(item);
    }
    return [element("h3", title), list];
  };
  const switchFor = (key) => {
    if (!graph.families[key]) return [];
    const button = element("button", isOpen(key) ? "Fold" : "Unfold", { type: "button", className: "switch" });
    button.addEventListener("click", () => toggle(key));
    return [button];
  };
  const fillPanel = (key) => {
    const { kind, name, facts } = describe(key);
    const heading = element("h2", name);
    heading.append(element("small", kind));
    const close = element("button", "×", { type: "button", className: "close" });
    close.setAttribute("aria-label", "Close details");
    close.addEventListener("click", () => choose(null));
    const link = linkOf.get(key);
    const before = link ? [link.tail] : linksAt(key).filter((l) => l.head === key).map((l) => l.tail);
    const after = link ? [link.head] : linksAt(key).filter((l) => l.tail === key).map((l) => l.head);
    const around = [...goTo("from", before), ...goTo("to", after)];
    const family = familyOf.has(key) ? goTo("one of", [familyOf.get(key)]) : [];
    const members = goTo("each of them", graph.families[key] ?? []);
    panel.replaceChildren(heading, close, ...switchFor(key), factList(facts), ...around, ...family, ...members);
  };
  const mark = (key, name) => {
    parts.get(home(key))?.forEach((part) => part.classList.add(name));
    // The head of a frame is seen as well as its members.
    if (isOpen(familyOf.get(key))) mark(familyOf.get(key), "near");
  };
  const paintMarks = () => {
    for (const name of ["chosen", "near", "match"]) {
      svg.querySelectorAll(`.${name}`).forEach((part) => part.classList.remove(name));
    }
    drawing.classList.toggle("focused", chosen !== null || found.length > 0);
    found.forEach((key) => mark(key, "match"));
    if (chosen === null) return thread([]);
    mark(chosen, "chosen");
    const link = linkOf.get(chosen);
    const links = link ? [link] : linksAt(chosen);
    for (const near of links) {
      [near.key, near.tail, near.head].filter((k) => home(k) !== home(chosen)).forEach((k) => mark(k, "near"));
    }
    if (isOpen(chosen)) graph.families[chosen].forEach((member) => mark(member, "near"));
    thread(links);
  };
  const setFolded = (key, folded) => {
    if (isOpen(key) !== folded) return;
    const inside = graph.families[key].some((member) => parts.get(member)?.[0].contains(document.activeElement));
    setOpen(key, !folded);
    for (const member of graph.families[key]) parts.delete(member);
    if (!folded) svg.getElementById(key).nextElementSibling.querySelectorAll("g.node").forEach(enlist);
    if (inside) parts.get(key)[0].focus();
  };
  const choose = (key) => {
    if (familyOf.has(key)) setFolded(familyOf.get(key), false);
    chosen = key;
    panel.hidden = key === null;
    card.hidden = true;
    paintMarks();
    if (key === null) return;
    fillPanel(key);
    bringIntoView(key);
  };
  // Unfolds a family and tells of it, or folds it.
  const toggle = (key) => {
    const fold = isOpen(key);
    setFolded(key, fold);
    choose(fold ? null : key);
    if (fold) bringIntoView(key);
  };
  const act = (key) => (graph.families[key] ? toggle(key) : choose(key));

  // --- search ---

  const find = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = words.length ? boxes.filter((key) => words.every((word) => haystack.get(key).includes(word))) : [];
    at = -1;
    matches.textContent = words.length ? String(found.length) : "";
    choose(null);
  };
  const step = (by) => {
    if (found.length === 0) return;
    at = (at + by + found.length) % found.length;
    choose(found[at]);
    matches.textContent = `${at + 1}/${found.length}`;
  };
  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      step(event.shiftKey ? (at < 0 ? 0 : -1) : 1);
    }
  });
  document.getElementById("search-form").addEventListener("submit", (event) => event.preventDefault());

  // --- pointer ---

  const keyAt = (target) => target.closest?.("[data-key]")?.dataset.key ?? null;
  let drag = null;
  drawing.addEventListener("pointerdown", (event) => {
    if (event.button === 0) drag = { x: event.clientX, y: event.clientY, view, key: keyAt(event.target), moved: false };
  });
  addEventListener("pointermove", (event) => {
    if (drag === null) return;
    const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
    if (!drag.moved && Math.hypot(dx, dy) < 4) return;
    drag.moved = true;
    drawing.classList.add("dragged");
    card.hidden = true;
    show({
      ...view,
      x: drag.view.x - (dx / drawing.clientWidth) * view.width,
      y: drag.view.y - (dy / drawing.clientHeight) * view.height,
    });
  });
  addEventListener("pointerup", () => {
    if (drag !== null && !drag.moved) act(drag.key);
    drag = null;
    drawing.classList.remove("dragged");
  });
  addEventListener("pointercancel", () => { drag = null; drawing.classList.remove("dragged"); });
  drawing.addEventListener("wheel", (event) => {
    event.preventDefault();
    // A wheel's step is about 100 pixels, a touchpad's far smaller: both zoom by what they say.
    zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.002)), toDrawing(event.clientX, event.clientY));
  }, { passive: false });
  drawing.addEventListener("pointerover", (event) => {
    const key = keyAt(event.target);
    if (key === null || drag?.moved) { card.hidden = true; return; }
    const { kind, name, facts } = describe(key);
    card.replaceChildren(element("strong", `${name} · ${kind}`), factList(facts.slice(0, CARD_FACTS)));
    card.hidden = key === chosen;
  });
  drawing.addEventListener("pointermove", (event) => {
    if (card.hidden) return;
    const area = drawing.getBoundingClientRect();
    const x = Math.min(event.clientX - area.left + 14, area.width - card.offsetWidth - 8);
    const y = Math.min(event.clientY - area.top + 14, area.height - card.offsetHeight - 8);
    card.style.left = `${Math.max(8, x)}px`;
    card.style.top = `${Math.max(8, y)}px`;
  });
  drawing.addEventListener("pointerleave", () => { card.hidden = true; });

  // --- keyboard ---

  const keys = {
    ArrowLeft: () => move(-0.1, 0), ArrowRight: () => move(0.1, 0),
    ArrowUp: () => move(0, -0.1), ArrowDown: () => move(0, 0.1),
    "+": () => zoom(STEP), "=": () => zoom(STEP), "-": () => zoom(1 / STEP), 0: fit,
    "/": () => { search.focus(); search.select(); },
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      search.value = "";
      find();
      choose(null);
      return;
    }
    if (event.target === search) return;
    const key = event.target.dataset?.key;
    if (key && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      act(key);
    } else if (Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
    }
  });
  drawing.addEventListener("focusin", (event) => {
    const key = keyAt(event.target);
    if (key !== null && event.target.matches(":focus-visible")) bringIntoView(key);
  });

  document.getElementById("zoom-in").addEventListener("click", () => zoom(STEP));
  document.getElementById("zoom-out").addEventListener("click", () => zoom(1 / STEP));
  document.getElementById("zoom-fit").addEventListener("click", fit);
  addEventListener("resize", () => show({ ...view, height: view.width / shape() }));
  open();
})();
