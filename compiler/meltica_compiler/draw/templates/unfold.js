// Unfolding: the box of a family grows into a frame with a box for each of its members, and the drawing
// makes room. The room is a stretch of both axes, the same for all, so what did not overlap still does not.
const unfolding = (svg, graph) => {
  const ROW = 20, GAP = 5, EDGE = 9, CELL_ROOM = 18, BADGE = 6.5;
  const FONT = "DejaVu Sans,Verdana,Segoe UI,Helvetica,Arial,sans-serif";
  const setAll = (element, attributes) => {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  };
  const make = (tag, attributes, ...inner) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    setAll(made, attributes);
    made.append(...inner);
    return made;
  };
  const keyOf = (element) => element.id.replace(/--(in|ring)$/, "");

  // --- the drawing as graphviz laid it out ---

  const pointsOf = (shape) => {
    const numbers = (shape.getAttribute("d") ?? shape.getAttribute("points")).match(/-?[\d.]+/g).map(Number);
    return Array.from({ length: numbers.length / 2 }, (_, i) => ({ x: numbers[2 * i], y: numbers[2 * i + 1] }));
  };
  const setPoints = (shape, points) => {
    const [first, ...others] = points.map(({ x, y }) => `${x},${y}`);
    if (shape.tagName === "path") shape.setAttribute("d", `M${first}C${others.join(" ")}`);
    else shape.setAttribute("points", [first, ...others].join(" "));
  };
  const shapesIn = (element, tag) => [...element.querySelectorAll(tag)]
    .map((shape) => ({ shape, points: pointsOf(shape) }));
  const textsIn = (element) => [...element.querySelectorAll("text")]
    .map((text) => ({ text, x: Number(text.getAttribute("x")), y: Number(text.getAttribute("y")) }));

  // A path's round corners would be stretched with it.
  const rounded = (path) => {
    const { x, y, width, height } = path.getBBox();
    const [fill, stroke] = ["fill", "stroke"].map((name) => path.getAttribute(name));
    const rect = make("rect", { x, y, width, height, rx: 12, fill, stroke });
    path.replaceWith(rect);
    return { rect, x, y, width, height };
  };

  const nodes = new Map([...svg.querySelectorAll("g.node")].map((element) => {
    const { x, y, width, height } = element.querySelector("path, polygon").getBBox();
    return [element.id, { element, x, y, width, height }];
  }));
  const lanes = [...svg.querySelectorAll("g.cluster")]
    .map((element) => ({ ...rounded(element.querySelector("path, polygon")), texts: textsIn(element) }));
  const lines = [...svg.querySelectorAll("g.edge")].map((element) => {
    const [tail, head] = keyOf(element).split("--");
    const ring = `${tail}--${head}--ring`;
    const ends = element.id.endsWith("--in") ? [tail, ring] : [nodes.has(ring) ? ring : tail, head];
    return { ends, paths: shapesIn(element, "path"), tips: shapesIn(element, "polygon"), texts: textsIn(element) };
  });
  // What lies over what: lanes, frames, links, the threads of the node in hand, boxes.
  const frames = make("g", { class: "frames" });
  const threads = make("g", { class: "threads" });
  svg.querySelector("g.edge, g.node").before(frames);
  svg.querySelector("g.node").before(threads);
  // The page has the colour of the paper, and is larger.
  const paper = svg.querySelector("g.graph polygon");
  paper.remove();

  // --- families ---

  const cell = (key, look) => {
    const [name, note] = graph.labels[key];
    const title = make("text", { "font-family": FONT, "font-size": 11, "font-weight": "bold", fill: look.ink }, name);
    const small = make("text", { "font-family": FONT, "font-size": 8.5, fill: look.line, "text-anchor": "end" }, note);
    const ground = make("rect", {
      rx: 6, height: ROW, fill: look.paper, stroke: look.line,
      "stroke-width": look.width - 1, "stroke-dasharray": look.dashes,
    });
    const element = make("g", { id: key, class: "node member" }, ground, title, ...(note ? [small] : []));
    return { key, element, ground, title, small };
  };
  const families = new Map(Object.entries(graph.families).map(([key, members]) => {
    const { element, ...box } = nodes.get(key);
    const [ground, border] = element.querySelectorAll("path, polygon");
    const look = {
      fill: ground.getAttribute("fill"),
      line: border.getAttribute("stroke"),
      width: Number(border.getAttribute("stroke-width") ?? 1),
      dashes: border.getAttribute("stroke-dasharray") ?? "none",
      ink: element.querySelector("text").getAttribute("fill"),
      paper: paper.getAttribute("fill"),
    };
    const sign = make("polyline", { fill: "none", stroke: look.paper, "stroke-width": 1.8 });
    const badge = make("g", { class: "badge" },
      make("circle", { cx: box.x + 3, cy: box.y + 3, r: BADGE, fill: look.line }), sign);
    element.append(badge);
    const family = { key, members, element, box, border, look, sign, open: false, cells: new Map() };
    showState(family);
    return [key, family];
  }));
  function showState({ element, box, sign, open }) {
    const x = box.x + 3, y = box.y + 3;
    sign.setAttribute("points", open
      ? `${x - 3},${y - 1.2} ${x},${y + 2} ${x + 3},${y - 1.2}`
      : `${x - 1.2},${y - 3} ${x + 2},${y} ${x - 1.2},${y + 3}`);
    element.setAttribute("aria-expanded", String(open));
    element.classList.toggle("unfolded", open);
  }
  // The members' boxes, all of the width of the widest, in columns that make the frame about square.
  const build = (family) => {
    const { look, members, box, element } = family;
    family.frame = make("rect", {
      rx: 12, fill: look.fill, stroke: look.line, "stroke-width": look.width, "stroke-dasharray": look.dashes,
    });
    family.shelf = make("g", { class: "members" });
    const cells = members.map((key) => cell(key, look));
    family.shelf.append(...cells.map(({ element: made }) => made));
    element.after(family.shelf);  // text has a length only where it is shown
    const least = CELL_ROOM + Math.max(...cells.map(({ title, small }) => title.getComputedTextLength()
      + (small.isConnected ? small.getComputedTextLength() + CELL_ROOM : 0)));
    const across = Math.max(1, Math.round(Math.sqrt((cells.length * (ROW + GAP)) / (least + GAP))));
    const rows = Math.ceil(cells.length / across), columns = Math.ceil(cells.length / rows);
    const width = Math.max(box.width, 2 * EDGE + columns * (least + GAP) - GAP);
    const room = (width - 2 * EDGE + GAP) / columns;
    family.size = { width, height: box.height + rows * (ROW + GAP) - GAP + 2 * EDGE };
    cells.forEach(({ key, element: made, ground, title, small }, i) => {
      const x = EDGE + Math.floor(i / rows) * room, y = box.height + EDGE + (i % rows) * (ROW + GAP);
      made.setAttribute("transform", `translate(${x} ${y})`);
      ground.setAttribute("width", room - GAP);
      [title, small].forEach((text) => text.setAttribute("y", ROW / 2 + 3.8));
      title.setAttribute("x", CELL_ROOM / 2);
      small.setAttribute("x", room - GAP - CELL_ROOM / 2);
      family.cells.set(key, { element: made, x, y, width: room - GAP, height: ROW });
    });
  };

  // --- the stretch ---

  const stretch = (needs) => {
    const ramps = [];
    const at = (place) => ramps.reduce((sum, { from, to, by }) =>
      sum + by * Math.min(1, Math.max(0, (place - from) / (to - from))), place);
    for (const { from, to, more } of needs) {
      const by = more - (at(to) - at(from) - (to - from));
      if (by > 0) ramps.push({ from, to, by });
    }
    return { at, grown: ramps.reduce((sum, { by }) => sum + by, 0) };
  };
  let atX = (x) => x, atY = (y) => y, grown = { x: 0, y: 0 };
  const opened = () => [...families.values()].filter(({ open }) => open);
  const moved = ({ x, y, width, height }) => ({
    x: atX(x + width / 2) - width / 2, y: atY(y + height / 2) - height / 2, width, height,
  });
  // How far a link's end at `point` goes with its box; the right side of a frame is further right.
  const pull = (key, point) => {
    const box = nodes.get(key), family = families.get(key), now = moved(box);
    const wider = family?.open && point.x > box.x + box.width / 2 ? family.size.width - box.width : 0;
    return { x: now.x - box.x + wider, y: now.y - box.y };
  };
  const drawLine = ({ ends, paths, tips, texts }) => {
    for (const { shape, points } of paths) {
      const [first, last] = [points[0], points.at(-1)];
      const mapped = points.map(({ x, y }) => ({ x: atX(x), y: atY(y) }));
      const [atTail, atHead] = [[ends[0], first, mapped[0]], [ends[1], last, mapped.at(-1)]].map(([key, point, put]) => {
        const by = pull(key, point);
        return { x: point.x + by.x - put.x, y: point.y + by.y - put.y };
      });
      setPoints(shape, mapped.map(({ x, y }, i) => {
        const part = i / (points.length - 1);
        return { x: x + atTail.x * (1 - part) + atHead.x * part, y: y + atTail.y * (1 - part) + atHead.y * part };
      }));
      const by = pull(ends[1], last);
      for (const { shape: tip, points: corners } of tips) {
        setPoints(tip, corners.map(({ x, y }) => ({ x: x + by.x, y: y + by.y })));
      }
    }
    for (const { text, x, y } of texts) setAll(text, { x: atX(x), y: atY(y) });
  };
  const arrange = () => {
    const open = opened();
    const across = stretch(open.map(({ box, size }) => (
      { from: box.x + box.width / 2, to: box.x + box.width, more: size.width - box.width })));
    const down = stretch(open.map(({ box, size }) => (
      { from: box.y + box.height / 2, to: box.y + box.height, more: size.height - box.height })));
    [atX, atY, grown] = [across.at, down.at, { x: across.grown, y: down.grown }];
    for (const box of nodes.values()) {
      const now = moved(box);
      box.element.setAttribute("transform", `translate(${now.x - box.x} ${now.y - box.y})`);
    }
    for (const { rect, x, y, width, height, texts } of lanes) {
      const [left, top] = [atX(x), atY(y)];
      setAll(rect, { x: left, y: top, width: atX(x + width) - left, height: atY(y + height) - top });
      for (const { text, x: textX, y: textY } of texts) setAll(text, { x: textX + left - x, y: textY + top - y });
    }
    lines.forEach(drawLine);
    frames.replaceChildren(...open.map(({ frame, shelf, box, size }) => {
      const { x, y } = moved(box);
      setAll(frame, { x, y, ...size });
      shelf.setAttribute("transform", `translate(${x} ${y})`);
      return frame;
    }));
  };

  // --- what the page asks for ---

  const familyOf = new Map([...families.values()].flatMap(({ key, members }) => members.map((member) => [member, key])));
  // The box that a node is seen in: its own, or that of its family.
  const home = (key) => (families.get(familyOf.get(key))?.open ?? true ? key : familyOf.get(key));
  const placeOf = (key) => {
    const family = families.get(familyOf.get(key));
    if (!family?.open) return moved(nodes.get(home(key)));
    const { x, y } = moved(family.box);
    const inner = family.cells.get(key);
    return { ...inner, x: x + inner.x, y: y + inner.y };
  };
  const isOpen = (key) => families.get(key)?.open ?? false;
  const setOpen = (key, open) => {
    const family = families.get(key);
    if (family.open === open) return;
    family.open = open;
    if (open && !family.shelf) build(family);
    if (open) family.element.after(family.shelf);
    else family.shelf.remove();
    showState(family);
    arrange();
  };
  // A bundle of links stays on the frame. Its links are drawn one by one for the node in hand alone: those
  // of all members would cover the drawing.
  const thread = (links) => threads.replaceChildren(...links
    .filter(({ tail, head }) => [tail, head].some((key) => isOpen(familyOf.get(key))))
    .map(({ key, tail, head }) => {
      const from = placeOf(tail), to = placeOf(head);
      const x = from.x + from.width, y = from.y + from.height / 2, endX = to.x - 7, endY = to.y + to.height / 2;
      const bend = Math.max(40, Math.abs(endX - x) / 2);
      const bundle = svg.getElementById(`${familyOf.get(tail) ?? tail}--${familyOf.get(head) ?? head}`);
      const stroke = bundle.querySelector("path").getAttribute("stroke");
      const path = make("path", {
        fill: "none", stroke, d: `M${x},${y}C${x + bend},${y} ${endX - bend},${endY} ${endX},${endY}`,
      });
      const tip = make("polygon", { fill: stroke, points: `${endX + 7},${endY} ${endX},${endY - 3} ${endX},${endY + 3}` });
      return make("g", { class: "edge near thread", "data-key": key }, path, tip);
    }));
  const extent = ({ x, y, width, height }) => ({ x, y, width: width + grown.x, height: height + grown.y });
  return { familyOf, home, isOpen, setOpen, thread, extent, frameOf: (key) => families.get(key).frame };
};
