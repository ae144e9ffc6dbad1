// Maps of basins: a pixel for each start, coloured by where it ends and darker the longer that takes. The server sends
// labels and steps, squeezed; here they are painted, pointed at, and crossed by the paths of the start that was chosen.

const DARKEST = 0.62; // of black in a pixel that took longest
const PALEST = 0.2; // the same for starts that diverged, whose light grey must stay light
const TAP = 6; // pixels of movement up to which a press is a click and not a box
const ZOOM = 4;
const BOX_PATIENCE = 3000; // milliseconds in which a dragged box waits for the maps of its inside
const OFFSET = 1e-4; // of their values: ticks closer than this count from the box's corner, or they would not fit

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// A map's bytes: a label for each pixel, then the low and the high bytes of the steps; rows from the lowest y up.
async function readBasins(map, [rows, columns]) {
  const raw = await inflate(map.bytes);
  const count = rows * columns;
  const steps = Uint16Array.from({ length: count }, (_, i) => raw[count + i] + 256 * raw[2 * count + i]);
  return { labels: raw.subarray(0, count), steps };
}

function darkness(name) {
  return name === "diverged" ? PALEST : DARKEST;
}

function paintBasins(image, { labels, steps }, [rows, columns], { hues, fates, shade: [low, high] }) {
  const colours = new Map(hues.map((hue, label) => [label, { base: rgb(hue), dark: DARKEST }]));
  for (const [label, { colour, name }] of Object.entries(fates))
    if (colour.length === 7) colours.set(Number(label), { base: rgb(colour), dark: name === "diverged" ? darkness(name) : 0 });
  const decades = Math.log((high + 1) / (low + 1));
  Object.assign(image, { width: columns, height: rows });
  const context = image.getContext("2d", { willReadFrequently: true });
  const pixels = context.createImageData(columns, rows);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const from = row * columns + column;
      const colour = colours.get(labels[from]);
      if (!colour) continue; // not computed, or nothing there to compute: the page's ground
      const share = Math.min(Math.max(Math.log((steps[from] + 1) / (low + 1)) / decades, 0), 1);
      const light = 1 - colour.dark * share;
      const to = 4 * ((rows - 1 - row) * columns + column);
      for (let k = 0; k < 3; k++) pixels.data[to + k] = colour.base[k] * light;
      pixels.data[to + 3] = 255;
    }
  context.putImageData(pixels, 0, 0);
}

// Heights from 1 to 255, 0 where there is none.
function paintHeights(image, heights) {
  Object.assign(image, { width: heights[0].length, height: heights.length });
  const context = image.getContext("2d", { willReadFrequently: true });
  const pixels = context.createImageData(image.width, image.height);
  heights.forEach((row, r) =>
    row.forEach((height, c) => {
      const to = 4 * ((image.height - 1 - r) * image.width + c);
      if (height) pixels.data.set([...scaleColour((height - 1) / 254), 255], to);
    }),
  );
  context.putImageData(pixels, 0, 0);
}

class BasinMap {
  constructor(parent, handlers) {
    this.figure = document.createElement("figure");
    this.caption = document.createElement("figcaption");
    this.root = document.createElement("div");
    this.root.className = "dl-basin";
    this.root.setAttribute("role", "img");
    this.figure.append(this.caption, this.root);
    parent.append(this.figure);
    this.ground = new Overlay(this.root);
    this.overlay = new Overlay(this.root);
    this.image = document.createElement("canvas");
    this.listen(handlers);
  }

  // {box, paths: [run], minima, letters, start, inner, stale, waiting, smooth, alt}: what is drawn besides the image.
  set(content, theme) {
    Object.assign(this, content, { theme, content });
    this.root.setAttribute("aria-label", content.alt);
    this.layOut();
  }

