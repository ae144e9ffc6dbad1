// The stage: map, 3-D scene, loss curve and numbers under one transport. Python sends whole runs; the browser plays them.
// The files of assets/stage/ stand before this one in the same script.

const QUIET = 300; // milliseconds without a change of size before the figures are laid out again

class Stage {
  constructor(root) {
    this.root = root;
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", "Linked views of the run");
    root.innerHTML = `
      <div class="dl-bar"><div class="dl-tabs" role="group" aria-label="View">
        <button type="button" data-view="map" aria-pressed="true"><span class="dl-wide">Map and 3-D</span><span class="dl-narrow">Map</span></button>
        <button type="button" data-view="scene" aria-pressed="false" class="dl-narrow">3-D</button>
        <button type="button" data-view="panels" aria-pressed="false" hidden>A panel each</button></div>
        <div class="dl-legend"></div>
        <div class="dl-offers">
        <button type="button" data-offer="change" hidden title="The run goes on from this step at another rate; set it in the sidebar">Change rate from here</button>
        <button type="button" data-offer="link" title="Copy a link to this page at this step">Copy link</button></div></div>
      <div class="dl-grid"></div><div class="dl-panels"></div><div role="status"><ul class="dl-endings"></ul></div>
      <details class="dl-numbers"><summary>The numbers as a table</summary><div tabindex="0" role="region" aria-label="The numbers as a table"></div></details>`;
    const grid = root.querySelector(".dl-grid");
    this.map = new MapView(grid, { onPick: (point) => this.pick(point) });
    this.scene = new SceneView(grid);
    this.curve = new CurveView(grid, (time) => this.message.extra.fog === null && this.transport.seek(Math.round(time)));
    this.inspector = new Inspector(grid);
    this.transport = new Transport(root, (time) => this.draw(time));
    this.endings = root.querySelector(".dl-endings");
    this.numbers = root.querySelector(".dl-numbers");
    this.numbers.addEventListener("toggle", () => this.message && numbersTable(this.numbers, this.message));
    root.insertBefore(this.transport.root, this.endings.parentNode);
    this.panels = [];
    this.view = "map";
    for (const view of [this.map, this.scene, this.curve]) view.redraw = () => this.draw(this.transport.time);
    this.listen();
  }

