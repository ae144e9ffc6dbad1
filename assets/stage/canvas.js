// What is drawn over a figure: trails with a casing, balls, arrows, crosses. Pixels in, pixels out.

const RECENT = 40; // steps behind the ball that stay at full strength
const MARKERS = {
  circle: (c, x, y, r) => c.arc(x, y, r, 0, 2 * Math.PI),
  square: (c, x, y, r) => c.rect(x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76),
  diamond: (c, x, y, r) => polygon(c, x, y, r * 1.25, 4, 0),
  triangle: (c, x, y, r) => polygon(c, x, y, r * 1.3, 3, -Math.PI / 2),
  pentagon: (c, x, y, r) => polygon(c, x, y, r * 1.15, 5, -Math.PI / 2),
  hexagon: (c, x, y, r) => polygon(c, x, y, r * 1.1, 6, 0),
  star: (c, x, y, r) => polygon(c, x, y, r * 1.45, 10, -Math.PI / 2, 0.45),
};

function polygon(context, x, y, radius, corners, turn, inner = 1) {
  for (let k = 0; k < corners; k++) {
    const angle = turn + (2 * Math.PI * k) / corners;
    const r = k % 2 ? radius * inner : radius;
    context[k ? "lineTo" : "moveTo"](x + r * Math.cos(angle), y + r * Math.sin(angle));
  }
  context.closePath();
}

// What a figure and the canvas over it stand in.
function newFrame(parent) {
  const frame = document.createElement("div");
  frame.className = "dl-frame";
  const plot = document.createElement("div");
  plot.className = "dl-plot";
  frame.append(plot);
  parent.append(frame);
  return [frame, plot];
}

// A canvas that lies over an element and keeps its size, sharp on dense screens.
class Overlay {
  constructor(parent) {
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true }); // drawn by the processor: without a GPU many times faster
    parent.append(this.canvas);
  }

  begin(width, height) {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const { canvas, context } = this;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
  }
}

// xs and ys are pixels; NaN breaks the line; `hidden[i]` draws the segment that ends at i faintly.
function drawTrail(context, xs, ys, time, style, casing, hidden = null, ahead = 0.22) {
  const last = xs.length - 1;
  const step = Math.min(Math.floor(time), last);
  const part = Math.min(time, last) - step;
  const tip = step < last ? [between(xs, step, part), between(ys, step, part)] : [xs[last], ys[last]];
  const recent = Math.max(step - RECENT, 0);
  context.lineJoin = context.lineCap = "round";
  context.setLineDash([]);
  strokeRange(context, xs, ys, 0, step, tip, casing, style.width + 2.4, 0.75, hidden, false);
  context.setLineDash(style.dash);
  if (step < last) strokeRange(context, xs, ys, step, last, null, style.colour, style.width, ahead, hidden, false);
  strokeRange(context, xs, ys, 0, recent, null, style.colour, style.width, 0.8, hidden, false);
  strokeRange(context, xs, ys, recent, step, tip, style.colour, style.width, 1, hidden, false);
  if (hidden) strokeRange(context, xs, ys, 0, step, null, style.colour, style.width, 0.3, hidden, true);
  context.setLineDash([]);
  return tip;
}

function between(values, step, part) {
  return values[step] + (values[step + 1] - values[step]) * part;
}

function strokeRange(context, xs, ys, from, to, tip, colour, width, alpha, hidden, wanted) {
  context.beginPath();
  context.moveTo(xs[from], ys[from]);
  for (let i = from + 1; i <= to; i++) {
    if (hidden && Boolean(hidden[i]) !== wanted) context.moveTo(xs[i], ys[i]);
    else context.lineTo(xs[i], ys[i]);
  }
  if (tip) context.lineTo(tip[0], tip[1]);
  context.strokeStyle = colour;
  context.globalAlpha = alpha;
  context.lineWidth = width;
  context.stroke();
  context.globalAlpha = 1;
}

function drawBall(context, x, y, style, casing, faint = false) {
  if (!Number.isFinite(x + y)) return;
  context.globalAlpha = faint ? 0.35 : 1;
  context.beginPath();
  MARKERS[style.marker](context, x, y, 6);
  context.fillStyle = style.colour;
  context.strokeStyle = casing;
  context.lineWidth = 2.5;
  context.stroke();
  context.fill();
  context.lineWidth = 1.2;
  context.strokeStyle = casing === "#ffffff" ? "#000000" : "#ffffff";
  context.stroke();
  context.globalAlpha = 1;
}

function drawStart(context, x, y, casing) {
  for (const [colour, width] of [[casing, 4.5], ["#111111", 2]]) {
    context.beginPath();
    context.arc(x, y, 6, 0, 2 * Math.PI);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
}

function drawCross(context, x, y, casing, size = 4.5) {
  for (const [colour, width] of [[casing, 4], ["#111111", 1.8]]) {
    context.beginPath();
    context.moveTo(x - size, y - size);
    context.lineTo(x + size, y + size);
    context.moveTo(x - size, y + size);
    context.lineTo(x + size, y - size);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
}

function drawArrow(context, x, y, dx, dy, colour, casing, width = 2.4) {
  const length = Math.hypot(dx, dy);
  if (!(length > 1)) return;
  const head = Math.min(9, length * 0.5);
  const [ux, uy] = [dx / length, dy / length];
  const [tx, ty] = [x + dx, y + dy];
  for (const [stroke, wide] of [[casing, width + 2.4], [colour, width]]) {
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(tx - ux * head * 0.6, ty - uy * head * 0.6);
    context.moveTo(tx - ux * head - uy * head * 0.5, ty - uy * head + ux * head * 0.5);
    context.lineTo(tx, ty);
    context.lineTo(tx - ux * head + uy * head * 0.5, ty - uy * head - ux * head * 0.5);
    context.strokeStyle = stroke;
    context.lineWidth = wide;
    context.lineCap = context.lineJoin = "round";
    context.stroke();
  }
}