  layOut() {
    const { clientWidth: width, clientHeight: height } = this.root;
    if (!width || !height || !this.content) return;
    const context = this.ground.begin(width, height);
    context.font = `11px ${this.theme.font}`;
    const [[x0, x1], [y0, y1]] = this.box;
    const ticks = { x: boxTicks(x0, x1, 4, "x"), y: boxTicks(y0, y1, 4, "y") };
    const left = 20 + Math.max(...ticks.y.texts.map((text) => context.measureText(text).width));
    const room = [width - left - 8, height - 40];
    const aspect = Math.min(Math.max((x1 - x0) / (y1 - y0), 0.5), 2);
    const wide = Math.min(room[0], room[1] * aspect);
    const frame = { left: left + (room[0] - wide) / 2, top: 5, width: wide, height: wide / aspect };
    this.size = [width, height];
    this.axes = {
      ...frame,
      x: (x) => frame.left + ((x - x0) / (x1 - x0)) * frame.width,
      y: (y) => frame.top + frame.height - ((y - y0) / (y1 - y0)) * frame.height,
      toX: (px) => x0 + ((px - frame.left) / frame.width) * (x1 - x0),
      toY: (py) => y0 + ((frame.top + frame.height - py) / frame.height) * (y1 - y0),
    };
    this.pixelPaths = this.paths.map((run) => pathPixels(run, this.axes));
    this.drawGround(context, ticks);
  }

  drawGround(context, ticks) {
    const { left, top, width, height } = this.axes;
    context.imageSmoothingEnabled = this.smooth; // between two minima there is none in the middle
    context.globalAlpha = this.stale ? 0.35 : 1;
    context.drawImage(this.image, left, top, width, height);
    context.globalAlpha = 1;
    context.strokeStyle = "rgba(128,128,128,0.8)";
    context.lineWidth = 1;
    context.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
    drawBoxTicks(context, this.axes, ticks, this.theme);
    if (!this.waiting) return;
    context.fillStyle = this.theme.text;
    context.textAlign = "center";
    context.font = `600 13px ${this.theme.font}`;
    context.fillText("computing …", left + width / 2, top + 12);
  }

  draw(time) {
    if (!this.axes) return;
    this.time = time;
    const { left, top, width, height } = this.axes;
    const context = this.overlay.begin(...this.size);
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    const tips = this.pixelPaths.map(({ xs, ys }, i) => drawTrail(context, xs, ys, time, this.paths[i], "#ffffff"));
    this.minima.forEach(([x, y], i) => {
      const [px, py] = [this.axes.x(x), this.axes.y(y)];
      if (!this.letters.length && i > 0) return drawSpeck(context, px, py); // a hundred crosses would hide the map
      drawCross(context, px, py, "#ffffff");
      if (this.letters.length) drawLetter(context, this.letters[i], px, py, this.axes, this.theme);
    });
    drawStart(context, this.axes.x(this.start[0]), this.axes.y(this.start[1]), "#ffffff");
    tips.forEach(([x, y], i) => drawBall(context, x, y, this.paths[i], "#ffffff"));
    if (this.inner) drawBox(context, this.axes, this.inner);
    if (this.dragged) drawBox(context, this.axes, this.dragged);
    context.restore();
  }

  // A box of the frame's own shape from where the pointer was pressed to where it is.
  boxTo([px, py]) {
    const { left, top, width, height, toX, toY } = this.axes;
    const [ax, ay] = this.down;
    const aspect = width / height;
    const [right, below] = [px >= ax, py >= ay];
    const room = [right ? left + width - ax : ax - left, below ? top + height - ay : ay - top];
    const wide = Math.min(Math.max(Math.abs(px - ax), Math.abs(py - ay) * aspect), room[0], room[1] * aspect);
    const xs = [ax, ax + (right ? wide : -wide)].map(toX).sort((a, b) => a - b);
    const ys = [ay, ay + (below ? wide : -wide) / aspect].map(toY).sort((a, b) => a - b);
    return [xs, ys];
  }

  // A click chooses a start; a mouse or a pen drags a box, a finger scrolls the page.
  listen({ onPick, onBox, onPoint }) {
    const { canvas } = this.overlay;
    const at = (event) => {
      const { left, top } = canvas.getBoundingClientRect();
      return [event.clientX - left, event.clientY - top];
    };
    const inside = ([px, py]) => {
      const { left, top, width, height } = this.axes;
      return px >= left && px < left + width && py >= top && py < top + height;
    };
    const point = ([px, py]) => [this.axes.toX(px), this.axes.toY(py)];
    const far = (to) => Math.hypot(to[0] - this.down[0], to[1] - this.down[1]) > TAP;
    canvas.addEventListener("pointerdown", (event) => {
      if (!this.axes || event.button !== 0 || !inside(at(event))) return;
      this.down = at(event);
      this.boxing = event.pointerType !== "touch";
      if (this.boxing) canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.axes) return;
      onPoint?.(inside(at(event)) ? point(at(event)) : null);
      if (!this.down || !this.boxing) return;
      this.dragged = far(at(event)) ? this.boxTo(at(event)) : null;
      this.draw(this.time);
    });
    canvas.addEventListener("pointerup", (event) => {
      if (!this.down) return;
      const to = at(event);
      if (!far(to)) onPick?.(point(this.down));
      else if (this.boxing) onBox((this.dragged = this.boxTo(to)));
      this.down = null;
      this.patience = setTimeout(() => this.letGo(), BOX_PATIENCE);
    });
    canvas.addEventListener("pointerleave", () => onPoint?.(null));
    canvas.addEventListener("pointercancel", () => this.letGo());
  }

  letGo() {
    clearTimeout(this.patience);
    this.down = this.dragged = null;
    this.draw(this.time);
  }
}

