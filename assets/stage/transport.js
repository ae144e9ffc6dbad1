// Play, pause, step, scrub, speed: one clock for every view.

const STEPS_PER_SECOND = 30;
const ICONS = {
  first: "M5 4h2v12H5zM16 4v12L8 10z",
  back: "M14 4v12L6 10z",
  play: "M6 4l10 6-10 6z",
  pause: "M5 4h4v12H5zM11 4h4v12h-4z",
  forward: "M6 4l8 6-8 6z",
  last: "M13 4h2v12h-2zM4 4l8 6-8 6z",
};
const icon = (name) => `<svg viewBox="0 0 20 20" width="14" height="14" aria-hidden="true"><path d="${ICONS[name]}" fill="currentColor"/></svg>`;
const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4, 10];

class Transport {
  constructor(parent, onMove, pace = STEPS_PER_SECOND) {
    this.onMove = onMove;
    this.pace = pace;
    this.time = 0;
    this.last = 0;
    this.playing = false;
    this.root = document.createElement("div");
    this.root.className = "dl-transport";
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", "Playback");
    this.root.innerHTML = `
      <button type="button" data-act="first" aria-label="First step" title="First step (Home)">${icon("first")}</button>
      <button type="button" data-act="back" aria-label="One step back" title="One step back (←)">${icon("back")}</button>
      <button type="button" data-act="play" class="dl-play" title="Play or pause (Space)"></button>
      <button type="button" data-act="forward" aria-label="One step forward" title="One step forward (→)">${icon("forward")}</button>
      <button type="button" data-act="last" aria-label="Last step" title="Last step (End)">${icon("last")}</button>
      <label class="dl-scrub"><span>Step</span>
        <input type="range" min="0" max="1" step="1" value="0" aria-label="Step"></label>
      <output class="dl-count" aria-hidden="true"></output>
      <label class="dl-speed"><span>Speed</span><select aria-label="Speed">
        ${SPEEDS.map((s) => `<option value="${s}"${s === 1 ? " selected" : ""}>${s}×</option>`).join("")}
      </select></label>`;
    parent.append(this.root);
    this.button = this.root.querySelector("[data-act=play]");
    this.range = this.root.querySelector("input");
    this.count = this.root.querySelector("output");
    this.select = this.root.querySelector("select");
    this.root.addEventListener("click", (event) => {
      const act = event.target.closest("[data-act]")?.dataset.act;
      if (act) this.act(act);
    });
    this.range.addEventListener("input", () => this.seek(Number(this.range.value)));
  }

  act(name) {
    const step = Math.floor(this.time + 1e-9);
    if (name === "play") return this.playing ? this.pause() : this.play();
    this.seek({ first: 0, last: this.last, back: Math.ceil(this.time - 1e-9) - 1, forward: step + 1 }[name]);
  }

  setLength(last, time) {
    this.last = last;
    this.range.max = last;
    this.time = Math.min(Math.max(time, 0), last);
    this.show();
  }

  play() {
    if (this.last === 0) return;
    if (this.time >= this.last) this.time = 0;
    this.playing = true;
    this.previous = null;
    this.show();
    this.frame = requestAnimationFrame((now) => this.tick(now));
  }

  pause() {
    this.playing = false;
    cancelAnimationFrame(this.frame);
    this.time = Math.min(Math.round(this.time), this.last);
    this.show();
    this.onMove(this.time);
  }

  tick(now) {
    if (!this.playing) return;
    const elapsed = this.previous === null ? 0 : Math.min((now - this.previous) / 1000, 0.25);
    this.previous = now;
    this.time = Math.min(this.time + elapsed * this.pace * Number(this.select.value), this.last);
    if (this.time >= this.last) return this.pause();
    this.show();
    this.onMove(this.time);
    this.frame = requestAnimationFrame((next) => this.tick(next));
  }

  seek(time) {
    this.playing = false;
    cancelAnimationFrame(this.frame);
    this.time = Math.min(Math.max(time, 0), this.last);
    this.show();
    this.onMove(this.time);
  }

  show() {
    const step = Math.floor(this.time + 1e-9);
    const text = `${String(step).padStart(String(this.last).length, "\u2007")} / ${this.last}`;
    if (this.count.textContent !== text) {
      this.count.textContent = text;
      this.range.value = step;
      this.range.setAttribute("aria-valuetext", `step ${step} of ${this.last}`);
    }
    const name = this.playing ? "Pause" : "Play";
    if (this.button.getAttribute("aria-label") !== name) {
      this.button.setAttribute("aria-label", name);
      this.button.innerHTML = `${icon(name.toLowerCase())} ${name}`;
    }
  }

  // Keys reach the transport from anywhere on the page, but never from a field or a button that uses them itself.
  onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    const target = event.composedPath()[0];
    if (target.closest?.("input:not([type=range]), textarea, select, [contenteditable], [role=slider], [role=combobox], [role=listbox], [role=option], [role=menu], [role=tab], [role=radio]")) return;
    if (target.type === "range" && target !== this.range) return;
    const key = event.key;
    if (key === " " && target.closest?.("button, a, summary, [role=button], label")) return;
    const act = { " ": "play", ArrowLeft: "back", ArrowRight: "forward", Home: "first", End: "last" }[key];
    if (!act) return;
    event.preventDefault();
    this.act(act);
  }
}

// A link to the page as it stands, at this step; the button says that it was copied.
function copyLink(button, step) {
  const url = new URL(window.location.href);
  url.searchParams.set("step", step);
  const done = (text) => {
    button.textContent = text;
    setTimeout(() => (button.textContent = "Copy link"), 2000);
  };
  if (navigator.clipboard) navigator.clipboard.writeText(url.href).then(() => done("Copied"), () => window.prompt("Link to this step", url.href));
  else window.prompt("Link to this step", url.href); // pages not served over https have no clipboard
}
