// One step at a time: the rule with this step's numbers, and a reader who says first where the ball will land. Every
// number is the engine's; the browser only compares the reader's with it.

const GLIDE = 600; // milliseconds of one step that is watched
const WALKING = 3; // steps a second, which can be followed

class OneStepView {
  constructor(root) {
    this.root = root;
    root.classList.add("dl-stage");
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", "One step on a loss curve");
    root.innerHTML = `
      <div class="dl-bar"><p class="dl-arrows dl-legend"></p>
        <div class="dl-offers"><button type="button" data-offer="link" title="Copy a link to this page at this step">Copy link</button></div></div>
      <div class="dl-onestep-grid"><div class="dl-onestep-side">
        <div class="dl-readout" role="region" aria-label="The rule with this step's numbers" tabindex="0"><table class="dl-lines"></table></div>
        <form class="dl-guess" novalidate><label><span>My prediction: w =</span><input type="number" step="any"></label>
          <button type="submit">Take the step</button></form>
        <p class="dl-verdict" role="status"></p><p class="dl-tally"></p></div></div>
      <details class="dl-numbers"><summary>The steps as a table</summary><div tabindex="0" role="region" aria-label="The steps as a table"></div></details>`;
    this.chart = new StepPicture(root.querySelector(".dl-onestep-grid"));
    root.querySelector(".dl-onestep-grid").prepend(this.chart.root);
    this.guess = root.querySelector(".dl-guess");
    this.input = this.guess.querySelector("input");
    this.verdict = root.querySelector(".dl-verdict");
    this.numbers = root.querySelector(".dl-numbers");
    this.transport = new Transport(root, (time) => this.move(time), WALKING);
    this.transport.root.setAttribute("aria-label", "Playback of one weight"); // two weights have a playback of their own
    root.insertBefore(this.transport.root, this.numbers);
    this.tally = { made: 0, right: 0 };
    this.step = 0;
    this.flag = this.judged = this.carried = null;
    this.listen();
  }

