// The loss curve: Plotly draws the lines once a run; the playhead above them is a canvas. A click moves the playhead.

class CurveView {
  constructor(parent, onScrub) {
    this.root = document.createElement("div");
    this.root.className = "dl-view dl-curve";
    [this.frame, this.plot] = newFrame(this.root);
    parent.append(this.root);
    this.overlay = new Overlay(this.frame);
    this.runs = [];
    const canvas = this.overlay.canvas;
    const scrub = (event) => {
      if (this.axes && (event.buttons & 1 || event.type === "pointerdown"))
        onScrub(this.axes.toX(event.clientX - canvas.getBoundingClientRect().left));
    };
    canvas.addEventListener("pointerdown", scrub);
    canvas.addEventListener("pointermove", scrub);
  }

  async setFigure(Plotly, figure, runs, floor) {
    Object.assign(this, { figure, runs, floor });
    const size = this.root.getBoundingClientRect();
    if (!size.width) return;
    const log = figure.layout.yaxis.type === "log";
    const data = figure.data.map((trace) => (log ? { ...trace, y: trace.y.map((value) => Math.max(value, floor)) } : trace));
    const layout = { ...figure.layout, width: size.width, height: size.height };
    await Plotly.react(this.plot, data, layout, { staticPlot: true });
    this.axes = mapAxes(this.plot);
    this.log = log;
    this.redraw();
  }

  draw(time, theme) {
    if (!this.axes) return;
    const { left, top, width, height } = this.axes;
    const context = this.overlay.begin(this.root.clientWidth, this.root.clientHeight);
    const x = this.axes.x(time);
    context.fillStyle = theme.text;
    context.globalAlpha = 0.55;
    context.fillRect(x - 0.5, top, 1, height);
    context.globalAlpha = 1;
    context.save();
    context.beginPath();
    context.rect(left - 7, top - 7, width + 14, height + 14);
    context.clip();
    for (const run of this.runs) {
      const k = lowerBoundOfStep(time, run.curve.length - 1);
      const value = this.log ? Math.log10(Math.max(run.curve[k], this.floor)) : run.curve[k];
      drawBall(context, this.axes.x(Math.min(time, run.curve.length - 1)), this.axes.y(value), run, "#ffffff");
    }
    context.restore();
  }

  redraw() {}
}
