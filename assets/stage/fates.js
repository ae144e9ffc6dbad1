// The fates of one start at several rates: a small picture each, with every place the ball has been.

class FatesView {
  constructor(root) {
    this.root = root;
    root.classList.add("dl-stage");
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", "One start, several learning rates");
    this.panels = [];
    this.resizes = new ResizeObserver(() => this.message && this.draw());
    this.resizes.observe(root);
  }

  dispose() {
    this.resizes.disconnect();
  }

  receive(bytes) {
    this.theme = readTheme(this.root);
    if (bytes !== this.bytes) this.message = unpack(bytes);
    this.bytes = bytes;
    while (this.panels.length < this.message.runs.length) this.panels.push(newFate(this.root));
    this.draw();
    this.root.dataset.revision = this.message.revision;
  }

  draw() {
    const { curve, runs } = this.message;
    runs.forEach((run, i) => {
      const { chart, caption, sentence } = this.panels[i];
      caption.replaceChildren(swatchOf(run), run.label);
      if (sentence.textContent !== run.ended) sentence.textContent = run.ended;
      chart.root.setAttribute("aria-label", run.alt);
      chart.drawGround(curve, this.theme);
      if (chart.box) drawFate(chart, run);
    });
  }
}

function newFate(parent) {
  const figure = document.createElement("figure");
  const [caption, sentence] = [document.createElement("figcaption"), document.createElement("p")];
  figure.append(caption);
  const chart = new LossCurve(figure);
  figure.append(sentence);
  parent.append(figure);
  return { chart, caption, sentence };
}

// From one place to the next; to one beyond the frame only as far as the frame.
function drawChord(context, chart, { w, loss }, k, places) {
  const [from, to] = [places[k], places[k + 1]];
  if (from && to) return line(context, ...from, ...to);
  if (!from && !to) return;
  const [inside, outside] = from ? [k, k + 1] : [k + 1, k];
  const [low, high] = chart.curve.frame.x;
  const edge = w[outside] > high ? high : low;
  const share = (edge - w[inside]) / (w[outside] - w[inside]);
  const height = chart.scale.y(loss[inside] + share * (loss[outside] - loss[inside]));
  if (Number.isFinite(height)) line(context, ...(from ?? to), chart.scale.x(edge), height);
}

function drawFate(chart, run) {
  const context = chart.begin();
  const places = Array.from(run.w, (w, k) => chart.place(w, run.loss[k]));
  context.save();
  context.strokeStyle = run.colour;
  context.lineWidth = 1.5;
  context.setLineDash(run.dash);
  context.globalAlpha = 0.7;
  chart.clip(context);
  for (let k = 0; k + 1 < places.length; k++) drawChord(context, chart, run, k, places);
  context.restore();
  context.fillStyle = run.colour;
  for (const place of places.slice(1)) {
    if (!place) continue;
    context.beginPath();
    context.arc(...place, 3, 0, 2 * Math.PI);
    context.fill();
  }
  if (places[0]) drawStart(context, ...places[0], "#ffffff");
  // the first time that it leaves on either side; what comes after would only lie over it
  const [low, high] = chart.curve.frame.x;
  const out = [run.w.findIndex((w) => w < low), run.w.findIndex((w) => w > high)].filter((k) => k > 0).sort((a, b) => a - b);
  out.forEach((k, row) => chart.drawExit(context, run.w[k], `step ${k}: w = ${formatNumber(run.w[k])}`, chart.box.top + 12 + 20 * row, run.colour));
  const end = places[places.length - 1];
  if (end) drawBall(context, ...end, run, "#ffffff");
}

export function fates({ data }, root) {
  root.fates ??= new FatesView(root);
  root.fates.receive(data);
  return () => setTimeout(() => root.isConnected || root.fates.dispose());
}
