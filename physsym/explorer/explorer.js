// The explorer. RULES, LANDSCAPES, PAIRS and ORIGIN stand before this text: they are printed by physsym from the
// programs that Python runs. Nothing below knows a rule, a law, or a formula of stability: it only evaluates them.
"use strict";

// ---------------------------------------------------------------- small helpers
const find = id => document.getElementById(id);
const made = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const short = number => {
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "not defined" : number > 0 ? "∞" : "−∞";
  return String(Number(number.toPrecision(4))).replace("-", "−").replace(/e\+?−?(.*)/, (_, n) => ` · 10^${number < 1 && number > -1 ? "−" : ""}${n}`);
};
const pick = (keys, values) => Object.fromEntries(keys.map((key, k) => [key, values[k]]));
const keysOf = sliders => sliders.map(slider => slider.key);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// ---------------------------------------------------------------- the state of the page
// `constants` are those of mechanics, shared by all rules; `own` holds parameters by rule, where they were set
// directly. `pinned` tells which of the two is exact for a rule; the other one follows from it.
const state = {
  rule: 0, other: -1, landscape: 0, face: 0, steps: 150, formula: "(x^2 + 8*y^2)/2 + sin(3*x)/4",
  start: [1, 1], constants: {}, own: RULES.map(() => ({})), pinned: RULES.map(() => false), shape: {},
};

function initial() {
  for (const rule of RULES) for (const slider of rule.mechanics?.constants ?? []) state.constants[slider.key] = slider.begin;
  RULES.forEach((rule, k) => {
    state.own[k] = pick(keysOf(rule.parameters), rule.parameters.map(slider => slider.begin));
    state.pinned[k] = !rule.mechanics?.forward;
  });
  state.shape = {};
  for (const { parameters } of LANDSCAPES) for (const slider of parameters) state.shape[slider.key] = slider.begin;
  state.start = [...LANDSCAPES[0].start];
}

// The parameters of a rule: as they were set, or what the constants of mechanics make of them.
function parametersOf(k) {
  const rule = RULES[k];
  if (state.pinned[k]) return state.own[k];
  return pick(keysOf(rule.parameters), rule.mechanics.forward(state.constants));
}

// The constants that belong to the parameters of a rule: where its parameters were set, by the way back.
function constantsOf(k) {
  const known = RULES[k].mechanics;
  if (!known) return null;
  const constants = pick(keysOf(known.constants), keysOf(known.constants).map(key => state.constants[key]));
  if (state.pinned[k] && known.back.keys.length)
    Object.assign(constants, pick(known.back.keys, known.back.values({ ...constants, ...state.own[k] })));
  return Object.values(constants).every(value => Number.isFinite(value) && value >= 0) ? constants : null;
}

const allConstants = (known, constants) => ({ ...constants, ...pick(known.named.keys, known.named.values(constants)) });

// ---------------------------------------------------------------- potentials
// A potential is three functions of two numbers, and its second derivatives at a point.
// It stays the same object while nothing about it changes: engines compile loops for the functions that they meet.
let surfaceNow = {};
function potential() {
  if (state.landscape === LANDSCAPES.length) return ownPotential;
  if (surfaceNow.landscape !== state.landscape || surfaceNow.shape !== state.shape) surfaceNow = { landscape: state.landscape, shape: state.shape, surface: surfaceOf() };
  return surfaceNow.surface;
}
function surfaceOf() {
  const { value, gradients: [gradient1, gradient2], curvatures } = LANDSCAPES[state.landscape], shape = state.shape;
  return {
    value: (x, y) => value(x, y, shape),
    gradient1: (x, y) => gradient1(x, y, shape),
    gradient2: (x, y) => gradient2(x, y, shape),
    curvatures: (x, y) => curvatures({ x, y, ...shape }),
  };
}
const landscape = () => LANDSCAPES[state.landscape] ?? { key: "own", title: "Own formula", seen: [-2, 2, -1.6, 1.6], start: [1, 1], parameters: [] };

