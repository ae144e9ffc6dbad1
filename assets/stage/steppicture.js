// A walk on a loss curve as it is drawn at one moment: the ball and its tangent, the step, where it has been, the flag.

const TANGENT = 74; // pixels to each side of the ball
const PENNANT = [26, 14]; // pixels

class StepPicture extends LossCurve {
  // Between two steps the ball is on its way, and the next one isn't thought of yet.
  drawWalk(time) {
    const context = this.begin();
    const { w, loss, predict, ball } = this.walk;
    const k = Math.floor(time + 1e-9);
    const part = time - k;
    this.drawPast(context, k);
    if (part > 1e-9) {
      const [from, to] = [this.within(k), this.within(k + 1)];
      return drawBall(context, from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part, ball, "#ffffff");
    }
    this.drawTangent(context, k);
    if (!predict && k < w.length - 1) this.drawHop(context, k, 1);
    const place = this.place(w[k], loss[k]);
    if (place) drawBall(context, ...place, ball, "#ffffff");
    else this.drawExit(context, w[k], `the ball: w = ${formatNumber(w[k])}`, this.box.top + 12, ball.colour);
    this.ball = this.within(k);
  }

  // Where the ball is drawn, or the edge at which it left the frame.
  within(k) {
    const { box, scale } = this;
    const { w, loss } = this.walk;
    const clamp = (value, low, size) => Math.min(Math.max(value, low), low + size);
    return [clamp(scale.x(w[k]), box.left, box.width), clamp(scale.y(loss[k]), box.top, box.height)];
  }

  drawCarried(w) {
    const context = this.begin();
    const loss = this.heightAt(w);
    drawBall(context, ...this.place(w, loss), this.walk.ball, "#ffffff");
    this.label(context, `start: w = ${formatNumber(w)}`, this.scale.x(w), this.scale.y(loss) - 20);
  }

  // Where it has been, and the hop that brought it here.
  drawPast(context, k) {
    const { w, loss, ball } = this.walk;
    for (let i = 1; i < k; i++) {
      const place = this.place(w[i], loss[i]);
      if (place) drawBall(context, ...place, ball, "#ffffff", true);
    }
    const start = this.place(w[0], loss[0]);
    if (start) drawStart(context, ...start, "#ffffff");
    if (k > 0 && this.walk.predict) this.drawHop(context, k - 1, 0.55);
  }

  drawTangent(context, k) {
    const { scale, walk } = this;
    const place = this.place(walk.w[k], walk.loss[k]);
    if (!place) return;
    const rise = ((scale.y(1) - scale.y(0)) / (scale.x(1) - scale.x(0))) * walk.slope[k]; // pixels down for one to the right
    const reach = TANGENT / Math.hypot(1, rise);
    const [x, y] = place;
    context.save();
    this.clip(context);
    Object.assign(context, { strokeStyle: walk.colours.slope, lineWidth: 4, lineCap: "round" });
    line(context, x - reach, y - rise * reach, x + reach, y + rise * reach);
    context.restore();
    this.labelTangent(context, `slope ∂L/∂w = ${formatNumber(walk.slope[k])}`, x, y, rise < 0 ? 1 : -1);
  }

  // Uphill of the ball and below, whence no step leads away; where there is no room, on the other side and above.
  labelTangent(context, text, x, y, uphill) {
    const { left, width } = this.box;
    const end = x + (18 + context.measureText(text).width) * uphill;
    const room = end > left && end < left + width;
    const way = room ? uphill : -uphill;
    this.label(context, text, x + 14 * way, room ? y + 18 : y - 18, way > 0 ? "left" : "right");
  }

  // Along the axis by −α · slope, then to the curve's height there.
  drawHop(context, k, alpha) {
    const { walk } = this;
    const { w, loss, update, colours } = walk;
    const [from, to] = [this.place(w[k], loss[k]), this.place(w[k + 1], loss[k + 1])];
    if (!from) return;
    context.globalAlpha = alpha;
    const text = `${formatNumber(update[k])}`;
    if (to) {
      drawArrow(context, ...from, to[0] - from[0], 0, colours.step, "#ffffff", 2.6);
      Object.assign(context, { strokeStyle: colours.step, lineWidth: 1.5 });
      context.setLineDash([3, 4]);
      line(context, to[0], from[1], ...to);
      context.setLineDash([]);
      context.globalAlpha = 1;
      if (alpha < 1) return; // its number stands in the table of rules
      drawBall(context, ...to, walk.ball, "#ffffff", true);
      if (Math.abs(to[0] - from[0]) > 40) this.label(context, text, (from[0] + to[0]) / 2, from[1] + 14);
    } else {
      const edge = w[k + 1] > w[k] ? this.box.left + this.box.width : this.box.left;
      drawArrow(context, ...from, edge - from[0], 0, colours.step, "#ffffff", 2.6);
      context.globalAlpha = 1;
      this.label(context, `${text}, out to w = ${formatNumber(w[k + 1])}`, (from[0] + edge) / 2, from[1] + 14);
    }
  }

  drawFlag(guess, landed) {
    const { context } = this.overlay;
    const { left, top, width, height } = this.box;
    const colour = this.walk.colours.guess;
    const [low, high] = this.curve.frame.x;
    const text = `you: ${formatNumber(guess)}`;
    if (guess < low || guess > high) return this.drawExit(context, guess, text, top + 34, colour);
    const x = this.scale.x(guess);
    Object.assign(context, { strokeStyle: colour, fillStyle: colour, lineWidth: 2 });
    line(context, x, top + 4, x, top + height);
    const way = x + PENNANT[0] > left + width ? -1 : 1;
    context.beginPath();
    context.moveTo(x, top + 4);
    context.lineTo(x + PENNANT[0] * way, top + 4 + PENNANT[1] / 2);
    context.lineTo(x, top + 4 + PENNANT[1]);
    context.fill();
    this.label(context, text, x + 6 * way, top + PENNANT[1] + 14, way > 0 ? "left" : "right");
    if (!(landed >= low && landed <= high)) return;
    const [foot, end] = [top + height - 8, this.scale.x(landed)];
    Object.assign(context, { strokeStyle: colour, lineWidth: 2 });
    context.setLineDash([2, 4]);
    line(context, x, foot, end, foot);
    context.setLineDash([]);
  }
}
