// What a network says everywhere: its decision boundary, or the function it fits, with the data on top.

const CLASS_COLOURS = ["#0072B2", "#D55E00", "#00936B", "#B9649A", "#B07A00", "#777777", "#2A8FCB", "#80801F"];
const CLASS_MARKERS = ["circle", "square", "triangle", "diamond", "pentagon", "hexagon", "star", "circle"];
const CIVIDIS = ["#00204c", "#31446b", "#666970", "#958f78", "#cbba69", "#ffe945"];
const FIELD_ALPHA = 0.62;

class DecisionView {
  constructor(parent) {
    this.figure = document.createElement("figure");
    this.caption = document.createElement("figcaption");
    this.root = document.createElement("div");
    this.root.className = "dl-decision";
    this.root.setAttribute("role", "img");
    this.figure.append(this.caption, this.root);
    parent.append(this.figure);
    this.overlay = new Overlay(this.root);
    this.image = document.createElement("canvas");
  }

  draw(lane, data, theme) {
    Object.assign(this, { lane, data, theme });
    const { clientWidth: width, clientHeight: height } = this.root;
    if (!width || !height) return;
    this.root.setAttribute("aria-label", lane.alt);
    const box = { left: 30, top: 4, width: width - 34, height: height - 24 };
    const context = this.overlay.begin(width, height);
    const [[x0, x1], [y0, y1]] = [data.view_x, data.view_y];
    const scale = {
      x: (x) => box.left + ((x - x0) / (x1 - x0)) * box.width,
      y: (y) => box.top + box.height - ((y - y0) / (y1 - y0)) * box.height,
    };
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    if (data.inputs === 1) this.drawFunction(context, scale);
    else this.drawField(context, box, scale);
    drawPoints(context, data, scale, theme);
    if (data.inputs === 1) this.drawFunction(context, scale);
    context.restore();
    drawFrameAxes(context, box, data, scale, theme);
  }