// A formula of x and y: read into a tree, differentiated as a tree, and run as functions within functions.
const CALLS = {
  sin: [Math.sin, a => ["cos", a]], cos: [Math.cos, a => ["*", -1, ["sin", a]]], exp: [Math.exp, a => ["exp", a]],
  log: [Math.log, a => ["/", 1, a]], sqrt: [Math.sqrt, a => ["/", 0.5, ["sqrt", a]]],
  tanh: [Math.tanh, a => ["-", 1, ["*", ["tanh", a], ["tanh", a]]]],
};
const SIGNS = { "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b, "^": (a, b) => a ** b };

function parsed(text) {
  const tokens = text.replaceAll("**", "^").match(/\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+|[a-zA-Z_]\w*|\S/g) ?? [];
  let at = 0;
  const fail = says => { throw new Error(says); };
  const taken = token => tokens[at] === token && (at++, true);
  const expected = token => taken(token) || fail(`${token} is expected ${at < tokens.length ? `before ${tokens[at]}` : "at the end"}`);
  function sum() {
    let left = product();
    while (tokens[at] === "+" || tokens[at] === "-") left = [tokens[at++], left, product()];
    return left;
  }
  function product() {
    let left = signed();
    while (tokens[at] === "*" || tokens[at] === "/") left = [tokens[at++], left, signed()];
    return left;
  }
  function signed() {
    if (taken("-")) return ["-", 0, signed()];
    if (taken("+")) return signed();
    const base = atom();
    return taken("^") ? ["^", base, signed()] : base;
  }
  function atom() {
    const token = tokens[at++];
    if (token === undefined) return fail("the formula ends too early");
    if (token === "(") { const inside = sum(); expected(")"); return inside; }
    if (/^[\d.]/.test(token)) return Number(token);
    if (token === "x" || token === "y") return token;
    if (Object.hasOwn(CALLS, token)) { expected("("); const inside = sum(); expected(")"); return [token, inside]; }
    return fail(`${token} is not known; write x, y, numbers, + - * / ^ and ${Object.keys(CALLS).join(", ")}`);
  }
  const tree = sum();
  if (at < tokens.length) fail(`an operator is expected before ${tokens[at]}`);
  return tree;
}

function derivative(tree, by) {
  if (!Array.isArray(tree)) return tree === by ? 1 : 0;
  const [sign, a, b] = tree, da = derivative(a, by);
  if (Object.hasOwn(CALLS, sign)) return times(CALLS[sign][1](a), da);
  const db = derivative(b, by);
  if (sign === "+" || sign === "-") return plus(sign, da, db);
  if (sign === "*") return plus("+", times(da, b), times(a, db));
  if (sign === "/") return plus("-", times(da, ["/", 1, b]), times(db, ["/", a, ["*", b, b]]));
  if (typeof b === "number") return times(["*", b, b === 2 ? a : ["^", a, b - 1]], da);
  return times(tree, plus("+", times(db, ["log", a]), times(da, ["/", b, a])));
}
const times = (a, b) => a === 0 || b === 0 ? 0 : a === 1 ? b : b === 1 ? a : ["*", a, b];
const plus = (sign, a, b) => b === 0 ? a : a === 0 && sign === "+" ? b : [sign, a, b];

function runnable(tree) {
  if (tree === "x") return x => x;
  if (tree === "y") return (x, y) => y;
  if (typeof tree === "number") return () => tree;
  const [sign, left, right] = tree, a = runnable(left);
  if (Object.hasOwn(CALLS, sign)) { const call = CALLS[sign][0]; return (x, y) => call(a(x, y)); }
  if (sign === "^" && right === 2) return (x, y) => { const s = a(x, y); return s * s; };
  const b = runnable(right), of = SIGNS[sign];
  return (x, y) => of(a(x, y), b(x, y));
}

function potentialOf(text) {
  const tree = parsed(text), [dx, dy] = [derivative(tree, "x"), derivative(tree, "y")];
  const second = [derivative(dx, "x"), derivative(dx, "y"), derivative(dy, "y")].map(runnable);
  return { value: runnable(tree), gradient1: runnable(dx), gradient2: runnable(dy), curvatures: (x, y) => second.map(f => f(x, y)) };
}
let ownPotential = potentialOf(state.formula);

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
const radius = polynomial => Math.max(0, ...roots(polynomial).map(z => Math.hypot(...z)));

// The class of damping by the roots, as physsym.analysis has it; a multiplier below zero alternates in sign.
function damping(polynomial, isRule) {
  const found = roots(polynomial), real = found.map(z => z[0]);
  if (!found.every(z => z.every(Number.isFinite))) return "not defined";
  if (found.some(z => Math.abs(z[1]) > 1e-9 * (1 + Math.hypot(...z)))) return "underdamped";
  const equal = real.some((a, k) => real.some((b, j) => j > k && Math.abs(a - b) <= 1e-12 * (Math.abs(a) + Math.abs(b))));
  const says = equal ? "critically damped" : "overdamped";
  return isRule && real.some(a => a < 0) ? `${says}, alternating in sign` : says;
}

// ---------------------------------------------------------------- runs
function run(k, surface) {
  const path = new Float64Array(2 * state.steps + 2);
  path.set(state.start);
  const steps = RULES[k].rollout(path, state.steps, surface, parametersOf(k));
  return { path, steps, diverged: !(Number.isFinite(path[2 * steps]) && Number.isFinite(path[2 * steps + 1])) };
}

// The continuous motion over the time of the run, by the classical method of Runge and Kutta; the number of its
// steps is doubled until twice as many are the same to a quarter of a pixel.
function motion(k, surface, tolerance) {
  const known = RULES[k].mechanics, constants = constantsOf(k);
  if (!known || !constants) return null;
  const time = state.steps * constants[known.step], all = allConstants(known, constants);
  let coarse = null;
  for (let steps = 256; steps <= 65536; steps *= 2) {
    const path = new Float64Array(2 * steps + 2);
    path.set(state.start);
    const taken = known.motion(path, steps, surface, { ...all, h: time / steps });
    const fine = taken === steps && Number.isFinite(path[2 * steps] + path[2 * steps + 1]) ? { path, steps, time } : null;
    if (fine && coarse && apart(coarse, fine) < tolerance) return fine;
    coarse = fine;
  }
  return null;
}
function apart(coarse, fine) {
  let most = 0;
  for (let k = 0; k < coarse.path.length; k += 2) {
    most = Math.max(most, Math.abs(coarse.path[k] - fine.path[2 * k]), Math.abs(coarse.path[k + 1] - fine.path[2 * k + 1]));
  }
  return most;
}

function losses({ path, steps }, { value }) {
  const found = new Float64Array(steps + 1);
  for (let k = 0; k <= steps; k++) found[k] = value(path[2 * k], path[2 * k + 1]);
  return found;
}

// Energy: that of the motion, with the speed from one point to the next, and what friction takes from it.
function energies(k, { path, steps }, interval, values) {
  const known = RULES[k].mechanics, constants = constantsOf(k);
  if (!known?.kinetic || !constants) return null;
  const all = allConstants(known, constants), total = new Float64Array(steps + 1);
  const kinetic = known.kinetic(all), power = known.power(all);
  let spent = 0;
  total[0] = values[0];
  for (let j = 1; j <= steps; j++) {
    const first = (path[2 * j] - path[2 * j - 2]) / interval, second = (path[2 * j + 1] - path[2 * j - 1]) / interval;
    spent += (power(first) + power(second)) * interval;
    total[j] = values[j] + kinetic(first) + kinetic(second);
  }
  return { total, spent };
}

// ---------------------------------------------------------------- drawing
const colours = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  colours.font = getComputedStyle(document.body).fontFamily;
  for (const name of ["own", "motion", "other", "good", "bad", "ink", "quiet", "level", "wash", "rule", "paper"]) colours[name] = style.getPropertyValue(`--${name}`).trim();
}
// Fit a canvas to its size on the screen; return it with its context in units of CSS pixels.
function fitted(id) {
  const canvas = find(id), ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}