  listen() {
    this.onKey = (event) => this.root.isConnected && this.message?.extra.fog === null && this.transport.onKey(event);
    document.addEventListener("keydown", this.onKey);
    this.resizes = new ResizeObserver(() => {
      clearTimeout(this.resizing);
      this.resizing = setTimeout(() => this.layOut(), QUIET);
    });
    this.resizes.observe(this.root);
    this.root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-view], [data-offer]");
      if (button?.dataset.view) this.show(button.dataset.view);
      if (button?.dataset.offer === "change") this.trigger("change", { step: Math.floor(this.transport.time) });
      if (button?.dataset.offer === "link") copyLink(button, Math.floor(this.transport.time));
    });
  }

  dispose() {
    this.transport.pause();
    document.removeEventListener("keydown", this.onKey);
    this.resizes.disconnect();
    for (const { plot } of [this.map, this.scene, this.curve, ...this.panels]) window.Plotly?.purge(plot);
  }

  pick([x, y]) {
    this.trigger("start", { x, y });
  }

  // New data draws the map first; the figures that have changed follow, the 3-D scene last.
  async receive(bytes) {
    const theme = readTheme(this.root);
    const message = bytes === this.bytes ? this.message : complete(unpack(bytes));
    const themed = theme.key !== this.theme?.key;
    if (message.revision === this.message?.revision && !themed) return;
    const before = this.message;
    const regrounded = themed || message.ground.key !== before?.ground.key;
    Object.assign(this, { bytes, message, theme });
    this.root.classList.toggle("dl-fogged", message.extra.fog !== null); // before anything is measured
    this.ghosts = before && !regrounded && message.ghost ? ghostsOf(before.runs, message.runs, this.ghosts) : [];
    const last = Math.max(...message.runs.map((run) => run.x.length - 1));
    const atEnd = !before || this.transport.time >= this.transport.last;
    const wanted = before ? (atEnd ? last : this.transport.time) : (message.playhead ?? last);
    this.transport.setLength(last, wanted);
    this.map.dragged = null;
    this.map.setRuns(message.runs, this.ghosts, message.extra);
    const turn = (this.turn = (this.turn || 0) + 1); // a newer message ends the work of an older one
    if (!regrounded) this.readyMap();
    const Plotly = await loadPlotly(message.plotly);
    if (turn !== this.turn) return;
    if (regrounded) {
      await this.map.setFigure(Plotly, themedFigure(message.ground.map, theme));
      this.readyMap();
    }
    await nextPaint();
    if (turn !== this.turn) return;
    this.describe();
    await this.curve.setFigure(Plotly, themedFigure(message.curve, theme), message.runs, message.scale.floor);
    await this.setPanels(Plotly, regrounded);
    this.scene.setRuns(message.runs, message.extra);
    const lifted = this.scene.figure && message.extra.fog === null;
    if ((regrounded || !lifted) && message.extra.fog === null) {
      await nextPaint();
      if (turn !== this.turn) return;
      await this.scene.setFigure(Plotly, themedFigure(message.ground.scene, theme), message.ground);
      await nextPaint(); // the camera's matrices exist after the first frame
      this.scene.place();
    }
    this.draw(this.transport.time);
    this.root.dataset.settled = message.revision;
  }

  readyMap() {
    this.map.draw(this.transport.time, this.theme);
    this.root.dataset.revision = this.message.revision;
  }

  describe() {
    const { message } = this;
    this.map.root.setAttribute("role", "img");
    this.map.root.setAttribute("aria-label", message.alt.map);
    this.scene.root.setAttribute("role", "img");
    this.scene.root.setAttribute("aria-label", message.alt.scene);
    this.curve.root.setAttribute("role", "img");
    this.curve.root.setAttribute("aria-label", message.alt.curve);
    message.magnification = this.map.magnification ?? 1;
    this.inspector.setMessage(message);
    const legend = message.inspector ? [arrowLegend(message.inspector.arrows, message.magnification)] : [];
    this.root.querySelector(".dl-legend").replaceChildren(...legend);
    numbersTable(this.numbers, message);
    this.endings.replaceChildren(
      ...message.runs.map((run) => {
        const item = document.createElement("li");
        if (message.runs.length > 1) item.append(swatchOf(run));
        item.append(run.ended);
        return item;
      }),
    );
    if (message.extra.fog !== null && this.view !== "map") this.show("map");
    this.root.querySelector("[data-offer=change]").hidden = !message.offers.change;
    const many = message.runs.length > 1;
    this.root.querySelector("[data-view=panels]").hidden = !many;
    if (!many && this.view === "panels") this.show("map");
    this.inspector.draw(this.transport.time);
  }

  show(view) {
    this.view = view;
    this.root.dataset.view = view;
    for (const button of this.root.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", button.dataset.view === view);
    this.layOut();
  }

  // A panel for each runner: the same map, small, with one trail.
  async setPanels(Plotly, regrounded) {
    const { runs, ground, extra } = this.message;
    const parent = this.root.querySelector(".dl-panels");
    const wanted = this.view === "panels" ? runs.length : 0;
    while (this.panels.length > wanted) {
      const panel = this.panels.pop();
      Plotly.purge(panel.plot);
      panel.frame.remove();
    }
    for (let i = 0; i < wanted; i++) {
      const fresh = !this.panels[i];
      if (fresh) this.panels[i] = newPanel(parent);
      const panel = this.panels[i];
      panel.frame.querySelector("figcaption").replaceChildren(swatchOf(runs[i]), runs[i].label);
      panel.root.setAttribute("role", "img");
      panel.root.setAttribute("aria-label", runs[i].alt);
      if (fresh || regrounded) await panel.setFigure(Plotly, themedFigure(smallFigure(ground.map), this.theme));
      panel.setRuns([runs[i]], [], { ...extra, arrows: [], field: null });
    }
  }

  async layOut() {
    if (!this.message || !window.Plotly) return;
    const { Plotly } = window;
    const { ground, curve, runs, extra, scale } = this.message;
    await this.map.setFigure(Plotly, themedFigure(ground.map, this.theme));
    await this.curve.setFigure(Plotly, themedFigure(curve, this.theme), runs, scale.floor);
    await this.setPanels(Plotly, true);
    if (extra.fog === null) {
      await this.scene.setFigure(Plotly, themedFigure(ground.scene, this.theme), ground);
      await nextPaint();
      this.scene.place();
    }
    this.draw(this.transport.time);
  }

  draw(time) {
    if (!this.message) return;
    this.map.draw(time, this.theme);
    this.scene.draw(time);
    this.curve.draw(time, this.theme);
    for (const panel of this.panels) panel.draw(time, this.theme);
    this.inspector.draw(time);
    this.root.frames = (this.root.frames || 0) + 1;
  }
}

