// A line chart on a canvas, for what changes several times a second: axes with names, lines, labels at their ends.

const CHART_MARGIN = { left: 52, right: 12, top: 20, bottom: 32 };
const FLOOR = 1e-30; // zero and less have no place on a log axis

class LineChart {
  constructor(parent, name) {
    this.root = document.createElement("div");
    this.root.className = "dl-line-chart";
    this.root.setAttribute("role", "img");
    this.name = name;
    this.overlay = new Overlay(this.root);
    parent.append(this.root);
  }

  // {title, xTitle, yTitle, log, range?, lines: [{x, y, colour, dash, width, alpha, label?}], marks: [x], alt}
  draw(chart, theme) {
    Object.assign(this, { chart, theme });
    const { clientWidth: width, clientHeight: height } = this.root;
    if (!width || !height) return;
    this.root.setAttribute("aria-label", chart.alt);
    const context = this.overlay.begin(width, height);
    const { left, right, top, bottom } = CHART_MARGIN;
    const labelled = chart.lines.some((line) => line.label);
    const box = { left, top, width: width - left - right - (labelled ? 46 : 0), height: height - top - bottom };
    const lift = chart.log ? (y) => Math.log10(Math.max(y, FLOOR)) : (y) => y;
    const [x0, x1] = extent(chart.lines.map((line) => line.x), (x) => x, [0, 1]);
    const [y0, y1] = chart.range ?? padded(extent(chart.lines.map((line) => line.y), lift, chart.log ? [-1, 0] : [0, 1]));
    const scale = {
      x: (x) => box.left + ((x - x0) / (x1 - x0 || 1)) * box.width,
      y: (y) => box.top + box.height - ((lift(y) - y0) / (y1 - y0 || 1)) * box.height,
    };
    context.font = `11px ${theme.font}`;
    drawAxes(context, box, [x0, x1], [y0, y1], chart, theme);
    context.save();
    context.beginPath();
    context.rect(box.left, box.top - 2, box.width + 1, box.height + 4);
    context.clip();
    for (const at of chart.marks ?? []) drawMark(context, scale.x(at), box, theme);
    for (const line of chart.lines) drawLine(context, line, scale, chart.log);
    context.restore();
    if (labelled) drawLabels(context, chart.lines, scale, box, theme);
  }
}

// Two canvases: a ground of axes and lines, which stays, and over it what moves.
class LayeredChart {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.className = "dl-line-chart";
    this.root.setAttribute("role", "img");
    this.ground = new Overlay(this.root);
    this.overlay = new Overlay(this.root);
    parent.append(this.root);
  }
}

function extent(columns, lift, fallback) {
  let [low, high] = [Infinity, -Infinity];
  for (const column of columns)
    for (const value of column) {
      const lifted = lift(value);
      if (!Number.isFinite(lifted) || lifted <= Math.log10(FLOOR)) continue;
      if (lifted < low) low = lifted;
      if (lifted > high) high = lifted;
    }
  if (low > high) return fallback;
  return low === high ? [low, low + 1] : [low, high];
}

function padded([low, high]) {
  const pad = (high - low) * 0.04;
  return [low - pad, high + pad];
}

// Round numbers about `wanted` apart: 1, 2 or 5 times a power of ten.
function ticksOf(low, high, wanted) {
  const raw = (high - low) / wanted;
  const decade = 10 ** Math.floor(Math.log10(raw));
  const size = [1, 2, 5, 10].map((f) => f * decade).find((s) => s >= raw * 0.999);
  const ticks = [];
  for (let k = Math.ceil(low / size - 1e-9); k * size <= high + size * 1e-9; k++) ticks.push(k * size);
  return { ticks, size };
}

// On a log axis: whole decades where there are enough of them, else 1, 2 and 5 within each.
function logTicks(low, high) {
  const first = Math.ceil(low - 1e-9);
  const decades = Math.floor(high + 1e-9) - first + 1;
  if (decades >= 2) {
    const stride = Math.max(1, Math.ceil(decades / 5));
    return Array.from({ length: Math.ceil(decades / stride) }, (_, k) => first + k * stride);
  }
  const ticks = [];
  for (let d = Math.floor(low); d <= Math.floor(high); d++)
    for (const digit of [1, 2, 5]) ticks.push(d + Math.log10(digit));
  const inside = ticks.filter((t) => t >= low && t <= high);
  if (inside.length >= 2) return inside;
  return ticksOf(10 ** low, 10 ** high, 4).ticks.filter((t) => t > 0).map(Math.log10); // a narrow range is nearly linear
}