function view(width, height) {
  const [left, right, low, high] = landscape().seen;
  return {
    across: x => (x - left) / (right - left) * width, down: y => (high - y) / (high - low) * height,
    point: (px, py) => [left + px / width * (right - left), high - py / height * (high - low)],
    pixel: (right - left) / width,
  };
}

// Contours by marching squares, at levels whose roots are evenly spaced: a parabola has lines evenly apart.
function drawContours(surface) {
  const { context, width, height } = fitted("contours"), columns = 120, rows = 75, { point } = view(columns, rows);
  const grid = [];
  for (let j = 0; j <= rows; j++) for (let i = 0; i <= columns; i++) grid.push(surface.value(...point(i, j)));
  const known = grid.filter(Number.isFinite), low = known.reduce((a, b) => Math.min(a, b), Infinity);
  const high = known.reduce((a, b) => Math.max(a, b), -Infinity), count = 16;
  context.strokeStyle = colours.level;
  context.lineWidth = 1;
  context.beginPath();
  for (let n = 1; n < count; n++) {
    const level = low + (high - low) * (n / count) ** 3;
    for (let j = 0; j < rows; j++) for (let i = 0; i < columns; i++) {
      const at = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
      const values = at.map(([a, b]) => grid[b * (columns + 1) + a] - level);
      const ends = [];
      for (let e = 0; e < 4; e++) {
        const [u, v] = [values[e], values[(e + 1) % 4]];
        if ((u < 0) !== (v < 0)) {
          const s = u / (u - v), [[a, b], [c, d]] = [at[e], at[(e + 1) % 4]];
          ends.push([(a + s * (c - a)) / columns * width, (b + s * (d - b)) / rows * height]);
        }
      }
      for (let e = 0; e + 1 < ends.length; e += 2) { context.moveTo(...ends[e]); context.lineTo(...ends[e + 1]); }
    }
  }
  context.stroke();
}

// A path as a line; points closer than half a pixel to the one before are left out.
function drawPath(context, { across, down }, { path, steps }, colour, dots, dashed) {
  const x = across(0), dx = across(1) - x, y = down(0), dy = down(1) - y, far = 1e5;
  let u = x + dx * path[0], v = y + dy * path[1];
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = 1.6;
  context.setLineDash(dashed ? [6, 4] : []);
  context.beginPath();
  context.moveTo(u, v);
  for (let k = 2; k <= 2 * steps; k += 2) {
    const a = x + dx * path[k], b = y + dy * path[k + 1], p = a - u, q = b - v;
    if (p * p + q * q > 0.25) { u = clamp(a, -far, far); v = clamp(b, -far, far); context.lineTo(u, v); }
    else if (!(p * p + q * q >= 0)) break;
  }
  context.stroke();
  context.setLineDash([]);
  if (!dots) return;
  for (let k = 0; k <= Math.min(steps, 300); k++) {
    context.beginPath();
    context.arc(x + dx * path[2 * k], y + dy * path[2 * k + 1], 2, 0, 7);
    context.fill();
  }
}

