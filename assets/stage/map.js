// The map: Plotly's contours underneath, everything that moves on a canvas above.

const ARROW_LENGTH = 44; // pixels of an arrow that shows a direction only
const BANKS = 18; // patches of thicker and thinner fog
const FAR = 20000; // pixels: beyond this a canvas loses precision, so the line is cut there, along its own direction

class MapView {
  constructor(parent, { onPick = null } = {}) {
    this.root = document.createElement("div");
    this.root.className = "dl-view dl-map";
    [this.frame, this.plot] = newFrame(this.root);
    parent.append(this.root);
    this.overlay = new Overlay(this.frame);
    this.runs = [];
    this.ghosts = [];
    if (onPick) this.listen(onPick);
  }

  async setFigure(Plotly, figure) {
    this.figure = figure;
    const size = this.root.getBoundingClientRect();
    if (!size.width) return;
    const width = fittingWidth(figure, size);
    this.frame.style.width = `${width}px`;
    this.frame.style.left = `${(size.width - width) / 2}px`;
    const layout = { ...figure.layout, width, height: size.height };
    await Plotly.react(this.plot, figure.data, layout, { staticPlot: true });
    this.axes = mapAxes(this.plot);
    this.place();
  }

  setRuns(runs, ghosts, extra) {
    Object.assign(this, { runs, ghosts, extra });
    this.place();
  }

  place() {
    if (!this.axes) return;
    this.paths = this.runs.map((run) => pathPixels(run, this.axes));
    this.ghostPaths = this.ghosts.map((run) => pathPixels(run, this.axes));
    this.magnification = this.runs[0]?.ux ? magnification(this.runs[0], this.axes) : 1; // a race sends no steps
  }

  draw(time, theme) {
    if (!this.axes || !this.extra) return;
    const { left, top, width, height } = this.axes;
    const context = this.overlay.begin(this.frame.clientWidth, this.frame.clientHeight);
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    if (this.extra.field) this.drawField(context);
    for (const path of this.ghostPaths) drawGhost(context, path.xs, path.ys);
    const tips = this.paths.map((path, i) => drawTrail(context, path.xs, path.ys, time, this.runs[i], "#ffffff"));
    for (const [x, y] of this.extra.minima) drawCross(context, this.axes.x(x), this.axes.y(y), "#ffffff");
    const start = this.dragged || this.extra.start;
    drawStart(context, this.axes.x(start[0]), this.axes.y(start[1]), "#ffffff");
    if (this.extra.curvature) this.drawCurvature(context, time, tips[0]);
    if (this.runs.length === 1) this.drawArrows(context, time, tips[0]);
    tips.forEach(([x, y], i) => drawBall(context, x, y, this.runs[i], "#ffffff"));
    if (this.extra.fog) this.drawFog(context, tips, theme);
    context.restore();
    this.tips = tips;
    this.drawLeavers(context, tips, theme);
  }

  drawArrows(context, time, [x, y]) {
    const run = this.runs[0];
    const k = lowerBoundOfStep(time, run.x.length - 1);
    const unit = [this.axes.x(1) - this.axes.x(0), this.axes.y(1) - this.axes.y(0)];
    const show = (arrow, dx, dy, toScale) => {
      let [px, py] = [dx * unit[0], dy * unit[1]];
      const length = Math.hypot(px, py);
      if (!Number.isFinite(length) || length === 0) return;
      const factor = toScale ? this.magnification : ARROW_LENGTH / length;
      drawArrow(context, x, y, px * factor, py * factor, arrow.colour, "#ffffff");
    };
    for (const arrow of this.extra.arrows) show(arrow, run[arrow.x][k], run[arrow.y][k], arrow.to_scale);
  }

