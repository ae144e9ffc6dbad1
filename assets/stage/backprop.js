// Backpropagation by hand: boxes that fill with numbers, move by move. Every number and word is the server's.

const MOVES_PER_SECOND = 1.25;
const SVG = "http://www.w3.org/2000/svg";
const ROW_HEIGHT = 18;

function svg(parent, name, attributes = {}, text = null) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  parent.append(node);
  return node;
}

class BackpropView {
  constructor(root) {
    this.root = root;
    root.classList.add("dl-stage", "dl-backprop");
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", "A network worked through by hand");
    root.innerHTML = `
      <div class="dl-bar"><div class="dl-tabs" role="group" aria-label="View"></div>
        <div class="dl-legend"><p class="dl-arrows"><span><i class="dl-forward"></i>forward: values</span>
          <span><i class="dl-backward"></i>backward: ∂ is short for ∂L/∂</span></p></div>
        <div class="dl-offers"><button type="button" data-offer="link" title="Copy a link to this page at this step">Copy link</button></div></div>
      <div class="dl-drawing" tabindex="0" role="region" aria-label="Drawing, can be scrolled"><div role="img"></div></div>
      <section class="dl-readout dl-move" tabindex="0" aria-label="This step in numbers" aria-live="polite"></section>`;
    this.drawing = root.querySelector(".dl-drawing > div");
    this.readout = root.querySelector(".dl-move");
    this.tabs = root.querySelector(".dl-tabs");
    this.transport = new Transport(root, () => this.draw(), MOVES_PER_SECOND);
    root.insertBefore(this.transport.root, this.readout);
    this.layout = 0;
    this.onKey = (event) => root.isConnected && this.transport.onKey(event);
    document.addEventListener("keydown", this.onKey);
    root.addEventListener("click", (event) => {
      const target = event.target.closest("[data-layout], [data-offer], [data-picks]");
      if (target?.dataset.layout) this.show(Number(target.dataset.layout));
      if (target?.dataset.offer) copyLink(target, this.step);
      if (target?.dataset.picks) this.trigger("pick", { index: Number(target.dataset.picks) });
    });
  }

  dispose() {
    this.transport.pause();
    document.removeEventListener("keydown", this.onKey);
  }

  get step() {
    return Math.floor(this.transport.time + 1e-9);
  }

  receive(bytes) {
    this.root.classList.toggle("dl-dark", isDark(readTheme(this.root).background));
    if (bytes === this.bytes) return;
    const before = this.message;
    this.bytes = bytes;
    this.message = unpack(bytes);
    const { layouts, moves, playhead, key } = this.message;
    // other weights are looked at where the reader stands; another network begins where its loss is known
    const time = before?.key === key ? this.transport.time : playhead;
    this.transport.setLength(moves.length, time);
    this.tabs.replaceChildren(
      ...layouts.map(({ label }, i) => {
        const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
        button.dataset.layout = i;
        return button;
      }),
    );
    this.show(this.layout);
    this.root.dataset.revision = this.message.revision;
  }

  show(layout) {
    this.layout = layout;
    for (const button of this.tabs.children) button.setAttribute("aria-pressed", Number(button.dataset.layout) === layout);
    this.build(this.message.layouts[layout]);
    this.draw();
  }

  build({ width, height, boxes, wires, label }) {
    const picture = document.createElementNS(SVG, "svg");
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.style.minWidth = `${0.66 * width}px`; // smaller it could not be read
    picture.style.maxWidth = `${1.25 * width}px`;
    picture.style.maxHeight = `max(45vh, ${0.68 * height}px)`;
    this.parts = new Map();
    this.texts = [];
    for (const wire of wires) this.addWire(picture, wire);
    for (const box of boxes) this.addBox(picture, box);
    this.drawing.setAttribute("aria-label", `${label}. ${this.message.alt}`);
    this.drawing.replaceChildren(picture);
  }

  group(parent, { id }) {
    const group = svg(parent, "g");
    this.parts.set(id, group);
    return group;
  }

  addWire(parent, wire) {
    const [x1, y1, x2, y2] = wire.ends;
    svg(this.group(parent, wire), "path", { d: `M${x1},${y1}L${x2},${y2}`, class: "dl-wire" });
  }

  addBox(parent, box) {
    const { x, y, width, height, title, rows, columns } = box;
    const group = this.group(parent, box);
    const [left, top] = [x - width / 2, y - height / 2];
    svg(group, "rect", { x: left, y: top, width, height, rx: 6 });
    if (title) svg(group, "text", { x, y: top + 17, class: "dl-title" }, title);
    rows.forEach((row, i) => {
      const [line, column] = [Math.floor(i / columns), i % columns];
      const from = title ? top + 17 + (line + 1) * ROW_HEIGHT : y + 5;
      if (title) this.addText(group, row, left + 8 + (column * (width - 8)) / columns, from, "start");
      else this.addText(group, row, x, from, "middle");
    });
  }

  addText(group, { phase, texts, picks }, x, y, anchor) {
    if (!texts.length) return;
    const chosen = picks >= 0 ? { "data-picks": picks } : {};
    const node = svg(group, "text", { x, y, "text-anchor": anchor, class: `dl-${phase}`, ...chosen }, "");
    if (picks >= 0 && picks === this.message.picked) node.classList.add("dl-picked");
    this.texts.push({ node, texts });
  }

  draw() {
    if (!this.message) return;
    const { step } = this;
    for (const { node, texts } of this.texts) node.textContent = texts.findLast(([from]) => from <= step)?.[1] ?? "";
    const { moves, layouts } = this.message;
    const now = new Set(step ? (layouts[this.layout].lit[step - 1] ?? []) : []);
    const backward = step > this.message.forward;
    for (const [id, group] of this.parts) {
      group.classList.toggle("dl-lit", now.has(id));
      group.classList.toggle("dl-lit-back", now.has(id) && backward);
    }
    this.say(step ? moves[step - 1] : this.message.start);
    this.root.dataset.step = step;
  }

  say({ title, rule, numbers, way, check }) {
    const line = (name, pieces) => {
      const p = document.createElement("p");
      p.className = name;
      p.append(...pieces.map(([text, lit]) => (lit ? Object.assign(document.createElement("mark"), { textContent: text }) : text)));
      return p;
    };
    this.readout.replaceChildren(
      line("dl-move-title", [[title, false]]),
      line("dl-move-rule", [[rule, false]]),
      line("dl-move-numbers", numbers),
      line("dl-move-way", [[way, false]]),
      line("dl-move-check", [[check, false]]),
    );
  }
}

export function backprop({ data, setTriggerValue }, root) {
  root.backprop ??= new BackpropView(root);
  root.backprop.trigger = setTriggerValue;
  root.backprop.receive(data);
  return () => setTimeout(() => root.isConnected || root.backprop.dispose());
}