// A chart of numbers over the run, less the ground, at most two a column of pixels: the least and the greatest.
function drawChart(id, series, logarithmic, ground = 0) {
  const { context, width, height } = fitted(id), margin = { left: 46, right: 8, top: 8, bottom: 20 };
  const room = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  const sampled = series.map(line => ({ ...line, points: columnsOf(line.values, Math.floor(room.width), ground) }));
  const values = sampled.flatMap(line => line.points.map(p => p[1])).filter(v => Number.isFinite(v) && (!logarithmic || v > 0));
  if (!values.length) return;
  const greatest = Math.max(...values), scale = logarithmic ? Math.log10 : v => v;
  let low = scale(logarithmic ? Math.max(Math.min(...values), greatest * 1e-16) : Math.min(0, ...values)), high = scale(greatest);
  if (!(high - low > 1e-12)) { low -= 0.5; high += 0.5; }
  const down = v => margin.top + room.height * (1 - clamp((scale(v) - low) / (high - low), -1, 2));
  context.font = `11px ${colours.font}`;
  context.fillStyle = colours.quiet;
  context.strokeStyle = colours.rule;
  context.textAlign = "right";
  for (let n = 0; n <= 4; n++) {
    const at = low + (high - low) * n / 4, v = margin.top + room.height * (1 - n / 4);
    context.beginPath(); context.moveTo(margin.left, v); context.lineTo(width - margin.right, v); context.stroke();
    context.fillText(logarithmic ? (10 ** at).toExponential(0) : String(Number(at.toPrecision(2))), margin.left - 4, v + 4);
  }
  context.fillText(`${state.steps} steps`, width - margin.right, height - 5);
  context.save();
  context.beginPath(); context.rect(margin.left, 0, room.width + margin.right, height - margin.bottom); context.clip();
  for (const { points, colour, dashed } of sampled) {
    context.strokeStyle = colour;
    context.lineWidth = 1.6;
    context.setLineDash(dashed ? [6, 4] : []);
    context.beginPath();
    points.forEach(([s, v], k) => { if (Number.isFinite(v)) context[k ? "lineTo" : "moveTo"](margin.left + s * room.width, down(v)); });
    context.stroke();
  }
  context.restore();
}
function columnsOf(values, columns, ground) {
  const last = values.length - 1, found = [];
  if (last < 2 * columns) { for (let k = 0; k <= last; k++) found.push([k / last, values[k] - ground]); return found; }
  for (let c = 0; c < columns; c++) {
    const from = Math.floor(c * last / columns), to = Math.floor((c + 1) * last / columns);
    let low = values[from], high = low;
    for (let k = from + 1; k <= to; k++) { const v = values[k]; if (v < low) low = v; else if (v > high) high = v; }
    found.push([c / columns, low - ground], [c / columns, high - ground]);
  }
  return found;
}

// ---------------------------------------------------------------- the stability map
// Its axes are two parameters of the rule, or the curvature where it has but one.
function axesOf(rule) {
  const named = rule.parameters.filter(p => p.key !== "eps"), across = named.find(p => p.log) ?? named[0];
  const up = named.find(p => p !== across && !p.log) ?? named.find(p => p !== across);
  return { across, up: up ?? { key: "lam", log: true, low: 0.1, high: 1000, math: ["<math><mi>λ</mi></math>", "<math><mi>λ</mi></math>"], says: "curvature" } };
}
const onAxis = (axis, s) => axis.log ? axis.low * (axis.high / axis.low) ** s : axis.low + s * (axis.high - axis.low);
const offAxis = (axis, v) => axis.log ? Math.log(v / axis.low) / Math.log(axis.high / axis.low) : (v - axis.low) / (axis.high - axis.low);

let mapped = { key: "", picture: null };
function mapPicture(rule, others, curvatures) {
  const { across, up } = axesOf(rule), columns = 144, rows = 90, fixed = { ...others };
  delete fixed[across.key]; delete fixed[up.key];
  const key = JSON.stringify([rule.title, fixed, curvatures, colours]);
  if (mapped.key === key) return mapped.picture;
  const picture = made("canvas", { width: columns, height: rows }), context = picture.getContext("2d");
  const image = context.createImageData(columns, rows), [good, bad] = [rgb(colours.good), rgb(colours.bad)];
  for (let j = 0; j < rows; j++) for (let i = 0; i < columns; i++) {
    const at = { ...fixed, [across.key]: onAxis(across, (i + 0.5) / columns), [up.key]: onAxis(up, 1 - (j + 0.5) / rows) };
    const lams = up.key === "lam" ? [at.lam] : curvatures;
    const stable = lams.every(lam => rule.stability.margins({ ...at, lam }).every(side => side > 0));
    const rate = stable ? Math.max(...lams.map(lam => radius(rule.stability.polynomial({ ...at, lam })))) : 1;
    const colour = stable ? good : bad, strength = stable ? 60 + 170 * clamp(1 - rate, 0, 1) ** 0.5 : 60;
    image.data.set([...colour, strength], 4 * (j * columns + i));
  }
  context.putImageData(image, 0, 0);
  mapped = { key, picture };
  return picture;
}
function rgb(colour) {
  const context = made("canvas", { width: 1, height: 1 }).getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}
