// Numbers as the look of the house asks: three significant digits, powers of ten outside .001 to 10,000.

const MINUS = "−";
const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

function formatNumber(value, digits = 3) {
  if (Number.isNaN(value) || value === undefined || value === null) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : MINUS + "∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 3.4e38 && size < 3.41e38) return value > 0 ? ">3.4·10³⁸" : "<−3.4·10³⁸"; // where a message's float32 was cut
  const sign = value < 0 ? MINUS : "";
  if (size >= 0.001 && size < 9999.5) return sign + Number(size.toPrecision(digits)).toFixed(places(size, digits));
  const [mantissa, exponent] = size.toExponential(digits - 1).split("e");
  return `${sign}${mantissa}·10${[...String(Number(exponent))].map((c) => SUPERSCRIPT[c]).join("")}`;
}

// A setting as a reader would type it: no zeros behind the last digit.
function formatSetting(value) {
  return formatNumber(value, 6).replace(/(\.\d*?)0+(?=·|$)/, "$1").replace(/\.(?=·|$)/, "");
}

function places(size, digits) {
  return Math.max(0, digits - 1 - Math.floor(Math.log10(Number(size.toPrecision(digits)))));
}

function lowerBoundOfStep(time, last) {
  return Math.min(Math.max(Math.floor(time + 1e-9), 0), last);
}