// {values, texts, title}: where a box is small against its coordinates, ticks count from its lower corner.
function boxTicks(low, high, wanted, name) {
  const { ticks, size } = ticksOf(low, high, wanted);
  if (size >= OFFSET * Math.max(Math.abs(low), Math.abs(high)))
    return { values: ticks, texts: ticks.map((tick) => tickText(tick, size)), title: name };
  const origin = Number(low.toPrecision(Math.ceil(Math.log10(Math.abs(low) / (high - low)) + 2)));
  const offsets = ticksOf(low - origin, high - origin, wanted);
  return {
    values: offsets.ticks.map((tick) => tick + origin),
    texts: offsets.ticks.map((tick) => (Math.abs(tick) < offsets.size * 1e-6 ? "0" : formatSetting(Number(tick.toPrecision(3))))),
    title: `${name} ${low < 0 ? "+" : MINUS} ${Math.abs(origin)}`,
  };
}

function drawBoxTicks(context, axes, ticks, theme) {
  const { left, top, width, height } = axes;
  const bottom = top + height;
  context.font = `11px ${theme.font}`;
  context.fillStyle = theme.text;
  context.textBaseline = "top";
  context.textAlign = "center";
  let free = -Infinity; // where the last number ended: the next must not touch it
  ticks.x.values.forEach((value, i) => {
    const [px, half] = [axes.x(value), context.measureText(ticks.x.texts[i]).width / 2];
    line(context, px, bottom, px, bottom + 4);
    if (px - half < free || px + half > context.canvas.clientWidth) return;
    context.fillText(ticks.x.texts[i], px, bottom + 6);
    free = px + half + 6;
  });
  context.fillText(ticks.x.title, left + width / 2, bottom + 20);
  context.textBaseline = "middle";
  context.textAlign = "right";
  ticks.y.values.forEach((value, i) => {
    const py = axes.y(value);
    line(context, left - 4, py, left, py);
    context.fillText(ticks.y.texts[i], left - 6, py);
  });
  const widest = Math.max(...ticks.y.texts.map((text) => context.measureText(text).width));
  context.save();
  context.translate(left - widest - 12, top + height / 2);
  context.rotate(-Math.PI / 2);
  context.textAlign = "center";
  context.textBaseline = "bottom";
  context.fillText(ticks.y.title, 0, 4);
  context.restore();
}