function drawMap(rule, values, curvatures) {
  const { context, width, height } = fitted("map"), says = find("map-says");
  if (rule.stability.reason || !curvatures || !rule.parameters.length) {
    says.textContent = rule.stability.reason ? `There is no map: ${rule.stability.reason}.` : curvatures ? "The rule has no parameters." : "There is no map: no minimum was found below the start.";
    return;
  }
  const { across, up } = axesOf(rule);
  context.imageSmoothingEnabled = true;
  context.drawImage(mapPicture(rule, values, curvatures), 0, 0, width, height);
  context.fillStyle = colours.ink;
  context.strokeStyle = colours.paper;
  context.lineWidth = 2;
  for (const lam of up.key === "lam" ? curvatures : [0]) {
    context.beginPath();
    context.arc(clamp(offAxis(across, values[across.key]), 0, 1) * width, (1 - clamp(offAxis(up, up.key === "lam" ? lam : values[up.key]), 0, 1)) * height, 6, 0, 7);
    context.fill(); context.stroke();
  }
  const name = axis => `${axis.key}${axis.says ? ` (${axis.says})` : ""}, ${short(axis.low)} to ${short(axis.high)}${axis.log ? " by powers" : ""}`;
  says.textContent = `Across: ${name(across)}. Up: ${name(up)}. Green is stable, deeper green converges faster.`;
}

// ---------------------------------------------------------------- readings
function readings(rows) {
  find("readings").replaceChildren(...rows.flatMap(([name, text, kind]) => [made("dt", { textContent: name }), made("dd", { textContent: text, className: kind ?? "" })]));
}
function stabilityRows(rule, values, curvatures) {
  if (rule.stability.reason) return [["stability", `not known: ${rule.stability.reason}`]];
  if (!curvatures) return [["stability", "not known: no minimum was found below the start"]];
  const margin = Math.min(...curvatures.flatMap(lam => rule.stability.margins({ ...values, lam })));
  const rates = curvatures.map(lam => radius(rule.stability.polynomial({ ...values, lam })));
  return [
    ["stability", margin > 0 ? "stable" : margin < 0 ? "unstable" : "on the boundary", margin > 0 ? "good" : "bad"],
    ["margin", short(margin)],
    ["stable where", rule.stability.says.join(" and ")],
    ["spectral radius", rates.map((r, k) => `${short(r)} at λ = ${short(curvatures[k])}`).join("; ")],
    ["damping of the rule", curvatures.map(lam => `${damping(rule.stability.polynomial({ ...values, lam }), true)} at λ = ${short(lam)}`).join("; ")],
  ];
}
function mechanicsRows(known, constants, curvatures) {
  if (!known || !constants) return [];
  const all = allConstants(known, constants);
  const law = curvatures?.map(lam => `${damping(known.rates({ ...all, lam }), false)} at λ = ${short(lam)}`).join("; ");
  return [...(known.tau ? [["τ", short(known.tau(constants)[0])]] : []), ...(law ? [["damping of the motion", law]] : [])];
}