  // Eigen-directions of the Hessian: the flat one long, the steep one short, as the axes of a level ellipse; at most 6:1.
  drawCurvature(context, time, [x, y]) {
    const { flat: flats, steep: steeps, angle } = this.extra.curvature;
    const k = lowerBoundOfStep(time, angle.length - 1);
    const [flat, steep] = [Math.abs(flats[k]), Math.abs(steeps[k])];
    const [cos, sin] = [Math.cos(angle[k]), Math.sin(angle[k])];
    const ratio = Math.min(Math.sqrt(steep / Math.max(flat, 1e-12)), 6);
    const unit = [Math.sign(this.axes.x(1) - this.axes.x(0)), Math.sign(this.axes.y(1) - this.axes.y(0))];
    for (const [vector, length] of [[[cos, sin], 60], [[-sin, cos], 60 / ratio]]) {
      const [dx, dy] = [vector[0] * unit[0] * length, vector[1] * unit[1] * length];
      for (const [colour, width] of [["#ffffff", 4], ["#111111", 1.6]]) {
        context.beginPath();
        context.moveTo(x - dx, y - dy);
        context.lineTo(x + dx, y + dy);
        context.strokeStyle = colour;
        context.lineWidth = width;
        context.stroke();
      }
    }
  }

  drawField(context) {
    const { x, y, u, v } = this.extra.field;
    const cell = Math.abs(this.axes.x(x[1]) - this.axes.x(x[0]));
    for (let i = 0; i < x.length; i++) {
      const length = Math.hypot(u[i], v[i]);
      if (!(length > 0)) continue;
      const reach = 0.36 * cell;
      const [dx, dy] = [(u[i] / length) * reach, (-v[i] / length) * reach];
      const [px, py] = [this.axes.x(x[i]), this.axes.y(y[i])];
      drawArrow(context, px - dx, py - dy, 2 * dx, 2 * dy, "rgba(20,20,20,.75)", "rgba(255,255,255,.45)", 1.1);
    }
  }

  // Only what lies within a step or two of a ball can be seen; the way walked stays known, as a memory in the fog.
  drawFog(context, tips, theme) {
    this.paintFog(context, tips, theme.fog);
    drawStart(context, this.axes.x(this.extra.start[0]), this.axes.y(this.extra.start[1]), "#ffffff");
    this.paths.forEach(({ xs, ys }, i) => {
      drawTrail(context, xs, ys, xs.length, this.runs[i], "#ffffff", null, 0);
      for (let k = 1; k < xs.length; k++) drawDot(context, xs[k], ys[k], this.runs[i].colour);
    });
    if (this.extra.reach) this.drawReach(context, tips[0]);
    this.drawArrows(context, Infinity, tips[0]);
    if (this.extra.tag) this.drawTag(context, tips[0], theme);
    tips.forEach(([x, y], i) => drawBall(context, x, y, this.runs[i], "#ffffff"));
  }

  // Painted apart, so that the holes round the balls are cut out of the fog and not out of the map.
  paintFog(context, tips, colour) {
    const { left, top, width, height } = this.axes;
    const { canvas } = context;
    if (!canvas.width || !canvas.height) return; // a page that is being left has no size
    const mist = (this.mist ??= document.createElement("canvas").getContext("2d"));
    Object.assign(mist.canvas, { width: canvas.width, height: canvas.height });
    mist.setTransform(context.getTransform());
    mist.fillStyle = colour;
    mist.fillRect(left, top, width, height);
    for (let k = 1; k <= BANKS; k++) {
      // golden ratios spread the banks evenly, and each time alike
      const [x, y] = [left + width * ((k * 0.618) % 1), top + height * ((k * 0.755) % 1)];
      fillGlow(mist, x, y, width * (0.16 + 0.2 * ((k * 0.37) % 1)), k % 2 ? "255,255,255" : "0,0,0", 0.06);
    }
    const sight = Math.abs(this.axes.x(this.extra.fog) - this.axes.x(0));
    mist.globalCompositeOperation = "destination-out";
    for (const [x, y] of tips) fillGlow(mist, x, y, sight * 1.25, "0,0,0", 1, 0.5);
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(mist.canvas, 0, 0);
    context.restore();
  }