function drawBox(context, axes, [[x0, x1], [y0, y1]]) {
  const [left, right, top, bottom] = [axes.x(x0), axes.x(x1), axes.y(y1), axes.y(y0)];
  const grow = Math.max(0, 5 - (right - left) / 2); // a box of less than a pixel must be seen too
  context.setLineDash([]);
  for (const [colour, width] of [["#ffffff", 4], ["#111111", 1.6]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.strokeRect(left - grow, top - grow, right - left + 2 * grow, bottom - top + 2 * grow);
  }
}

function drawSpeck(context, x, y) {
  context.fillStyle = "#111111";
  context.fillRect(x - 0.75, y - 0.75, 1.5, 1.5);
}

function drawLetter(context, letter, x, y, axes, theme) {
  const px = x + (x > axes.left + axes.width - 18 ? -11 : 11);
  const py = y + (y < axes.top + 18 ? 10 : -9);
  context.font = `600 13px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 3.5;
  context.strokeStyle = "#ffffff";
  context.strokeText(letter, px, py);
  context.fillStyle = "#111111";
  context.fillText(letter, px, py);
}

class BasinsView {
  constructor(root) {
    this.root = root;
    root.classList.add("dl-stage");
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", "Maps of basins");
    root.innerHTML = `<div class="dl-bar"><div class="dl-basin-legend"></div><div class="dl-offers">
        <button type="button" data-zoom="in" title="The part round the chosen start, or round the middle">Zoom in</button>
        <button type="button" data-zoom="out">Zoom out</button>
        <button type="button" data-zoom="whole">Whole view</button></div></div>
      <div class="dl-basins-grid"></div><p class="dl-basin-said" aria-hidden="true"></p>
      <div role="status"><ul class="dl-endings"></ul></div>`;
    this.grid = root.querySelector(".dl-basins-grid");
    this.said = root.querySelector(".dl-basin-said");
    this.maps = [];
    this.transport = new Transport(root, (time) => this.draw(time));
    root.insertBefore(this.transport.root, root.querySelector("[role=status]"));
    root.addEventListener("click", (event) => {
      const way = event.target.closest("[data-zoom]")?.dataset.zoom;
      if (way) this.zoom(way);
    });
    this.onKey = (event) => root.isConnected && this.transport.onKey(event);
    document.addEventListener("keydown", this.onKey);
    this.resizes = new ResizeObserver(() => this.message && this.layOut());
    this.resizes.observe(root);
  }

  dispose() {
    this.transport.pause();
    document.removeEventListener("keydown", this.onKey);
    this.resizes.disconnect();
  }

  async receive(bytes) {
    const theme = readTheme(this.root);
    if (bytes === this.bytes && theme.key === this.theme?.key) return;
    const turn = (this.turn = (this.turn ?? 0) + 1); // a newer message ends the work of an older one
    const message = bytes === this.bytes ? this.message : unpack(bytes);
    const read = await Promise.all(message.maps.map((map) => map.basins ?? readBasins(map, message.size)));
    if (turn !== this.turn || !this.root.isConnected) return;
    message.maps.forEach((map, i) => (map.basins = read[i]));
    const before = this.message;
    Object.assign(this, { bytes, message, theme });
    this.setTime(before);
    this.setMaps();
    this.describe();
    this.draw(this.transport.time);
    this.root.dataset.settled = message.revision;
  }

  // A click is answered by playing; any other change leaves the playhead where it is, or at the end.
  setTime(before) {
    const { maps, start, playhead } = this.message;
    const last = Math.max(...maps.map((map) => map.x.length - 1));
    const atEnd = !before || this.transport.time >= this.transport.last;
    this.transport.setLength(last, before ? (atEnd ? last : this.transport.time) : (playhead ?? last));
    const moved = before && before.start.some((value, i) => value !== start[i]);
    if (moved && this.picked) this.replay();
    this.picked = false;
  }

  replay() {
    this.transport.seek(0);
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.transport.play();
    else this.transport.seek(this.transport.last);
  }

  setMaps() {
    const { maps, overview, minima, letters, start, view, size } = this.message;
    const wanted = maps.length + (overview ? 1 : 0);
    while (this.maps.length > wanted) this.maps.pop().figure.remove();
    this.grid.dataset.maps = wanted;
    this.grid.classList.toggle("dl-overviewed", Boolean(overview));
    for (let i = 0; i < wanted; i++) {
      const tile = (this.maps[i] ??= new BasinMap(this.grid, this.handlers(i)));
      const common = { minima, letters, start };
      if (i < maps.length) {
        const map = maps[i];
        paintBasins(tile.image, map.basins, size, this.message);
        tile.caption.replaceChildren(swatchOf(map), `${map.label}, rate ${map.rate}`);
        tile.set({ ...common, box: map.box, paths: [map], stale: map.stale, waiting: map.waiting, smooth: false, inner: null, alt: map.alt }, this.theme);
      } else {
        paintHeights(tile.image, overview.heights);
        tile.caption.replaceChildren("The whole view");
        tile.set({ ...common, box: view, paths: maps, stale: false, waiting: false, smooth: true, inner: maps[0].box, alt: overview.alt }, this.theme);
      }
      tile.letGo();
    }
  }

  handlers(i) {
    const isMap = () => i < this.message.maps.length; // the last one may be the overview
    return {
      onPick: (point) => isMap() && this.pick(i, point),
      onBox: ([[x0, x1], [y0, y1]]) => this.trigger("box", { x0, x1, y0, y1 }),
      onPoint: (point) => this.point(isMap() ? this.message.maps[i].box : null, point),
    };
  }

  pick(i, [x, y]) {
    const { box } = this.message.maps[i];
    const { start } = this.message;
    if (this.index(box, [x, y]) === this.index(box, start)) return this.replay();
    this.picked = true;
    this.trigger("start", { x, y });
  }

  // Which pixel a point belongs to; -1 outside the box.
  index([[x0, x1], [y0, y1]], [x, y]) {
    const [rows, columns] = this.message.size;
    const [column, row] = [Math.floor(((x - x0) / (x1 - x0)) * columns), Math.floor(((y - y0) / (y1 - y0)) * rows)];
    return column >= 0 && column < columns && row >= 0 && row < rows ? row * columns + column : -1;
  }

  // What the maps of one box say of the start under the pointer.
  point(box, point) {
    if (!box || !point) return (this.said.textContent = "");
    const at = this.index(box, point);
    const told = this.message.maps
      .filter((map) => String(map.box) === String(box))
      .map((map) => `${map.label}: ${this.fate(map.basins.labels[at], map.basins.steps[at])}`);
    const digits = box.map(([low, high]) => Math.min(Math.max(0, 3 - Math.floor(Math.log10(high - low))), 14));
    const start = point.map((value, i) => value.toFixed(digits[i]).replace("-", MINUS)).join(", ");
    this.said.textContent = `From (${start}): ${told.join("; ")}`;
  }

  fate(label, steps) {
    const { names, fates } = this.message;
    if (label < names.length) return `${names[label]} in ${stepsText(steps)}`;
    const name = fates[label]?.name ?? "not computed";
    return name === "diverged" ? `${name} at step ${steps}` : name;
  }

  zoom(way) {
    const { maps, view, start } = this.message;
    const { box } = maps[0];
    const inside = start.every((value, i) => value >= box[i][0] && value <= box[i][1]);
    const middle = box.map(([low, high], i) => (way === "in" && inside ? start[i] : (low + high) / 2));
    const factor = way === "in" ? 1 / ZOOM : ZOOM;
    const sides = box.map(([low, high]) => (high - low) * factor);
    const past = way === "whole" || (way === "out" && sides.some((side, i) => side >= view[i][1] - view[i][0]));
    const [[x0, x1], [y0, y1]] = past ? view : middle.map((centre, i) => [centre - sides[i] / 2, centre + sides[i] / 2]);
    this.trigger("box", { x0, x1, y0, y1 });
  }

  describe() {
    const { legend, shade, maps, whole } = this.message;
    const items = legend.map(({ name, colour, colours, ramp }) => {
      const item = document.createElement("span");
      const swatch = document.createElement("i");
      const dark = (hue) => `rgb(${rgb(hue).map((value) => Math.round(value * (1 - darkness(name))))})`;
      swatch.style.background = colours ? `linear-gradient(90deg, ${colours.join(", ")})` : ramp ? `linear-gradient(90deg, ${colour}, ${dark(colour)})` : colour;
      item.append(swatch, name);
      return item;
    });
    const key = document.createElement("span");
    key.textContent = `bright to dark: ${shade[0]} to ${shade[1]} steps, log scale`;
    this.root.querySelector(".dl-basin-legend").replaceChildren(...items, ...(legend.some((entry) => entry.ramp) ? [key] : []));
    this.root.querySelector(".dl-endings").replaceChildren(
      ...maps.map((map) => {
        const item = document.createElement("li");
        item.append(swatchOf(map), map.ended);
        return item;
      }),
    );
    for (const way of ["out", "whole"]) this.root.querySelector(`[data-zoom=${way}]`).hidden = whole;
  }

  layOut() {
    for (const map of this.maps) map.layOut();
    this.draw(this.transport.time);
  }

  draw(time) {
    for (const map of this.maps) map.draw(time);
  }
}

function stepsText(steps) {
  return `${steps} step${steps === 1 ? "" : "s"}`;
}

export function basins({ data, setTriggerValue }, root) {
  root.basins ??= new BasinsView(root);
  root.basins.trigger = setTriggerValue;
  root.basins.receive(data);
  return () => setTimeout(() => root.isConnected || root.basins.dispose());
}