// ---------------------------------------------------------------- the whole page
let shown = {}, contoured = "";
function redraw() {
  const surface = potential(), rule = RULES[state.rule], values = parametersOf(state.rule), constants = constantsOf(state.rule);
  const own = run(state.rule, surface), other = state.other >= 0 ? run(state.other, surface) : null;
  drawContoursOnce(surface);
  const { context, width, height } = fitted("path"), window = view(width, height);
  const moved = motion(state.rule, surface, window.pixel / 4);
  if (moved) drawPath(context, window, moved, colours.motion, false, true);
  if (other) drawPath(context, window, other, colours.other, state.steps <= 300);
  drawPath(context, window, own, colours.own, state.steps <= 300);
  drawStart(context, window);
  const below = minimumBelow(surface, state.start), curvatures = below && eigenvalues(surface.curvatures(...below));
  const loss = losses(own, surface), values2 = moved && losses(moved, surface);
  const line = (values, colour, dashed) => ({ values, colour: colours[colour], dashed });
  const lowest = below ? surface.value(...below) : 0, below0 = Math.min(lowest, 0);
  drawChart("loss", [...(values2 ? [line(values2, "motion", true)] : []), ...(other ? [line(losses(other, surface), "other")] : []), line(loss, "own")], true, below0);
  showEnergy(rule, own, moved, loss, values2, constants);
  drawMap(rule, values, curvatures);
  const gain = rule.gain?.(values)[0], last = loss[loss.length - 1];
  readings([
    ...stabilityRows(rule, values, curvatures),
    ...(gain === undefined ? [] : [["effective learning rate", short(gain)]]),
    ...mechanicsRows(rule.mechanics, constants, curvatures),
    ["minimum below the start", below ? `(${below.map(v => short(Math.abs(v) < 1e-12 ? 0 : v)).join(", ")})` : "none found"],
    ["loss", `${short(loss[0])} at the start, ${own.diverged ? `beyond the machine's numbers after ${own.steps} steps` : `${short(last)} after ${own.steps} steps`}`],
  ]);
  showNumbers(rule, values);
  showComparison(own, other);
  showMany(rule, values, constants);
  shown = { own, other, motion: moved, loss, values, constants, curvatures };
  announce(rule, own, last);
}

function drawContoursOnce(surface) {
  const canvas = find("contours"), key = JSON.stringify([state.landscape, state.shape, state.formula, canvas.clientWidth, canvas.clientHeight, colours]);
  if (contoured !== key) { drawContours(surface); contoured = key; }
}
function drawStart(context, { across, down }) {
  const [x, y] = state.start;
  context.beginPath();
  context.arc(across(x), down(y), 8, 0, 7);
  context.fillStyle = colours.paper; context.fill();
  context.strokeStyle = colours.ink; context.lineWidth = 2; context.stroke();
}
function showEnergy(rule, own, moved, loss, values2, constants) {
  const step = rule.mechanics && constants?.[rule.mechanics.step];
  const first = step ? energies(state.rule, own, step, loss) : null;
  const second = first && moved ? energies(state.rule, moved, moved.time / moved.steps, values2) : null;
  find("energy-says").textContent = !first
    ? `There is no energy to show${rule.reason ? `: ${rule.reason}` : ""}.`
    : `Of ${short(first.total[0])}, the rule has lost ${short(first.total[0] - first.total[first.total.length - 1])}; friction at its speeds took ${short(first.spent)}. The difference is the error of the step.`;
  drawChart("energy", first ? [...(second ? [{ values: second.total, colour: colours.motion, dashed: true }] : []), { values: first.total, colour: colours.own }] : [], false);
}

// The formula with numbers: a coefficient below zero turns the plus before it into a minus.
function showNumbers(rule, values) {
  const numbers = rule.coefficients(values), box = find("numbers");
  box.innerHTML = rule.numbers[state.face];
  for (const place of box.querySelectorAll("[data-number]")) {
    const number = numbers[Number(place.dataset.number)];
    const term = place.parentElement.matches("mrow") && place === place.parentElement.firstElementChild ? place.parentElement : place;
    const sign = term.previousElementSibling;
    const turned = number < 0 && sign?.localName === "mo" && sign.textContent === "+";
    if (turned) sign.textContent = "−";
    place.textContent = short(turned ? -number : number);
  }
}
function showFormulas() {
  const rule = RULES[state.rule];
  find("symbols").innerHTML = rule.formula[state.face];
  find("law").innerHTML = rule.mechanics?.law[state.face] ?? "";
  document.querySelectorAll(".of-law").forEach(part => { part.hidden = !rule.mechanics; });
}

// Which constants belong to the same parameters: the way back, at half and at twice the time step.
function showMany(rule, values, constants) {
  const known = rule.mechanics, says = find("many");
  if (!known?.back.keys.length || !constants) { says.textContent = known && !constants ? "No constants of mechanics belong to these parameters." : ""; return; }
  const all = [0.5, 2].map(factor => {
    const at = { ...constants, [known.step]: constants[known.step] * factor };
    return keysOf(known.constants).map(key => `${key} = ${short({ ...at, ...pick(known.back.keys, known.back.values({ ...at, ...values })) }[key])}`).join(", ");
  });
  says.textContent = `The map is not one to one: ${known.constants.length} constants make ${rule.parameters.length} ${rule.parameters.length === 1 ? "parameter" : "parameters"}. The same rule belongs to ${all.join(", and to ")}.`;
}

function showComparison(own, other) {
  find("comparison").hidden = find("legend-other").hidden = !other;
  if (!other) return;
  const [a, b] = [state.rule, state.other].sort((p, q) => p - q);
  find("same").textContent = a === b ? "This is the same rule." : PAIRS[`${a},${b}`];
  let parts = -1, most = 0;
  const both = Math.min(own.steps, other.steps);
  for (let k = 0; k < 2 * both + 2; k++) {
    if (own.path[k] !== other.path[k] && parts < 0) parts = k >> 1;
    const far = Math.abs(own.path[k] - other.path[k]);
    if (far > most) most = far;
  }
  find("parting").textContent = parts < 0
    ? `With these numbers the two runs agree bitwise, over ${both} steps.`
    : `With these numbers the two runs part at step ${parts}; the greatest distance along an axis is ${short(most)}.`;
}

let announcing = 0;
function announce(rule, own, last) {
  const stable = find("readings").querySelector("dd")?.textContent ?? "";
  const text = `${rule.title}: ${stable}; loss ${short(last)} after ${own.steps} steps.`;
  find("path").setAttribute("aria-label", `Trajectory over contours of ${landscape().title}. ${text}`);
  find("loss").setAttribute("aria-label", `Loss at each step. ${text}`);
  find("energy").setAttribute("aria-label", `Energy at each step. ${find("energy-says").textContent}`);
  find("map").setAttribute("aria-label", `Stability map. ${find("map-says").textContent} The rule is ${stable} here.`);
  clearTimeout(announcing);
  announcing = setTimeout(() => { find("status").textContent = text; }, 600);
}

// ---------------------------------------------------------------- controls
const STOPS = 1000;
function control(slider, get, set) {
  const id = `c-${slider.group}-${slider.key}`, says = slider.says ? [made("small", { id: `${id}-says`, textContent: slider.says })] : [];
  const range = made("input", { type: "range", min: 0, max: STOPS, step: 1, id: `${id}-range` });
  const number = made("input", { type: "number", step: "any", id });
  const label = made("label", { htmlFor: id, innerHTML: slider.math[state.face] });
  for (const input of [range, number]) input.setAttribute("aria-label", slider.says ? `${slider.key}, ${slider.says}` : slider.key);
  range.addEventListener("input", () => { set(slider.whole ? Math.round(onAxis(slider, range.value / STOPS)) : Number(onAxis(slider, range.value / STOPS).toPrecision(4))); changed(number); });
  number.addEventListener("input", () => {
    const value = Number(number.value), fits = number.value !== "" && Number.isFinite(value) && (!slider.log || value > 0) && (!slider.whole || (Number.isInteger(value) && value <= slider.high));
    number.setAttribute("aria-invalid", String(!fits));
    if (fits) { set(value); changed(number); }
  });
  const box = made("div", { className: "control" }, label, range, number, ...says);
  box.update = except => {
    const value = get();
    if (number !== except || document.activeElement !== number) { number.value = value === undefined ? "" : Number(value.toPrecision(12)); number.removeAttribute("aria-invalid"); }
    if (document.activeElement !== range) range.value = Math.round(clamp(offAxis(slider, value), 0, 1) * STOPS) || 0;
    range.setAttribute("aria-valuetext", short(value));
  };
  return box;
}

function setConstant(key, value) {
  const current = constantsOf(state.rule);
  if (current) Object.assign(state.constants, current);
  state.constants[key] = value;
  RULES.forEach((rule, k) => { if (rule.mechanics?.forward) state.pinned[k] = false; });
}
function setParameter(key, value) {
  const k = state.rule;
  state.own[k] = { ...parametersOf(k), [key]: value };
  RULES.forEach((rule, j) => { if (rule.mechanics?.forward) state.pinned[j] = j === k; });
  state.pinned[k] = true;
  const constants = constantsOf(k);
  if (constants) Object.assign(state.constants, constants);
}

const groups = { constants: [], parameters: [], run: [] };
function rebuild() {
  const rule = RULES[state.rule], known = rule.mechanics;
  const fill = (id, controls) => { groups[id] = controls; find(id).replaceChildren(...controls); };
  const grouped = (group, sliders) => sliders.map(slider => ({ ...slider, group }));
  fill("constants", grouped("constant", known?.constants ?? []).filter(s => known.forward || s.key === known.step).map(s =>
    control(s, () => constantsOf(state.rule)?.[s.key], value => setConstant(s.key, value))));
  find("no-mechanics").hidden = Boolean(known);
  find("no-mechanics").textContent = known ? "" : `No constants of mechanics: ${rule.reason}.`;
  fill("parameters", grouped("parameter", rule.parameters).map(s => control(s, () => parametersOf(state.rule)[s.key], value => setParameter(s.key, value))));
  const [left, right, low, high] = landscape().seen, plain = text => [`<math><msub><mi>x</mi><mn>${text}</mn></msub></math>`, `<math><msub><mi>w</mi><mn>${text}</mn></msub></math>`];
  const at = (axis, from, to) => ({ key: `start ${axis + 1}`, group: "run", math: plain(axis + 1), says: "", low: from, high: to, log: false });
  const steps = { key: "steps", group: "run", math: ["<math><mi>N</mi></math>", "<math><mi>N</mi></math>"], says: "number of steps", low: 1, high: 10000, log: true, whole: true };
  fill("run", [
    ...grouped("shape", landscape().parameters).map(s => control(s, () => state.shape[s.key], value => { state.shape = { ...state.shape, [s.key]: value }; })),
    control(at(0, left, right), () => state.start[0], value => { state.start = [value, state.start[1]]; }),
    control(at(1, low, high), () => state.start[1], value => { state.start = [state.start[0], value]; }),
    control(steps, () => state.steps, value => { state.steps = value; }),
  ]);
  find("rule").value = state.rule;
  find("other").value = state.other;
  find("landscape").value = state.landscape;
  find("face").value = state.face;
  find("own-formula").hidden = state.landscape < LANDSCAPES.length;
  find("formula").value = state.formula;
  find("name-rule").textContent = rule.title;
  find("name-other").textContent = RULES[state.other]?.title ?? "";
  showFormulas();
  changed(null);
}

let waiting = 0;
function changed(source) {
  for (const controls of Object.values(groups)) for (const box of controls) box.update(source);
  if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; redraw(); remember(); });
}

