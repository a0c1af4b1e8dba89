// Notes how large a drawing is at first, and when all of it is shown.
seen.opened = svg.getScreenCTM().a;
const area = document.getElementById("drawing").getBoundingClientRect();
const first = svg.getElementById("lane_providers").getBoundingClientRect();
seen.begins = first.left >= area.left && first.right <= area.right
  && first.top >= area.top && first.bottom <= area.bottom;
document.getElementById("zoom-fit").click();
seen.fitted = svg.getScreenCTM().a;