  listen() {
    // before the stage further down, which has a transport of its own and would answer the same keys
    this.onKey = (event) => {
      const at = event.composedPath()[0].closest?.(".dl-stage");
      if (this.root.isConnected && (!at || at === this.root)) this.transport.onKey(event);
    };
    document.addEventListener("keydown", this.onKey, true);
    this.resizes = new ResizeObserver(() => this.message && this.drawAll());
    this.resizes.observe(this.root);
    this.root.querySelector("[data-offer]").addEventListener("click", (event) => copyLink(event.target, Math.floor(this.transport.time)));
    this.numbers.addEventListener("toggle", () => this.tabulate());
    this.input.addEventListener("input", () => this.plant(this.input.value === "" ? null : Number(this.input.value), false));
    this.guess.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.input.validity.badInput) this.say("A prediction is a number, such as 0.5. The step has not been taken.");
      else this.take();
    });
    this.listenToHand();
  }

  dispose() {
    this.transport.pause();
    this.resizes.disconnect();
    document.removeEventListener("keydown", this.onKey, true);
    cancelAnimationFrame(this.glide);
    clearTimeout(this.patience);
  }

  receive(bytes) {
    this.theme = readTheme(this.root);
    const before = this.message;
    if (bytes !== this.bytes) this.message = unpack(bytes);
    this.bytes = bytes;
    const { message } = this;
    if (message.w[0] === this.sent) this.release();
    if (message.walk !== before?.walk) {
      this.stop();
      const last = message.w.length - 1;
      this.transport.setLength(last, before ? 0 : (message.playhead ?? 0)); // another walk begins at its start
      this.step = this.transport.time;
      this.judged = null;
      this.plant(null);
    }
    this.guess.querySelector("label").hidden = !message.predict;
    if (!message.predict) this.plant(null);
    this.input.step = message.nudge;
    this.rest(this.step);
    this.drawAll();
    this.root.dataset.revision = message.revision;
  }

  // Quietly: what the transport would announce belongs to a walk that is over.
  stop() {
    cancelAnimationFrame(this.glide);
    this.glide = null;
    this.transport.playing = false;
  }

  release() {
    clearTimeout(this.patience);
    this.sent = null;
    if (!this.down) this.carried = null;
  }

  move(time) {
    if (!this.message) return;
    cancelAnimationFrame(this.glide);
    this.glide = null;
    if (!this.transport.playing && Number.isInteger(time)) this.rest(time);
    this.draw(time);
  }

  // The ball lies still: a prediction of just this step is judged, and what happened is said.
  rest(step) {
    const { w, close } = this.message;
    if (step === this.step + 1 && this.flag !== null) {
      this.judged = { flag: this.flag, from: w[step - 1], to: w[step] };
      this.tally.made += 1;
      this.tally.right += Math.abs(this.flag - w[step]) <= close;
      this.plant(null);
    } else if (step !== this.step) {
      this.judged = null;
      this.plant(null);
    }
    this.step = step;
    this.fill();
    this.say(this.told());
    this.root.dataset.step = step;
  }

  // Seen at once where the reader asks for no motion.
  take() {
    const to = this.step + 1;
    if (to >= this.message.w.length) return;
    if (this.glide || matchMedia("(prefers-reduced-motion: reduce)").matches) return this.transport.seek(to);
    this.transport.pause();
    const from = performance.now();
    const tick = (now) => {
      const part = Math.max(now - from, 0) / GLIDE;
      if (part >= 1) return this.transport.seek(to);
      this.draw(to - 1 + part * part * (3 - 2 * part));
      this.glide = requestAnimationFrame(tick);
    };
    this.glide = requestAnimationFrame(tick);
  }

  plant(flag, write = true) {
    this.flag = Number.isFinite(flag) ? flag : null;
    if (this.flag !== null) this.judged = null;
    if (write) this.input.value = this.flag === null ? "" : this.flag;
    if (this.message) this.draw(this.transport.time);
  }

  say(text) {
    if (this.verdict.textContent !== text) this.verdict.textContent = text;
  }

  told() {
    const { told, ended, predict, w } = this.message;
    const { step, judged } = this;
    const parts = [];
    if (step === 0 && predict) parts.push("Where will the ball land? Click the picture or type a number, then take the step.");
    if (judged) parts.push(verdictOn(judged, this.message.close));
    if (step > 0) parts.push(told[step - 1]);
    if (step >= ended.step || step === w.length - 1) parts.push(ended.text);
    return parts.join(" ");
  }

  fill() {
    const { message, step } = this;
    const { w, loss, slope, rate, predict } = message;
    const last = w.length - 1;
    const worked = (k, to) => `${formatNumber(w[k])} − ${formatSetting(rate)} · ${bracketed(slope[k])} = ${to}`;
    const rows = [["rule", "w_new = w_old − α · ∂L/∂w"]];
    if (step > 0) rows.push([`step ${step}`, worked(step - 1, formatNumber(w[step]))]);
    if (step < last) rows.push([`step ${step + 1}`, worked(step, predict ? "?" : formatNumber(w[step + 1]))]);
    rows.push(["loss", step > 0 ? `${formatNumber(loss[step - 1])} → ${formatNumber(loss[step])}` : formatNumber(loss[step])]);
    const table = document.createElement("table");
    table.className = "dl-lines";
    for (const [name, text] of rows) {
      const row = table.insertRow();
      row.append(Object.assign(document.createElement("th"), { scope: "row", textContent: name }));
      row.insertCell().textContent = text;
    }
    this.root.querySelector(".dl-lines").replaceWith(table);
    this.guess.querySelector("button").disabled = step === last;
    const { made, right } = this.tally;
    this.root.querySelector(".dl-tally").textContent = made
      ? `Your predictions: ${made}; within ${formatNumber(message.close, 2)} of the landing: ${right}.`
      : "";
    this.chart.root.setAttribute("aria-label", this.describe());
    this.tabulate();
  }

  describe() {
    const { alt, w, loss, slope, predict } = this.message;
    const { step } = this;
    const next = step === w.length - 1 ? "" : predict ? " Where the next step leads is yours to predict." : ` The next step leads to w = ${formatNumber(w[step + 1])}.`;
    return `${alt} Step ${step} of ${w.length - 1}: the ball stands at w = ${formatNumber(w[step])}, loss ${formatNumber(loss[step])}, slope ${formatNumber(slope[step])}.${next}`;
  }

  // What is still to be predicted doesn't stand in the table.
  tabulate() {
    const parent = this.numbers.querySelector("div");
    if (!this.message || !this.numbers.open) return parent.replaceChildren();
    const { w, loss, slope, update, predict } = this.message;
    const table = document.createElement("table");
    const add = (row, text, tag = "td") => row.appendChild(Object.assign(document.createElement(tag), { textContent: text }));
    const head = table.createTHead().insertRow();
    for (const title of ["Step", "w", "loss L", "slope ∂L/∂w", "−α · slope"]) add(head, title, "th").scope = "col";
    const body = table.createTBody();
    for (let k = 0; k <= (predict ? this.step : w.length - 1); k++) {
      const row = body.insertRow();
      add(row, k, "th").scope = "row";
      for (const column of [w, loss, slope]) add(row, formatNumber(column[k], 4));
      add(row, predict && k === this.step && k < w.length - 1 ? "?" : formatNumber(update[k], 4));
    }
    parent.replaceChildren(table);
  }

  drawAll() {
    const { curve, colours } = this.message;
    const items = [["slope, on the tangent", colours.slope], ["step, −α · slope", colours.step]];
    if (this.message.predict) items.push(["your prediction", colours.guess]);
    this.root.querySelector(".dl-legend").replaceChildren(...items.map(([name, colour]) => legendItem(name, colour)));
    this.chart.walk = this.message;
    this.chart.drawGround(curve, this.theme);
    this.draw(this.transport.time);
  }

  draw(time) {
    if (!this.chart.box) return;
    if (this.carried !== null) return this.chart.drawCarried(this.carried);
    this.chart.drawWalk(time);
    const guess = this.flag ?? this.judged?.flag;
    if (guess !== undefined) this.chart.drawFlag(guess, this.judged?.to);
  }

  // The ball is carried to a new start; elsewhere a press plants the flag, or brings the ball where nothing is predicted.
  listenToHand() {
    const { canvas } = this.chart.overlay;
    const at = (event) => {
      const { left, top } = canvas.getBoundingClientRect();
      return [event.clientX - left, event.clientY - top];
    };
    const near = ([px, py]) => this.chart.ball && this.carried === null && Math.hypot(this.chart.ball[0] - px, this.chart.ball[1] - py) < GRASP;
    const follow = (px) => {
      const w = this.chart.weightAt(px + this.down.grip);
      if (this.down.flag) return this.plant(Number(w.toPrecision(3)));
      if (this.transport.playing) this.transport.pause();
      this.carried = Number(w.toPrecision(4));
      this.draw(this.transport.time);
    };
    canvas.addEventListener("touchstart", (event) => near(at(event.touches[0])) && event.preventDefault(), { passive: false });
    canvas.addEventListener("mousedown", (event) => event.preventDefault()); // or the text beneath would be selected
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.chart.box || this.glide) return;
      const from = at(event);
      const ball = near(from);
      const carrying = ball || event.pointerType !== "touch"; // a finger beside the ball scrolls the page
      this.down = { from, carrying, flag: this.message.predict && !ball, grip: ball ? this.chart.ball[0] - from[0] : 0, moved: !ball };
      if (!carrying) return;
      canvas.setPointerCapture(event.pointerId);
      if (!ball) follow(from[0]);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.down?.carrying) return;
      const [px, py] = at(event);
      this.down.moved ||= Math.hypot(px - this.down.from[0], py - this.down.from[1]) > 3;
      if (this.down.moved) follow(px);
    });
    canvas.addEventListener("pointerup", (event) => {
      if (!this.down) return;
      const [px, py] = at(event);
      if (!this.down.carrying && Math.hypot(px - this.down.from[0], py - this.down.from[1]) < 10) follow(px);
      this.down = null;
      this.tell();
    });
    canvas.addEventListener("pointercancel", () => {
      this.down = null;
      this.release();
      this.draw(this.transport.time);
    });
  }

  tell() {
    if (this.carried === null) return;
    if (this.carried === this.message.w[0]) {
      this.release();
      return this.transport.seek(0);
    }
    this.sent = this.carried;
    this.trigger("start", { w: this.sent });
    clearTimeout(this.patience);
    this.patience = setTimeout(() => {
      this.release();
      this.draw(this.transport.time);
    }, PATIENCE);
  }
}