  // One pixel a grid point, scaled up smoothly.
  drawField(context, box, scale) {
    const { field } = this.lane;
    const rows = field.length;
    const columns = field[0].length;
    this.image.width = columns;
    this.image.height = rows;
    const small = this.image.getContext("2d", { willReadFrequently: true });
    const pixels = small.createImageData(columns, rows);
    const ground = rgb(this.theme.background);
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const at = 4 * ((rows - 1 - row) * columns + column);
        pixels.data.set(fieldColour(field[row][column], this.data, ground), at);
        pixels.data[at + 3] = 255;
      }
    small.putImageData(pixels, 0, 0);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    // grid points are the centres of pixels, the first and the last on the edges of the view
    const [halfX, halfY] = [box.width / (columns - 1) / 2, box.height / (rows - 1) / 2];
    context.drawImage(this.image, box.left - halfX, box.top - halfY, box.width + 2 * halfX, box.height + 2 * halfY);
    if (this.data.kind === "binary") this.drawBoundary(context, box, field);
  }

  // Where the two classes are equally likely: marching squares, each cell's crossings joined.
  drawBoundary(context, box, field) {
    const [rows, columns] = [field.length, field[0].length];
    const px = (c) => box.left + (c / (columns - 1)) * box.width;
    const py = (r) => box.top + box.height - (r / (rows - 1)) * box.height;
    context.beginPath();
    for (let r = 0; r + 1 < rows; r++)
      for (let c = 0; c + 1 < columns; c++) {
        const corners = [[c, r], [c + 1, r], [c + 1, r + 1], [c, r + 1]];
        const cuts = [];
        for (let k = 0; k < 4; k++) {
          const [a, b] = [corners[k], corners[(k + 1) % 4]];
          const [va, vb] = [field[a[1]][a[0]] - 0.5, field[b[1]][b[0]] - 0.5];
          if (va < 0 === vb < 0) continue;
          const t = va / (va - vb);
          cuts.push([px(a[0] + t * (b[0] - a[0])), py(a[1] + t * (b[1] - a[1]))]);
        }
        for (let k = 0; k + 1 < cuts.length; k += 2) {
          context.moveTo(...cuts[k]);
          context.lineTo(...cuts[k + 1]);
        }
      }
    context.setLineDash([]);
    for (const [colour, width] of [[this.theme.background, 4], [this.theme.text, 1.8]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
  }

  drawFunction(context, scale) {
    const { field } = this.lane;
    const { view_x: [x0, x1] } = this.data;
    const values = field[0];
    for (const [colour, width] of [[this.theme.background, 5], [this.lane.colour, 2.6]]) {
      context.beginPath();
      for (let i = 0; i < values.length; i++) {
        const x = scale.x(x0 + ((x1 - x0) * i) / (values.length - 1));
        context[i ? "lineTo" : "moveTo"](x, scale.y(values[i]));
      }
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.lineJoin = "round";
      context.stroke();
    }
  }
}

function rgb(colour) {
  const hex = colour.match(/^#([\da-f]{2})([\da-f]{2})([\da-f]{2})/i)?.slice(1).map((pair) => parseInt(pair, 16));
  return hex ?? (colour.match(/[\d.]+/g) ?? [255, 255, 255]).slice(0, 3).map(Number);
}

const mix = (a, b, share) => a.map((value, i) => value + (b[i] - value) * share);

function scaleColour(share) {
  const at = Math.min(Math.max(share, 0), 1) * (CIVIDIS.length - 1);
  const k = Math.min(Math.floor(at), CIVIDIS.length - 2);
  return mix(rgb(CIVIDIS[k]), rgb(CIVIDIS[k + 1]), at - k);
}

// Two classes: each one's colour, paler towards even odds. More: the likeliest, paler where unsure. Values: cividis.
function fieldColour(value, { kind, classes, low, high }, ground) {
  if (!Number.isFinite(value)) return ground;
  if (kind === "values") return scaleColour((value - low) / (high - low || 1));
  if (kind === "binary") return mix(ground, rgb(CLASS_COLOURS[value < 0.5 ? 0 : 1]), FIELD_ALPHA * Math.abs(2 * value - 1));
  const winner = Math.min(Math.floor(value), classes - 1); // class + confidence, see the message
  return mix(ground, rgb(CLASS_COLOURS[winner % CLASS_COLOURS.length]), FIELD_ALPHA * (value - winner));
}

function drawPoints(context, data, scale, theme) {
  const size = data.x.length > 400 ? 2.4 : 3.4;
  context.setLineDash([]);
  for (const [xs, ys, labels, test] of [
    [data.x, data.y, data.labels, false],
    [data.test_x, data.test_y, data.test_labels, true],
  ])
    for (let i = 0; i < xs.length; i++) {
      const shape = data.kind === "values" ? "circle" : CLASS_MARKERS[labels[i] % CLASS_MARKERS.length];
      const colour = data.kind !== "values" ? CLASS_COLOURS[labels[i] % CLASS_COLOURS.length]
        : data.inputs === 1 ? theme.text : `rgb(${scaleColour((labels[i] - data.low) / (data.high - data.low || 1)).map(Math.round)})`;
      context.beginPath();
      MARKERS[shape](context, scale.x(xs[i]), scale.y(ys[i]), test ? size + 0.6 : size);
      context.lineWidth = test ? 1.4 : 0.9;
      context.fillStyle = test ? theme.background : colour;
      context.strokeStyle = test ? colour : theme.background;
      context.fill();
      context.stroke();
    }
}

function drawFrameAxes(context, box, data, scale, theme) {
  context.strokeStyle = "rgba(128,128,128,0.6)";
  context.lineWidth = 1;
  context.strokeRect(box.left + 0.5, box.top + 0.5, box.width - 1, box.height - 1);
  context.fillStyle = theme.text;
  context.font = `11px ${theme.font}`;
  context.textBaseline = "top";
  context.textAlign = "center";
  const [right, bottom] = [box.left + box.width, box.top + box.height];
  const across = ticksOf(...data.view_x, 4);
  for (const tick of across.ticks)
    if (scale.x(tick) < right - 22) context.fillText(tickText(tick, across.size), scale.x(tick), bottom + 4);
  context.textAlign = "right";
  context.fillText(data.x_title, right, bottom + 4);
  context.textBaseline = "middle";
  const up = ticksOf(...data.view_y, 4);
  for (const tick of up.ticks)
    if (scale.y(tick) > box.top + 18) context.fillText(tickText(tick, up.size), box.left - 4, Math.min(scale.y(tick), bottom - 6));
  context.fillText(data.y_title, box.left - 5, box.top + 7);
}
