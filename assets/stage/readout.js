// The numbers at the playhead: one run's step put into its formula, or a leaderboard of several runs.

class Inspector {
  constructor(parent) {
    this.root = document.createElement("section");
    this.root.className = "dl-view dl-readout";
    this.root.setAttribute("aria-label", "Numbers of this step");
    this.root.tabIndex = 0; // it may have to be scrolled, and not every browser lets the keyboard in by itself
    parent.append(this.root);
    this.shown = null;
  }

  setMessage(message) {
    this.message = message;
    this.shown = null;
    this.root.innerHTML = "";
    this.fill = message.leaderboard ? leaderboard(this.root, message) : inspector(this.root, message);
  }

  draw(time) {
    const step = Math.floor(time + 1e-9);
    if (!this.fill || step === this.shown) return;
    this.shown = step;
    this.fill(step);
  }
}

// Each line is a template whose {name:index} are columns of the selected run, filled at the playhead.
function inspector(root, message) {
  const { lines, columns, arrows } = message.inspector;
  const table = document.createElement("table");
  table.className = "dl-lines";
  const cells = lines.map(([label, template]) => {
    const row = table.insertRow();
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = label;
    row.append(head);
    return [row.insertCell(), template];
  });
  root.append(table);
  if (message.extra.fog !== null) root.append(arrowLegend(arrows, message.magnification)); // there is no bar in fog
  return (step) => {
    for (const [cell, template] of cells)
      cell.textContent = template.replace(/\{([^}:]+)(:[pr])?\}/g, (_, expression, how) => {
        const value = valueOf(expression, columns, message.runs[0], step);
        if (how === ":r") return formatSetting(value);
        const text = formatNumber(value);
        return how === ":p" && text.startsWith(MINUS) ? `(${text})` : text;
      });
  };
}

// A column at a step; a/b divides two, |a,b| is a vector's length; "next" is the row that follows, after the last its "end".
function valueOf(expression, columns, run, step) {
  const at = (name) => {
    const column = columns[name] ?? (name === "loss" ? run.loss : null);
    if (column) return column[Math.min(step, column.length - 1)];
    const base = name.replace(/next$/, "");
    const values = columns[base];
    return step < values.length - 1 ? values[step + 1] : columns[`${base}end`][0];
  };
  if (expression.startsWith("|")) return Math.hypot(...expression.slice(1, -1).split(",").map(at));
  return expression.split("/").map(at).reduce((a, b) => a / b);
}

function arrowLegend(arrows, magnification) {
  const list = document.createElement("p");
  list.className = "dl-arrows";
  for (const arrow of arrows) {
    const item = document.createElement("span");
    const swatch = document.createElement("i");
    swatch.style.background = arrow.colour;
    const scale = arrow.to_scale ? (magnification === 1 ? "to scale" : `${magnification} times as long`) : "direction only";
    item.append(swatch, `${arrow.label}, ${scale}`);
    list.append(item);
  }
  return list;
}

function leaderboard(root, message) {
  const { runs, leaderboard: board } = message;
  const table = document.createElement("table");
  table.className = "dl-board";
  const head = table.createTHead().insertRow();
  for (const title of board.titles) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = title;
    head.append(cell);
  }
  const body = table.createTBody();
  const rows = runs.map((run, i) => {
    const row = body.insertRow();
    const name = document.createElement("th");
    name.scope = "row";
    name.append(swatchOf(run), run.label);
    row.append(name);
    const cells = board.titles.slice(1).map(() => row.insertCell());
    cells[0].textContent = board.rates[i];
    return { row, cells, run };
  });
  root.append(table);
  const distances = runs.some((run) => run.distance);
  return (step) => {
    for (const { cells, run } of rows) {
      const k = Math.min(step, run.loss.length - 1);
      const gone = run.diverged !== null && step >= run.diverged;
      let column = 1;
      cells[column++].textContent = gone ? "diverged" : formatNumber(run.loss[k]);
      if (distances) cells[column++].textContent = gone ? "–" : formatNumber(run.distance[k]);
      cells[column].textContent = String(k) + (run.hessians ? `\u2009+\u2009${k}\u2009H` : "");
    }
    const rank = ({ run }) => (run.diverged !== null && step >= run.diverged ? Infinity : run.loss[Math.min(step, run.loss.length - 1)]);
    const order = [...rows].sort((a, b) => rank(a) - rank(b) || runs.indexOf(a.run) - runs.indexOf(b.run));
    if (order.some(({ row }, i) => body.rows[i] !== row)) body.append(...order.map(({ row }) => row));
  };
}

// The same runs in words and numbers, about twenty steps of each, filled only while it is open.
function numbersTable(details, { runs, axes = ["x", "y"] }) {
  const parent = details.querySelector("div");
  if (!details.open) return parent.replaceChildren();
  const last = Math.max(...runs.map((run) => run.x.length - 1));
  const every = Math.max(1, Math.ceil(last / 20));
  const steps = [...new Set([...Array(Math.ceil(last / every)).keys()].map((k) => k * every).concat(last))];
  const table = document.createElement("table");
  const cell = (row, text, tag = "td") => row.appendChild(Object.assign(document.createElement(tag), { textContent: text }));
  const head = table.createTHead().insertRow();
  cell(head, "Step", "th").scope = "col";
  const columns = [["x", axes[0]], ["y", axes[1]], ["loss", "loss"]];
  for (const run of runs)
    for (const [, name] of columns) cell(head, runs.length > 1 ? `${run.label}: ${name}` : name, "th").scope = "col";
  const body = table.createTBody();
  for (const step of steps) {
    const row = body.insertRow();
    cell(row, step, "th").scope = "row";
    for (const run of runs) for (const [column] of columns) cell(row, step < run.x.length ? formatNumber(run[column][step], 4) : "–");
  }
  parent.replaceChildren(table);
}

// Colour, dash and marker of a run, as its line is drawn.
function swatchOf(run) {
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  canvas.className = "dl-swatch";
  const overlay = Object.assign(Object.create(Overlay.prototype), { canvas, context: canvas.getContext("2d") });
  const context = overlay.begin(36, 16);
  context.setLineDash(run.dash);
  context.lineWidth = run.width;
  context.strokeStyle = run.colour;
  context.beginPath();
  context.moveTo(0, 8);
  context.lineTo(36, 8);
  context.stroke();
  context.setLineDash([]);
  drawBall(context, 18, 8, run, "#ffffff");
  return canvas;
}
