// Everything that reaches behind Plotly's public API, or behind Streamlit's, stands in this file.

// Streamlit loads Plotly.js only with its first chart; the file sets window.Plotly when it is imported.
let plotlyPromise = null;

function loadPlotly(path) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  if (!plotlyPromise) {
    const script = document.querySelector('script[src*="static/js/"]');
    const url = new URL(`../../${path}`, script ? script.src : document.baseURI).href;
    plotlyPromise = import(url).then(() => window.Plotly);
    plotlyPromise.catch(() => (plotlyPromise = null));
  }
  return plotlyPromise;
}

// The map's own mapping from data to pixels inside its div.
function mapAxes(plot) {
  const { xaxis, yaxis } = plot._fullLayout;
  return {
    left: xaxis._offset,
    top: yaxis._offset,
    width: xaxis._length,
    height: yaxis._length,
    x: (value) => xaxis._offset + xaxis.l2p(value),
    y: (value) => yaxis._offset + yaxis.l2p(value),
    toX: (pixel) => xaxis.p2l(pixel - xaxis._offset),
    toY: (pixel) => yaxis.p2l(pixel - yaxis._offset),
  };
}

// The scene's camera as one matrix from data coordinates to clip space, or null before WebGL has drawn.
function sceneCamera(plot) {
  const scene = plot._fullLayout?.scene?._scene;
  const camera = scene?.glplot?.cameraParams;
  if (!camera?.projection || !scene.dataScale) return null;
  const scale = scene.dataScale;
  const modelView = multiply(camera.view, camera.model);
  return { scale, modelView, matrix: multiply(camera.projection, modelView) };
}

// Whereto the reader has turned the scene. Plotly forgets it at the next figure: its uirevision reads the first layout.
function cameraNow(plot) {
  return plot._fullLayout?.scene?._scene?.getCamera?.();
}

// 4 × 4 matrices as WebGL has them, column by column.
function multiply(a, b) {
  const out = new Float64Array(16);
  for (let column = 0; column < 4; column++)
    for (let row = 0; row < 4; row++)
      for (let k = 0; k < 4; k++) out[column * 4 + row] += a[k * 4 + row] * b[column * 4 + k];
  return out;
}

function project(camera, x, y, z, width, height, out) {
  const m = camera.matrix;
  const [sx, sy, sz] = camera.scale;
  const [a, b, c] = [x * sx, y * sy, z * sz];
  const w = m[3] * a + m[7] * b + m[11] * c + m[15];
  out[0] = ((m[0] * a + m[4] * b + m[8] * c + m[12]) / w + 1) * 0.5 * width;
  out[1] = (1 - (m[1] * a + m[5] * b + m[9] * c + m[13]) / w) * 0.5 * height;
  return w > 0;
}

// Where the eye stands, in data coordinates: the point that the model-view matrix sends to the origin.
function eyeOf(camera) {
  const m = camera.modelView;
  const rows = [
    [m[0], m[4], m[8], -m[12]],
    [m[1], m[5], m[9], -m[13]],
    [m[2], m[6], m[10], -m[14]],
  ];
  const det = (i, j, k) =>
    rows[0][i] * (rows[1][j] * rows[2][k] - rows[1][k] * rows[2][j]) -
    rows[0][j] * (rows[1][i] * rows[2][k] - rows[1][k] * rows[2][i]) +
    rows[0][k] * (rows[1][i] * rows[2][j] - rows[1][j] * rows[2][i]);
  const whole = det(0, 1, 2);
  const eye = [det(3, 1, 2) / whole, det(0, 3, 2) / whole, det(0, 1, 3) / whole];
  return eye.map((value, axis) => value / camera.scale[axis]);
}
