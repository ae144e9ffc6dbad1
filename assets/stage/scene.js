// The 3-D surface: drawn by Plotly once and again only when it is turned; trails and balls lie on a canvas above.

const MARCH = 48; // samples of the height map between a point and the eye
const STILL = 12; // frames without a move after which a turned camera is at rest

class SceneView {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.className = "dl-view dl-scene";
    [this.frame, this.plot] = newFrame(this.root);
    this.note = document.createElement("p");
    this.note.className = "dl-note";
    this.note.hidden = true;
    this.root.append(this.note);
    parent.append(this.root);
    this.overlay = new Overlay(this.frame);
    this.overlay.canvas.style.pointerEvents = "none";
    this.runs = [];
  }

  async setFigure(Plotly, figure, ground) {
    this.figure = figure;
    this.ground = ground;
    const size = this.root.getBoundingClientRect();
    if (!size.width) return;
    if (!hasWebGL()) return this.say("This browser draws no 3-D (WebGL is off). The map shows the same runs.");
    const scene = { ...figure.layout.scene, camera: cameraNow(this.plot) ?? figure.layout.scene.camera };
    const layout = { ...figure.layout, scene, width: size.width, height: size.height };
    await Plotly.react(this.plot, figure.data, layout, { displayModeBar: false, scrollZoom: false });
    if (!this.listening) this.listen();
    this.camera = null;
    this.place();
    if (!sceneCamera(this.plot)) await this.fallBack(Plotly);
  }

  say(text) {
    this.note.textContent = text;
    this.note.hidden = false;
    this.plot.hidden = true;
  }

  listen() {
    this.listening = true;
    this.plot.on("plotly_relayouting", () => this.follow());
    this.plot.on("plotly_relayout", () => this.follow());
    this.plot.on("plotly_webglcontextlost", () => this.say("The 3-D view was lost: too many are open. The map goes on."));
  }

  // Plotly draws after its events, and the camera glides on after the last one: follow it until it rests.
  follow() {
    this.still = 0;
    this.following ??= requestAnimationFrame(() => this.look());
  }

  look() {
    this.still += 1;
    if (this.place()) {
      this.still = 0;
      this.redraw();
    }
    this.following = this.still < STILL ? requestAnimationFrame(() => this.look()) : null;
  }

  // Where Plotly's private camera can't be read, its own lines are slower but true.
  async fallBack(Plotly) {
    const lines = this.runs.map((run) => ({
      type: "scatter3d",
      mode: "lines",
      x: Array.from(run.x),
      y: Array.from(run.y),
      z: Array.from(run.height),
      line: { color: run.colour, width: 5 },
      showlegend: false,
      hoverinfo: "skip",
    }));
    await Plotly.react(this.plot, [...this.figure.data, ...lines], this.plot.layout);
  }

  setRuns(runs, extra) {
    Object.assign(this, { runs, extra });
    this.camera = null;
    this.place();
  }

  // Project every point again, if the camera has moved since; returns whether it had.
  place() {
    const camera = this.ground && !this.plot.hidden && sceneCamera(this.plot);
    if (!camera) return false;
    const { clientWidth: width, clientHeight: height } = this.plot;
    const same = this.camera && this.size === `${width}x${height}` && camera.matrix.every((m, i) => m === this.camera.matrix[i]);
    if (same) return false;
    this.camera = camera;
    this.size = `${width}x${height}`;
    const eye = eyeOf(camera);
    this.paths = this.runs.map((run) => this.projected(run, eye, width, height));
    return true;
  }

  projected(run, eye, width, height) {
    const count = run.x.length;
    const [xs, ys, hidden] = [new Float64Array(count), new Float64Array(count), new Uint8Array(count)];
    const { x, y, low, high } = this.ground;
    const point = [0, 0];
    const lift = (high - low) * 0.012;
    for (let i = 0; i < count; i++) {
      const out = run.x[i] < x[0] || run.x[i] > x[x.length - 1] || run.y[i] < y[0] || run.y[i] > y[y.length - 1];
      const z = run.height[i] + lift;
      if (out || !(z <= high + 2 * lift)) {
        xs[i] = ys[i] = NaN; // clipped in the drawing only: the map's arrow and the words say where it went
        continue;
      }
      const front = project(this.camera, run.x[i], run.y[i], z, width, height, point);
      [xs[i], ys[i]] = front ? point : [NaN, NaN];
      hidden[i] = this.behind(run.x[i], run.y[i], z, eye) ? 1 : 0;
    }
    return { xs, ys, hidden };
  }

  // March from the point to the eye over the height map: is anything in between higher than the line of sight?
  behind(px, py, pz, eye) {
    const { x, y, heights, high, low } = this.ground;
    const [x0, x1, y0, y1] = [x[0], x[x.length - 1], y[0], y[y.length - 1]];
    const slack = (high - low) * 0.01;
    const [dx, dy, dz] = [eye[0] - px, eye[1] - py, eye[2] - pz];
    // leave the box at the nearest of its walls
    const exits = [dx > 0 ? (x1 - px) / dx : (x0 - px) / dx, dy > 0 ? (y1 - py) / dy : (y0 - py) / dy, dz > 0 ? (high - pz) / dz : 1];
    const reach = Math.min(1, ...exits.filter((t) => t >= 0));
    for (let k = 1; k <= MARCH; k++) {
      const t = (reach * k) / MARCH;
      const column = Math.round(((px + dx * t - x0) / (x1 - x0)) * (x.length - 1));
      const row = Math.round(((py + dy * t - y0) / (y1 - y0)) * (y.length - 1));
      if (heights[row]?.[column] > pz + dz * t + slack) return true;
    }
    return false;
  }

  draw(time) {
    if (!this.camera || !this.paths || this.plot.hidden) return;
    const context = this.overlay.begin(this.plot.clientWidth, this.plot.clientHeight);
    const tips = this.paths.map(({ xs, ys, hidden }, i) => drawTrail(context, xs, ys, time, this.runs[i], "#ffffff", hidden));
    tips.forEach(([x, y], i) => {
      const k = lowerBoundOfStep(time, this.paths[i].xs.length - 1);
      drawBall(context, x, y, this.runs[i], "#ffffff", this.paths[i].hidden[k]);
    });
  }

  redraw() {}
}

function hasWebGL() {
  if (hasWebGL.answer === undefined) {
    const probe = document.createElement("canvas").getContext("webgl");
    hasWebGL.answer = Boolean(probe);
    probe?.getExtension("WEBGL_lose_context")?.loseContext();
  }
  return hasWebGL.answer;
}
