// ---------------------------------------------------------------- numbers
function eigenvalues([a, b, c]) {
  const mean = (a + c) / 2, spread = Math.hypot((a - c) / 2, b);
  return [mean + spread, mean - spread];
}

// The minimum below a point: Newton's method, shifted where the potential is not convex, each step shorter until
// it descends. Null where none is found.
function minimumBelow(surface, [x, y]) {
  for (let k = 0; k < 400; k++) {
    const g1 = surface.gradient1(x, y), g2 = surface.gradient2(x, y), [a, b, c] = surface.curvatures(x, y);
    const size = Math.hypot(g1, g2), least = eigenvalues([a, b, c])[1];
    if (!Number.isFinite(size + a + b + c)) return null;
    if (size < 1e-10) return least > 0 ? [x, y] : null;
    const shift = Math.max(0, 1e-3 - least), p = a + shift, q = c + shift, area = p * q - b * b;
    let s1 = (b * g2 - q * g1) / area, s2 = (b * g1 - p * g2) / area;
    const long = Math.min(1, 0.2 / Math.hypot(s1, s2)), now = surface.value(x, y);
    s1 *= long; s2 *= long;
    let halved = 0;
    while (!(surface.value(x + s1, y + s2) < now) && halved++ < 50) { s1 /= 2; s2 /= 2; }
    if (halved > 50) return size < 1e-6 && least > 0 ? [x, y] : null;
    x += s1; y += s2;
  }
  return null;
}

// The roots of a polynomial, leading coefficient first, as pairs (real, imaginary); up to degree two by formula,
// so that equal roots are found equal, beyond by the iteration of Durand and Kerner.
function roots(coefficients) {
  const rest = coefficients.slice(coefficients.findIndex(c => c !== 0)), zeros = [];
  while (rest.length > 1 && rest.at(-1) === 0) { rest.pop(); zeros.push([0, 0]); }
  const [a, b, c] = rest, degree = rest.length - 1;
  if (degree === 0) return zeros;
  if (degree === 1) return [...zeros, [-b / a, 0]];
  if (degree === 2) {
    const d = b * b - 4 * a * c, middle = -b / (2 * a);
    if (d < 0) { const s = Math.sqrt(-d) / (2 * a); return [...zeros, [middle, s], [middle, -s]]; }
    const s = -(b + (b < 0 ? -1 : 1) * Math.sqrt(d)) / 2;
    return [...zeros, [s / a, 0], [s === 0 ? 0 : c / s, 0]];
  }
  return [...zeros, ...durandKerner(rest.map(r => r / a))];
}
function durandKerner(monic) {
  const n = monic.length - 1, product = ([a, b], [c, d]) => [a * c - b * d, a * d + b * c];
  const radius = 1 + Math.max(...monic.slice(1).map(Math.abs));
  let found = Array.from({ length: n }, (_, k) => [0.4, 2 * Math.PI * k / n + 0.3]).map(([r, t]) => [r * radius * Math.cos(t), r * radius * Math.sin(t)]);
  for (let round = 0; round < 200; round++) {
    let moved = 0;
    found = found.map((z, k) => {
      let over = [1, 0], under = [1, 0];
      for (let j = 1; j <= n; j++) { over = product(over, z); over = [over[0] + monic[j], over[1]]; }
      found.forEach((other, j) => { if (j !== k) under = product(under, [z[0] - other[0], z[1] - other[1]]); });
      const size = under[0] ** 2 + under[1] ** 2 || Number.MIN_VALUE;
      const step = product(over, [under[0] / size, -under[1] / size]);
      moved = Math.max(moved, Math.hypot(...step));
      return [z[0] - step[0], z[1] - step[1]];
    });
    if (moved < 1e-14 * radius) break;
  }
  return found;
}
const radius = found => found.reduce((most, z) => Math.max(most, Math.hypot(z[0], z[1])), 0);

// The class of damping by the roots, as physsym.analysis has it; a multiplier below zero alternates in sign.
function damping(found, isRule) {
  const real = found.map(z => z[0]);
  if (!found.every(z => z.every(Number.isFinite))) return "not defined";
  if (found.some(z => Math.abs(z[1]) > 1e-9 * (1 + Math.hypot(z[0], z[1])))) return "underdamped";
  const equal = real.some((a, k) => real.some((b, j) => j > k && Math.abs(a - b) <= 1e-12 * (Math.abs(a) + Math.abs(b))));
  const says = equal ? "critically damped" : "overdamped";
  return isRule && real.some(a => a < 0) ? `${says}, alternating in sign` : says;
}