function bracketed(value) {
  const text = formatNumber(value);
  return text.startsWith(MINUS) ? `(${text})` : text;
}

function legendItem(name, colour) {
  const item = document.createElement("span");
  const swatch = document.createElement("i");
  swatch.style.background = colour;
  item.append(swatch, name);
  return item;
}

// How far off a prediction was, on which side, and what that says of the step.
function verdictOn({ flag, from, to }, close) {
  const [said, landed, miss] = [flag, to, Math.abs(flag - to)].map((value) => formatNumber(value));
  if (Math.abs(flag - to) <= close) return `Well predicted: you said ${said}, and the ball lands at w = ${landed}, ${miss} away.`;
  const side = to > flag ? "right" : "left";
  const along = (flag - from) * Math.sign(to - from);
  const length = to === from ? "it doesn't move" : along < 0 ? "it goes the other way" : along < Math.abs(to - from) ? "the step is longer than you thought" : "the step is shorter than you thought";
  return `You said ${said}; the ball lands at w = ${landed}, ${miss} further to the ${side}: ${length}.`;
}

export function onestep({ data, setTriggerValue }, root) {
  root.onestep ??= new OneStepView(root);
  root.onestep.trigger = setTriggerValue;
  root.onestep.receive(data);
  return () => setTimeout(() => root.isConnected || root.onestep.dispose());
}
