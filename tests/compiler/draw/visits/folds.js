// Unfolds and folds families with the pointer and with keys, and looks each time at what lies where.
const maker = svg.getElementById("family_strategy_maker_BTC_USDT");
const trades = svg.getElementById("family_route_trades_BTC_USDT_binance");
const tape = svg.getElementById("family_sink_tape_binance");
const points = () => [...svg.querySelectorAll("g.node, g.edge path, g.edge polygon, g.cluster rect, text")]
  .map((part) => part.getBoundingClientRect()).map(({ x, y, width, height }) => [x, y, width, height].join());
key(document.body, "0");
const before = points();
const frames = () => new Map([...svg.querySelectorAll(".unfolded")]
  .map((box, i) => [box, svg.querySelectorAll(".frames rect")[i]]));
const placeOf = (box, framed) => (framed.get(box) ?? box.querySelector("path, rect")).getBoundingClientRect();
const look = () => {
  const framed = frames();
  const places = new Map([...svg.querySelectorAll("g.node")].map((box) => [box, placeOf(box, framed)]));
  const familyOf = (box) => (box.classList.contains("member") ? box.parentNode.previousElementSibling : null);
  const slack = 0.5, overlaps = [], loose = [], boxes = [...places];
  boxes.forEach(([box, a], i) => boxes.slice(i + 1).forEach(([other, b]) => {
    const apart = a.right < b.left + slack || b.right < a.left + slack
      || a.bottom < b.top + slack || b.bottom < a.top + slack;
    if (!apart && familyOf(box) !== other && familyOf(other) !== box) overlaps.push([box.id, other.id]);
  }));
  for (const box of svg.querySelectorAll("g.member")) {
    const frame = places.get(familyOf(box)), place = places.get(box);
    const inside = place.left > frame.left && place.right < frame.right
      && place.top > frame.top && place.bottom < frame.bottom;
    if (!inside) loose.push(box.id);
  }
  const scale = svg.getScreenCTM().a, toScreen = svg.querySelector("g.graph").getScreenCTM();
  for (const line of svg.querySelectorAll("g.edge:not(.thread)")) {
    const [tail, head, part] = line.id.split("--");
    const ring = svg.getElementById(`${tail}--${head}--ring`);
    const path = line.querySelector("path");
    const end = (length) => path.getPointAtLength(length).matrixTransform(toScreen);
    const first = end(0), last = end(path.getTotalLength());
    const from = places.get(part || !ring ? svg.getElementById(tail) : ring);
    const to = places.get(part ? ring : svg.getElementById(head));
    const within = (point, place) => point.y > place.top && point.y < place.bottom;
    if (Math.abs(first.x - from.right) > 2 * scale || !within(first, from)) loose.push(`${line.id} begins`);
    // An arrow's head is up to 12 points long.
    if (to.left - last.x > 12 * scale || last.x - to.left > scale || !within(last, to)) loose.push(`${line.id} ends`);
  }
  return { overlaps, loose, members: svg.querySelectorAll("g.member").length };
};
seen.folded = look();
click(maker);
seen.clicked = look();
key(trades, "Enter");
key(tape, " ");
seen.three = look();
seen.expanded = [maker, trades, tape].map((box) => box.getAttribute("aria-expanded"));
seen.focusable = svg.querySelectorAll("g.member[tabindex='0'][role='button'][aria-label]").length;
key(document.body, "0");
const last = [...svg.querySelectorAll("g.node")].map((box) => box.getBoundingClientRect());
const area = document.getElementById("drawing").getBoundingClientRect();
seen.fits = last.every((box) => box.left >= area.left && box.right <= area.right && box.bottom <= area.bottom);
svg.getElementById("sink_tape_okx").focus();
[...document.querySelectorAll("#panel button")].find((button) => button.textContent === "Fold").click();
seen.focus = document.activeElement.id;
key(trades, " ");
click(maker);
key(document.body, "0");
seen.again = look();
seen.moved = points().filter((place, i) => place !== before[i]).length;