  // As far as one step leads, and where to if the pointer is clicked.
  drawReach(context, [x, y]) {
    const reach = Math.abs(this.axes.x(this.extra.reach) - this.axes.x(0));
    for (const [colour, width] of [["#ffffff", 3], ["#111111", 1.2]]) {
      context.beginPath();
      context.arc(x, y, reach, 0, 2 * Math.PI);
      context.setLineDash([4, 4]);
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
    context.setLineDash([]);
    if (!this.aim) return;
    const [dx, dy] = [this.aim[0] - x, this.aim[1] - y];
    const length = Math.hypot(dx, dy) || 1;
    drawArrow(context, x, y, (dx / length) * reach, (dy / length) * reach, this.runs[0].colour, "#ffffff");
  }

  // A word at the tip of the first arrow.
  drawTag(context, [x, y], theme) {
    const { left, top, width, height } = this.axes;
    const [arrow] = this.extra.arrows;
    const [run, k] = [this.runs[0], this.runs[0].x.length - 1];
    const [dx, dy] = [run[arrow.x][k], -run[arrow.y][k]];
    const length = Math.hypot(dx, dy) || 1;
    context.font = `600 13px ${theme.font}`;
    context.textBaseline = "middle";
    const wide = context.measureText(this.extra.tag).width;
    const beside = x + (dx / length) * (ARROW_LENGTH + 10) - (dx < 0 ? wide : 0);
    const px = Math.min(Math.max(beside, left + 4), left + width - wide - 4);
    const clear = px === beside ? 0 : 18 * (dy < 0 ? -1 : 1); // where the frame pushed it over the arrow's tip
    const py = Math.min(Math.max(y + (dy / length) * (ARROW_LENGTH + 12) + clear, top + 10), top + height - 10);
    context.lineJoin = "round";
    context.lineWidth = 4;
    context.strokeStyle = "#ffffff";
    context.strokeText(this.extra.tag, px, py);
    context.fillStyle = "#111111";
    context.fillText(this.extra.tag, px, py);
  }

  // A ball outside the view leaves a marker on the frame, where the line to it crosses.
  drawLeavers(context, tips, theme) {
    const { left, top, width, height } = this.axes;
    const [cx, cy] = [left + width / 2, top + height / 2];
    tips.forEach(([x, y], i) => {
      if (x >= left && x <= left + width && y >= top && y <= top + height) return;
      const reach = Math.max(Math.abs(x - cx) / (width / 2), Math.abs(y - cy) / (height / 2));
      const [ex, ey] = [cx + (x - cx) / reach, cy + (y - cy) / reach];
      const length = Math.hypot(x - cx, y - cy);
      const [ux, uy] = [((x - cx) / length) * 12, ((y - cy) / length) * 12];
      drawArrow(context, ex - ux, ey - uy, ux, uy, this.runs[i].colour, theme.background, 3);
    });
  }

  // A click or a drag chooses a start. A finger scrolls the page, unless it lands on the start itself.
  listen(onPick) {
    const canvas = this.overlay.canvas;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const point = ([px, py]) => [this.axes.toX(px), this.axes.toY(py)];
    const inside = ([px, py]) => {
      const { left, top, width, height } = this.axes;
      return px >= left && px <= left + width && py >= top && py <= top + height;
    };
    const nearStart = ([px, py]) => {
      const [x, y] = this.extra.start;
      return Math.hypot(px - this.axes.x(x), py - this.axes.y(y)) < 28;
    };
    canvas.addEventListener(
      "touchstart",
      (event) => {
        if (this.axes && this.extra.pick && nearStart(at(event.touches[0]))) event.preventDefault();
      },
      { passive: false },
    );
    canvas.addEventListener("pointerdown", (event) => {
      if (!this.axes || !this.extra?.pick || event.button !== 0 || !inside(at(event))) return;
      this.down = at(event);
      this.dragging = event.pointerType !== "touch" || nearStart(this.down);
      if (!this.dragging) return;
      canvas.setPointerCapture(event.pointerId);
      this.dragged = point(this.down);
      this.redraw();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.axes) return;
      this.aimAt(event.pointerType !== "touch" && inside(at(event)) ? at(event) : null);
      if (this.down && this.dragging && inside(at(event))) {
        this.dragged = point(at(event));
        this.redraw();
      }
    });
    canvas.addEventListener("pointerup", (event) => {
      if (!this.down) return;
      const tap = Math.hypot(at(event)[0] - this.down[0], at(event)[1] - this.down[1]) < 10;
      if (this.dragging) onPick(this.dragged);
      else if (tap) onPick((this.dragged = point(at(event))));
      this.down = null;
    });
    canvas.addEventListener("pointerleave", () => this.aimAt(null));
    canvas.addEventListener("pointercancel", () => {
      this.down = this.dragged = null;
      this.redraw();
    });
  }

