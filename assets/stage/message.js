// A message is a JSON header behind its own length (uint32), then the arrays the header points into.
// {"@": [offset, dtype, shape]} in the header becomes a typed array; two dimensions become an array of rows.

function unpack(bytes) {
  const view = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
  const buffer = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength); // aligned at 0
  const length = new DataView(buffer).getUint32(0, true);
  const base = Math.ceil((4 + length) / 8) * 8;
  const header = new TextDecoder().decode(new Uint8Array(buffer, 4, length));
  return JSON.parse(header, (_, value) => (value && value["@"] ? arrayAt(buffer, base, ...value["@"]) : value));
}

function arrayAt(buffer, base, offset, dtype, shape) {
  const Type = { f8: Float64Array, f4: Float32Array, u1: Uint8Array }[dtype];
  const flat = new Type(buffer, base + offset, shape.reduce((a, b) => a * b, 1));
  if (shape.length === 1) return flat;
  return Array.from({ length: shape[0] }, (_, row) => flat.subarray(row * shape[1], (row + 1) * shape[1]));
}

// Losses travel as what lies above an offset; heights and distances follow from them here.
function complete(message) {
  const { offset, log, lowest } = message.scale;
  const { minima } = message.extra;
  for (const run of message.runs) {
    run.loss = Float64Array.from(run.curve, (above) => above + offset);
    run.height = log ? run.loss.map((loss) => Math.log10(1 + Math.max(loss - lowest, 0))) : run.loss;
    if (minima.length && !run.distance)
      run.distance = run.x.map((x, i) => Math.min(...minima.map((m) => Math.hypot(x - m[0], run.y[i] - m[1]))));
  }
  return message;
}