function logTickText(tick) {
  return formatSetting(Number((10 ** tick).toPrecision(5))).replace(/^1·/, "");
}

function tickText(value, size) {
  if (Math.abs(value) < size * 1e-9) return "0";
  if (Math.abs(value) >= 1e5 || Math.abs(value) < 1e-4) return formatSetting(value);
  const digits = Math.max(0, -Math.floor(Math.log10(size) + 1e-9));
  return value.toFixed(Math.min(digits, 6)).replace("-", MINUS);
}

function drawAxes(context, box, [x0, x1], [y0, y1], chart, theme) {
  context.strokeStyle = "rgba(128,128,128,0.28)";
  context.fillStyle = theme.text;
  context.lineWidth = 1;
  context.textBaseline = "middle";
  context.textAlign = "right";
  const { ticks: linear, size } = ticksOf(y0, y1, Math.max(2, box.height / 34));
  for (const tick of chart.log ? logTicks(y0, y1) : linear) {
    const y = Math.round(box.top + box.height - ((tick - y0) / (y1 - y0)) * box.height) + 0.5;
    line(context, box.left, y, box.left + box.width, y);
    context.fillText(chart.log ? logTickText(tick) : tickText(tick, size), box.left - 6, y);
  }
  context.textBaseline = "top";
  context.textAlign = "center";
  const along = ticksOf(x0, x1, Math.max(2, box.width / 70));
  for (const tick of along.ticks) {
    const x = Math.round(box.left + ((tick - x0) / (x1 - x0)) * box.width) + 0.5;
    line(context, x, box.top, x, box.top + box.height);
    context.fillText(tickText(tick, along.size), x, box.top + box.height + 5);
  }
  context.textBaseline = "alphabetic";
  context.fillText(chart.xTitle, box.left + box.width / 2, box.top + box.height + 28);
  context.textAlign = "left";
  context.fillText(chart.yTitle, 4, 12);
}

function line(context, x, y, toX, toY) {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(toX, toY);
  context.stroke();
}

function drawMark(context, x, box, theme) {
  context.strokeStyle = theme.text;
  context.globalAlpha = 0.6;
  context.setLineDash([2, 4]);
  line(context, x, box.top, x, box.top + box.height);
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function drawLine(context, { x, y, colour, dash = [], width = 2, alpha = 1 }, scale, log) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.globalAlpha = alpha;
  context.setLineDash(dash);
  context.lineJoin = "round";
  context.beginPath();
  let open = false;
  for (let i = 0; i < x.length; i++) {
    const drawable = Number.isFinite(y[i]) && !(log && y[i] <= FLOOR);
    if (drawable) context[open ? "lineTo" : "moveTo"](scale.x(x[i]), scale.y(y[i]));
    open = drawable;
  }
  context.stroke();
  if (x.length === 1) {
    context.setLineDash([]);
    context.strokeRect(scale.x(x[0]) - 1, scale.y(y[0]) - 1, 2, 2); // a line of one point would not be seen
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

// Names at the lines' ends, pushed apart where they would overlap.
function drawLabels(context, lines, scale, box, theme) {
  const labels = lines
    .filter((entry) => entry.label && entry.y.length)
    .map((entry) => ({ ...entry, at: scale.y(entry.y.findLast(Number.isFinite) ?? NaN) }))
    .filter(({ at }) => Number.isFinite(at))
    .sort((a, b) => a.at - b.at);
  const gap = Math.min(12, box.height / Math.max(labels.length, 1));
  let free = box.top;
  labels.forEach((label, i) => {
    label.at = Math.max(Math.min(label.at, box.top + box.height - gap * (labels.length - 1 - i)), free);
    free = label.at + gap;
  });
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const { at, label, colour } of labels) {
    context.fillStyle = colour;
    context.fillRect(box.left + box.width + 3, at - 1.5, 6, 3);
    context.fillStyle = theme.text;
    context.fillText(label, box.left + box.width + 12, at);
  }
}
