// What every visitor has at hand: the page's parts, a pointer, a keyboard, and a report of what was seen.
const seen = {};
const svg = document.querySelector("#drawing svg");
const panel = document.getElementById("panel");
const search = document.getElementById("search");
const key = (target, name) => target.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
const point = (target) => target.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
const click = (target) => ["pointerdown", "pointerup"].forEach((type) =>
  target.dispatchEvent(new PointerEvent(type, { bubbles: true, button: 0 })));
const seek = (words) => {
  search.value = words;
  search.dispatchEvent(new Event("input"));
};
const report = () => document.body.append(Object.assign(document.createElement("pre"), {
  id: "seen", textContent: JSON.stringify(seen),
}));