  // In fog a click chooses a direction; the pointer shows it first.
  aimAt(pixel) {
    if (!this.extra?.reach || (!pixel && !this.aim)) return;
    this.aim = pixel;
    this.redraw();
  }

  redraw() {}
}

function pathPixels(run, axes) {
  const xs = new Float64Array(run.x.length);
  const ys = new Float64Array(run.x.length);
  for (let i = 0; i < xs.length; i++) {
    xs[i] = axes.x(run.x[i]);
    ys[i] = axes.y(run.y[i]);
    const far = Math.max(Math.abs(xs[i]), Math.abs(ys[i])) / FAR;
    if (far > 1 && i > 0) {
      xs[i] = xs[i - 1] + (xs[i] - xs[i - 1]) / far;
      ys[i] = ys[i - 1] + (ys[i] - ys[i - 1]) / far;
    }
  }
  return { xs, ys };
}

function drawDot(context, x, y, colour) {
  for (const [fill, radius] of [["#ffffff", 4], [colour, 2.8]]) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = fill;
    context.fill();
  }
}

// A disc that fades from `rgb` at `alpha`, full up to `core` of its radius, to nothing.
function fillGlow(context, x, y, radius, rgb, alpha, core = 0) {
  if (!Number.isFinite(x + y)) return;
  const glow = context.createRadialGradient(x, y, 0, x, y, radius);
  glow.addColorStop(core, `rgba(${rgb},${alpha})`);
  glow.addColorStop(1, `rgba(${rgb},0)`);
  context.fillStyle = glow;
  context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
}

// Both axes have one scale: a frame no wider than the view's own shape keeps the colour bar beside the map.
function fittingWidth({ data, layout }, { width, height }) {
  const [x, y] = [layout.xaxis.range, layout.yaxis.range].map(([low, high]) => high - low);
  const bar = data.some((trace) => trace.showscale !== false) ? 66 : 0;
  return Math.min(width, ((height - layout.margin.t - layout.margin.b) * x) / y + layout.margin.l + layout.margin.r + bar);
}

function drawGhost(context, xs, ys) {
  context.setLineDash([3, 4]);
  strokeRange(context, xs, ys, 0, xs.length - 1, null, "#ffffff", 3, 0.55, null, false);
  strokeRange(context, xs, ys, 0, xs.length - 1, null, "#444444", 1.5, 0.9, null, false);
  context.setLineDash([]);
}

// 1, 2, 5, 10, … 1,000 so that the run's median step is at least 26 pixels long; 1 is to scale.
function magnification(run, axes) {
  const unit = Math.abs(axes.x(1) - axes.x(0));
  const lengths = Array.from(run.ux, (u, i) => Math.hypot(u, run.uy[i]) * unit)
    .filter((length) => length > 0 && Number.isFinite(length))
    .sort((a, b) => a - b);
  const median = lengths[lengths.length >> 1];
  if (!median || median >= 26) return 1;
  const wanted = Math.min(26 / median, 1000);
  const decade = 10 ** Math.floor(Math.log10(wanted));
  return decade * [1, 2, 5, 10].find((factor) => factor * decade >= wanted * 0.999);
}
