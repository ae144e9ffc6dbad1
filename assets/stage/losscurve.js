// The loss over one weight: axes and curve, which stay, and over them a canvas for what moves.

const LOSS_CURVE_MARGIN = { ...CHART_MARGIN, top: 30, right: 16 }; // the axis's name stands over its highest number

class LossCurve extends LayeredChart {
  // {x, y, minima: [[w, loss]], frame: {x, y}}: float64 columns of the curve, finer than the pixels.
  drawGround(curve, theme) {
    Object.assign(this, { curve, theme });
    const { clientWidth: width, clientHeight: height } = this.root;
    this.box = null;
    if (!width || !height) return;
    const { left, right, top, bottom } = LOSS_CURVE_MARGIN;
    const box = { left, top, width: width - left - right, height: height - top - bottom };
    const [[x0, x1], [y0, y1]] = [curve.frame.x, curve.frame.y];
    this.size = [width, height];
    this.box = box;
    this.scale = {
      x: (w) => box.left + ((w - x0) / (x1 - x0)) * box.width,
      y: (loss) => box.top + box.height - ((loss - y0) / (y1 - y0)) * box.height,
    };
    const context = this.ground.begin(width, height);
    context.font = `11px ${theme.font}`;
    drawAxes(context, box, [x0, x1], [y0, y1], { xTitle: "weight w", yTitle: "loss L" }, theme);
    drawLine(context, { x: curve.x, y: curve.y, colour: theme.text, width: 2, alpha: 0.75 }, this.scale, false);
    for (const [w, loss] of curve.minima) drawCross(context, this.scale.x(w), this.scale.y(loss), "#ffffff");
  }

  // Nothing is drawn beyond the frame but what says so.
  clip(context) {
    const { left, top, width, height } = this.box;
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
  }

  begin() {
    const context = this.overlay.begin(...this.size);
    context.font = `12px ${this.theme.font}`;
    return context;
  }

  // In pixels; null where the frame doesn't reach.
  place(w, loss) {
    const [low, high] = this.curve.frame.x;
    return w >= low && w <= high ? [this.scale.x(w), this.scale.y(loss)] : null;
  }

  weightAt(px) {
    const [low, high] = this.curve.frame.x;
    const w = low + ((px - this.box.left) / this.box.width) * (high - low);
    return Math.min(Math.max(w, low), high);
  }

  // The curve's own height at a weight that a hand has chosen; the walk's heights are the engine's.
  heightAt(w) {
    return this.curve.y[nearestIndex(this.curve.x, w)];
  }

  // A weight beyond the frame: an arrow out of it, and the number.
  drawExit(context, w, text, y, colour) {
    const { left, width } = this.box;
    const way = w > this.curve.frame.x[1] ? 1 : -1;
    const edge = way > 0 ? left + width : left;
    drawArrow(context, edge - 34 * way, y, 32 * way, 0, colour, "#ffffff", 3);
    this.label(context, text, edge - 40 * way, y, way > 0 ? "right" : "left");
  }

  // Text that stays in the frame, and legible over lines.
  label(context, text, x, y, align = "center") {
    const { left, top, width, height } = this.box;
    const wide = context.measureText(text).width;
    const from = x - { left: 0, center: wide / 2, right: wide }[align];
    const at = Math.min(Math.max(from, left + 4), left + width - wide - 4);
    const line = Math.min(Math.max(y, top + 8), top + height - 8);
    Object.assign(context, { textAlign: "left", textBaseline: "middle", lineWidth: 4, lineJoin: "round" });
    context.strokeStyle = this.theme.background;
    context.strokeText(text, at, line);
    context.fillStyle = this.theme.text;
    context.fillText(text, at, line);
  }
}
