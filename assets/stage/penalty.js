// One prediction under a reader's hand: its penalties and their slopes. Every number was computed by the server, for a
// grid finer than the pixels; the hand moves along the grid, and the page is told only where it let go.

const GRASP = 28; // pixels round a ball: from there it is carried, without a jump to the pointer
const PAUSE = 300; // milliseconds after the last key before the page is told
const PATIENCE = 2000; // milliseconds that the page has to take up what it was told
const NUMBER_WIDTH = 9; // characters, so that nothing dances
const PENALTY_MARGIN = { ...CHART_MARGIN, top: 30 }; // the axis's name over its highest number

class PenaltyChart extends LayeredChart {
  // {xTitle, yTitle, range, alt, lines: [{x, y, colour, dash, width, marker, slope?}]}: axes and lines, which stay.
  drawGround(chart, theme) {
    Object.assign(this, { chart, theme });
    const { clientWidth: width, clientHeight: height } = this.root;
    if (!width || !height) return;
    const { left, right, top, bottom } = PENALTY_MARGIN;
    const box = { left, top, width: width - left - right, height: height - top - bottom };
    const [low, high] = chart.range;
    this.box = box;
    this.size = [width, height];
    this.scale = {
      x: (x) => box.left + x * box.width,
      y: (y) => box.top + box.height - ((y - low) / (high - low)) * box.height,
    };
    const context = this.ground.begin(width, height);
    context.font = `11px ${theme.font}`;
    drawAxes(context, box, [0, 1], chart.range, chart, theme);
    context.save();
    clipTo(context, box, 2);
    for (const entry of chart.lines) drawLine(context, entry, this.scale, false);
    context.restore();
  }

  // What moves: a ball on each line at grid point k, with the tangent there.
  drawBalls(k) {
    if (!this.box) return;
    const { box, scale, chart, theme } = this;
    const context = this.overlay.begin(...this.size);
    const px = scale.x(chart.lines[0].x[k]);
    drawMark(context, px, box, theme);
    this.balls = chart.lines.map(({ y }) => [px, Math.min(Math.max(scale.y(y[k]), box.top), box.top + box.height)]);
    context.save();
    clipTo(context, box, 2);
    for (const entry of chart.lines) if (entry.slope) this.drawTangent(context, entry, k);
    context.restore();
    chart.lines.forEach((entry, i) => {
      const [x, y] = this.balls[i];
      const beyond = Math.sign(scale.y(entry.y[k]) - y); // the frame cuts it: an arrow says on which side
      if (beyond) drawArrow(context, x, y - 22 * beyond, 0, 20 * beyond, entry.colour, theme.background, 3);
      else drawBall(context, x, y, entry, "#ffffff");
    });
  }

  drawTangent(context, { x, y, slope, colour }, k) {
    const { scale } = this;
    const rise = (scale.y(slope[k]) - scale.y(0)) / (scale.x(1) - scale.x(0)); // pixels down for one to the right
    const reach = 56 / Math.hypot(1, rise);
    const [px, py] = [scale.x(x[k]), scale.y(y[k])];
    context.strokeStyle = colour;
    context.lineWidth = 4;
    context.globalAlpha = 0.45;
    context.setLineDash([]);
    line(context, px - reach, py - rise * reach, px + reach, py + rise * reach);
    context.globalAlpha = 1;
  }
}

function clipTo(context, { left, top, width, height }, edge) {
  context.beginPath();
  context.rect(left - edge, top - edge, width + 2 * edge, height + 2 * edge);
  context.clip();
}

function nearestIndex(sorted, value) {
  const above = sorted.findIndex((entry) => entry >= value);
  if (above <= 0) return above ? sorted.length - 1 : 0;
  return value - sorted[above - 1] < sorted[above] - value ? above - 1 : above;
}

class PenaltyView {
  constructor(root) {
    this.root = root;
    root.classList.add("dl-stage");
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", "One prediction and its penalties");
    root.innerHTML = `<div class="dl-penalty-charts"></div>
      <label class="dl-scrub dl-penalty-scrub"><span>Prediction ŷ</span><input type="range" min="0" step="1" aria-label="Prediction ŷ"><span
        class="dl-count" aria-hidden="true"></span></label>
      <div class="dl-readout dl-penalty-numbers"></div>`;
    const charts = root.querySelector(".dl-penalty-charts");
    this.charts = { loss: new PenaltyChart(charts), slope: new PenaltyChart(charts) };
    this.slider = root.querySelector("input");
    this.count = root.querySelector(".dl-count");
    this.sent = null; // told to the page, which has not answered yet
    for (const chart of Object.values(this.charts)) this.listen(chart);
    this.listenToSlider();
    this.resizes = new ResizeObserver(() => this.message && this.drawAll());
    this.resizes.observe(root);
  }

  dispose() {
    this.resizes.disconnect();
    clearTimeout(this.pause);
    clearTimeout(this.patience);
  }

  receive(bytes) {
    this.theme = readTheme(this.root);
    if (bytes !== this.bytes) this.message = unpack(bytes);
    this.bytes = bytes;
    if (this.sent === this.message.prediction) this.sent = null;
    if (!this.held()) this.prediction = this.message.prediction;
    this.slider.max = this.message.predictions.length - 1;
    this.tabulate();
    this.drawAll();
    this.root.dataset.revision = this.message.revision;
  }

  // An answer to an earlier move must not take the ball out of the reader's hand.
  held() {
    return Boolean(this.down?.carrying || this.pause) || this.sent !== null;
  }