// ---------------------------------------------------------------- the link
function remember() {
  const own = state.pinned.map((pinned, k) => pinned && k === state.rule ? state.own[k] : null)[state.rule];
  const kept = new URLSearchParams({ rule: RULES[state.rule].key, potential: landscape().key, steps: state.steps, start: state.start.join() });
  if (state.other >= 0) kept.set("other", RULES[state.other].key);
  if (state.face) kept.set("face", "learning");
  for (const [key, value] of Object.entries(state.constants)) kept.set(`c.${key}`, value);
  for (const [key, value] of Object.entries(own ?? {})) kept.set(`p.${key}`, value);
  for (const [key, value] of Object.entries(state.shape)) kept.set(`s.${key}`, value);
  if (landscape().key === "own") kept.set("formula", state.formula);
  try { history.replaceState(null, "", `#${kept}`); } catch { /* a page in a frame may have no history */ }
}
function restore() {
  const kept = new URLSearchParams(location.hash.slice(1)), index = (list, key) => list.findIndex(part => part.key === key);
  const number = text => text !== null && text !== "" && Number.isFinite(Number(text)) ? Number(text) : null;
  const rule = index(RULES, kept.get("rule")), other = index(RULES, kept.get("other")), place = index(LANDSCAPES, kept.get("potential"));
  if (rule >= 0) state.rule = rule;
  state.other = other;
  if (place >= 0) { state.landscape = place; state.start = [...LANDSCAPES[place].start]; }
  if (kept.get("potential") === "own" && takeFormula(kept.get("formula") ?? "")) state.landscape = LANDSCAPES.length;
  state.face = kept.get("face") === "learning" ? 1 : 0;
  const steps = number(kept.get("steps")), start = (kept.get("start") ?? "").split(",").map(number);
  if (Number.isInteger(steps) && steps >= 1 && steps <= 10000) state.steps = steps;
  if (start.length === 2 && start.every(v => v !== null)) state.start = start;
  const into = (prefix, target) => { for (const key of Object.keys(target)) { const value = number(kept.get(prefix + key)); if (value !== null) target[key] = value; } };
  into("c.", state.constants);
  into("s.", state.shape);
  if ([...kept.keys()].some(key => key.startsWith("p."))) {
    state.own[state.rule] = { ...parametersOf(state.rule) };
    into("p.", state.own[state.rule]);
    state.pinned[state.rule] = true;
  }
}
function takeFormula(text) {
  try {
    ownPotential = potentialOf(text);
    state.formula = text;
    find("formula-error").textContent = "";
    return true;
  } catch (error) {
    find("formula-error").textContent = error.message;
    return false;
  }
}

