// Training, live: each network's decision boundary beside the curves of all; Python sends a new state at every tick.

const BATCH_ALPHA = 0.55;

class TrainingView {
  constructor(root) {
    this.root = root;
    root.classList.add("dl-stage");
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", "Networks in training");
    root.innerHTML = `<div class="dl-training-grid"><div class="dl-decisions"></div><div class="dl-curves"></div></div>
      <div class="dl-readout dl-progress" tabindex="0" role="region" aria-label="Where the networks stand"></div><div role="status" class="dl-said"></div><div class="dl-layers"></div>`;
    this.decisions = [];
    const curves = root.querySelector(".dl-curves");
    const layers = root.querySelector(".dl-layers");
    this.charts = {
      loss: new LineChart(curves, "loss"),
      accuracy: new LineChart(curves, "accuracy"),
      batch: new LineChart(layers, "batch"),
      gradients: new LineChart(layers, "gradients"),
      weights: new LineChart(layers, "weights"),
    };
    this.progress = root.querySelector(".dl-progress");
    this.said = root.querySelector(".dl-said");
    this.resizes = new ResizeObserver(() => this.draw());
    this.resizes.observe(root);
  }

  dispose() {
    this.resizes.disconnect();
  }

  receive(bytes) {
    this.theme = readTheme(this.root);
    if (bytes !== this.bytes) this.message = unpack(bytes);
    this.bytes = bytes;
    const { lanes, said } = this.message;
    const parent = this.root.querySelector(".dl-decisions");
    parent.dataset.lanes = lanes.length;
    while (this.decisions.length > lanes.length) this.decisions.pop().figure.remove();
    while (this.decisions.length < lanes.length) this.decisions.push(new DecisionView(parent));
    if (this.said.textContent !== said) this.said.textContent = said; // announced, so only what is new
    this.tabulate();
    this.draw();
    this.root.dataset.step = this.message.step;
    this.root.updates = (this.root.updates || 0) + 1;
  }

  draw() {
    if (!this.message) return;
    const { lanes, data, charts } = this.message;
    lanes.forEach((lane, i) => {
      this.decisions[i].caption.replaceChildren(swatchOf(lane), lane.label);
      this.decisions[i].draw(lane, data, this.theme);
    });
    for (const [name, chart] of Object.entries(this.charts)) {
      chart.root.hidden = !charts[name];
      if (charts[name]) chart.draw(charts[name], this.theme);
    }
  }

  tabulate() {
    const { lanes, titles } = this.message;
    const head = titles.map((title) => `<th scope="col">${title}</th>`).join("");
    const table = document.createElement("table");
    table.className = "dl-board";
    table.innerHTML = `<thead><tr><th scope="col">Optimizer</th>${head}</tr></thead><tbody></tbody>`;
    for (const lane of lanes) {
      const row = document.createElement("tr");
      const name = document.createElement("th");
      name.scope = "row";
      name.append(swatchOf(lane), lane.label);
      row.append(name, ...lane.cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
      table.tBodies[0].append(row);
    }
    this.progress.replaceChildren(table);
  }
}

export function training({ data }, root) {
  root.training ??= new TrainingView(root);
  root.training.receive(data);
  return () => setTimeout(() => root.isConnected || root.training.dispose());
}