  drawAll() {
    for (const [name, chart] of Object.entries(this.charts)) {
      const { predictions, penalties, frames } = this.message;
      const lines = penalties.map((entry) => ({ ...entry, x: predictions, y: entry[name], slope: name === "loss" && entry.slope }));
      chart.drawGround({ ...frames[name], lines }, this.theme);
    }
    this.moveTo(this.prediction);
  }

  moveTo(prediction) {
    const { predictions, penalties, frames } = this.message;
    const k = nearestIndex(predictions, prediction);
    this.prediction = predictions[k];
    const p = predictionText(this.prediction);
    const told = penalties.map((entry) => `${entry.label} ${formatNumber(entry.loss[k])}, slope ${formatNumber(entry.slope[k])}`);
    for (const [name, chart] of Object.entries(this.charts)) {
      chart.drawBalls(k);
      chart.root.setAttribute("aria-label", `${frames[name].alt} At ŷ = ${p}: ${told.join("; ")}.`);
    }
    this.slider.value = k;
    this.slider.setAttribute("aria-valuetext", `${p}: ${told.join("; ")}`);
    this.count.textContent = `ŷ = ${p}`;
    for (const name of ["loss", "slope"]) {
      const worked = penalties.map((entry) => entry[`${name}_text`].replace("{p}", p));
      const widest = Math.max(...worked.map((text) => text.length));
      penalties.forEach((entry, i) => {
        const value = formatNumber(entry[name][k], 4).padStart(NUMBER_WIDTH);
        this.cells[i][name].worked.textContent = `${worked[i].padEnd(widest)} =`;
        this.cells[i][name].value.textContent = value;
      });
    }
    this.root.dataset.prediction = this.prediction;
  }

  tabulate() {
    const table = document.createElement("table");
    table.className = "dl-board";
    table.innerHTML = `<thead><tr><th scope="col">Penalty</th><th scope="col">loss L</th><th scope="col">slope dL/dŷ</th></tr></thead>
      <tbody></tbody>`;
    this.cells = this.message.penalties.map((entry) => {
      const row = table.tBodies[0].insertRow();
      const name = document.createElement("th");
      name.scope = "row";
      name.append(swatchOf(entry), entry.label);
      row.append(name);
      return { loss: numberCell(row), slope: numberCell(row) };
    });
    this.root.querySelector(".dl-readout").replaceChildren(table);
  }

  tell() {
    clearTimeout(this.pause);
    this.pause = null;
    if (this.prediction === (this.sent ?? this.message.prediction)) return;
    this.sent = this.prediction;
    this.trigger("prediction", { prediction: this.sent });
    clearTimeout(this.patience);
    this.patience = setTimeout(() => {
      this.sent = null;
      if (!this.held()) this.moveTo(this.message.prediction);
    }, PATIENCE);
  }

  listenToSlider() {
    const rest = () => {
      clearTimeout(this.pause);
      this.pause = setTimeout(() => this.tell(), PAUSE);
    };
    this.slider.addEventListener("input", () => {
      rest();
      this.moveTo(this.message.predictions[Number(this.slider.value)]);
    });
    // a hundredth is a step one can see; with Shift the grid's own
    this.slider.addEventListener("keydown", (event) => {
      const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (!way) return;
      event.preventDefault();
      rest();
      const steps = event.shiftKey ? 1000 : 100;
      this.moveTo(Math.round(this.prediction * steps + way) / steps);
    });
  }

  // The ball is carried from where it was taken; a press beside it brings it there. A finger beside it scrolls the page.
  listen(chart) {
    const { canvas } = chart.overlay;
    const at = (event) => {
      const { left, top } = canvas.getBoundingClientRect();
      return [event.clientX - left, event.clientY - top];
    };
    const near = ([px, py]) => chart.balls?.find(([x, y]) => Math.hypot(x - px, y - py) < GRASP);
    const carry = (px) => this.moveTo((px + this.down.grip - chart.box.left) / chart.box.width);
    canvas.addEventListener("touchstart", (event) => near(at(event.touches[0])) && event.preventDefault(), { passive: false });
    canvas.addEventListener("mousedown", (event) => event.preventDefault()); // or the text beneath would be selected
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !chart.box) return;
      const from = at(event);
      const ball = near(from);
      this.down = { from, grip: ball ? ball[0] - from[0] : 0, carrying: Boolean(ball) || event.pointerType !== "touch" };
      this.slider.focus({ preventScroll: true });
      if (!this.down.carrying) return;
      canvas.setPointerCapture(event.pointerId);
      carry(from[0]);
    });
    canvas.addEventListener("pointermove", (event) => this.down?.carrying && carry(at(event)[0]));
    canvas.addEventListener("pointerup", (event) => {
      if (!this.down) return;
      const [px, py] = at(event);
      if (!this.down.carrying && Math.hypot(px - this.down.from[0], py - this.down.from[1]) < 10) carry(px);
      this.down = null;
      this.tell();
    });
    canvas.addEventListener("pointercancel", () => {
      this.down = null;
      if (!this.held()) this.moveTo(this.message.prediction);
    });
  }
}

// How a number is worked out, and the number.
function numberCell(row) {
  const [worked, value] = [document.createElement("span"), document.createElement("b")];
  row.insertCell().append(worked, value);
  return { worked, value };
}

function predictionText(value) {
  return Number(value.toFixed(3)) === value ? value.toFixed(3) : formatSetting(value);
}

export function penalty({ data, setTriggerValue }, root) {
  root.penalty ??= new PenaltyView(root);
  root.penalty.trigger = setTriggerValue;
  root.penalty.receive(data);
  return () => setTimeout(() => root.isConnected || root.penalty.dispose());
}