function newPanel(parent) {
  const frame = document.createElement("figure");
  frame.append(document.createElement("figcaption"));
  parent.append(frame);
  return Object.assign(new MapView(frame), { frame });
}

function smallFigure({ data, layout }) {
  return {
    data: data.map((trace) => ({ ...trace, showscale: false })),
    layout: { ...layout, margin: { l: 34, r: 6, t: 4, b: 26 }, xaxis: { ...layout.xaxis, title: { text: "" } }, yaxis: { ...layout.yaxis, title: { text: "" } } },
  };
}

// What was there before and is not there any more, so that a change can be compared with what it replaced.
function ghostsOf(before, now, older) {
  const same = (a, b) => a.x.length === b.x.length && a.x.every((value, i) => value === b.x[i] && a.y[i] === b.y[i]);
  const gone = before.filter((run) => !now.some((other) => same(run, other)));
  return gone.length ? gone : older || [];
}

function nextPaint() {
  return new Promise((resolve) => {
    const done = setTimeout(resolve, 100); // a hidden tab paints nothing
    requestAnimationFrame(() => setTimeout(() => (clearTimeout(done), resolve()), 0));
  });
}

function readTheme(root) {
  const style = getComputedStyle(root);
  const value = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  const theme = {
    text: value("--st-text-color", "#222222"),
    background: value("--st-background-color", "#ffffff"),
    font: value("--st-font", "sans-serif"),
  };
  theme.fog = isDark(theme.background) ? "#363e47" : "#c5cad3";
  return { ...theme, key: JSON.stringify(theme) };
}

// By the theme's own background: Streamlit's theme need not be the system's.
// Reading back a painted pixel would do for any colour, and would wait for the graphics process at every message.
function isDark(colour) {
  const hex = colour.match(/^#([\da-f]{2})([\da-f]{2})([\da-f]{2})/i)?.slice(1).map((pair) => parseInt(pair, 16));
  const [red, green, blue] = hex ?? (colour.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 128;
}

function themedFigure({ data, layout }, theme) {
  const font = { ...layout.font, color: theme.text, family: theme.font };
  const axis = (spec) => spec && { ...spec, color: theme.text };
  const scene = layout.scene && { ...layout.scene };
  for (const name of ["xaxis", "yaxis", "zaxis"]) if (scene) scene[name] = axis(scene[name]);
  return { data, layout: { ...layout, font, ...(scene ? { scene } : { xaxis: axis(layout.xaxis), yaxis: axis(layout.yaxis) }) } };
}

export function stage({ data, setTriggerValue }, root) {
  root.stage ??= new Stage(root);
  root.stage.trigger = setTriggerValue;
  root.stage.receive(data);
  return () => setTimeout(() => root.isConnected || root.stage.dispose());
}

// A chart under the stage: it waits until the stage has painted, and changes in place, where Streamlit's would go blank.
export function chart({ data }, root) {
  drawChart(data, root);
  return () => setTimeout(() => root.isConnected || window.Plotly?.purge(root));
}

async function drawChart(data, root) {
  root.sent = data; // not root.data, which is Plotly's
  await nextPaint();
  await nextPaint();
  const { figure, alt, plotly } = unpack(data);
  const Plotly = await loadPlotly(plotly);
  if (root.sent !== data || !root.isConnected) return;
  root.setAttribute("role", "figure");
  root.setAttribute("aria-label", alt);
  const { data: traces, layout } = themedFigure(figure, readTheme(root));
  await Plotly.react(root, traces, { ...layout, autosize: true }, { displayModeBar: false, responsive: true });
}