// ---------------------------------------------------------------- what the reader does
function dragged(id, moved) {
  const canvas = find(id);
  const at = event => { const box = canvas.getBoundingClientRect(); moved(event.clientX - box.left, event.clientY - box.top, box); changed(null); };
  canvas.addEventListener("pointerdown", event => { canvas.setPointerCapture(event.pointerId); at(event); });
  canvas.addEventListener("pointermove", event => { if (canvas.hasPointerCapture(event.pointerId)) at(event); });
}
function listen() {
  dragged("path", (px, py, box) => { state.start = view(box.width, box.height).point(px, py).map(v => Number(v.toPrecision(4))); });
  dragged("map", (px, py, box) => {
    const rule = RULES[state.rule];
    if (rule.stability.reason || !rule.parameters.length) return;
    const { across, up } = axesOf(rule), values = [[across, px / box.width], [up, 1 - py / box.height]];
    for (const [axis, s] of values) if (axis.key !== "lam") setParameter(axis.key, Number(onAxis(axis, clamp(s, 0, 1)).toPrecision(4)));
  });
  const choose = (id, then) => find(id).addEventListener("change", event => { then(Number(event.target.value)); rebuild(); });
  choose("rule", value => { state.rule = value; });
  choose("other", value => { state.other = value; });
  choose("landscape", value => { state.landscape = value; state.start = [...landscape().start]; });
  choose("face", value => { state.face = value; });
  find("formula").addEventListener("input", event => { if (takeFormula(event.target.value)) changed(event.target); });
  find("reset").addEventListener("click", () => { state.rule = 0; state.other = -1; state.landscape = 0; state.steps = 150; initial(); rebuild(); });
  find("link").addEventListener("click", async () => {
    let says = "The address of this page is the link";
    try { await navigator.clipboard.writeText(location.href); says = "Copied"; } catch { /* no clipboard: the address stands in the bar */ }
    find("link").textContent = find("status").textContent = says;
    setTimeout(() => { find("link").textContent = "Copy link"; }, 2000);
  });
  addEventListener("hashchange", () => { initial(); restore(); rebuild(); });
  addEventListener("resize", () => changed(null));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); changed(null); });
}

function begin() {
  const options = (id, entries) => find(id).replaceChildren(...entries.map(([value, textContent]) => made("option", { value, textContent })));
  options("rule", RULES.map((rule, k) => [k, rule.title]));
  options("other", [[-1, "nothing"], ...RULES.map((rule, k) => [k, rule.title])]);
  options("landscape", [...LANDSCAPES.map((part, k) => [k, part.title]), [LANDSCAPES.length, "Own formula"]]);
  find("origin").textContent = ORIGIN;
  readColours();
  initial();
  restore();
  listen();
  rebuild();
}

if (typeof document !== "undefined" && document.getElementById) begin();
