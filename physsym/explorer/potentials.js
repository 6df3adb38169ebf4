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

// What has numbers alone is a number: so (1 + 1) is an exponent like 2.
const DEEPEST = 200;
function parsed(text) {
  const tokens = text.replaceAll("**", "^").match(/\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+|[a-zA-Z_]\w*|\S/g) ?? [];
  const depths = new Map();
  let at = 0, open = 0;
  const fail = says => { throw new Error(says); };
  const deep = depth => depth <= DEEPEST || fail(`the formula is nested too deeply: it may have ${DEEPEST} operations within one another`);
  const node = (sign, ...parts) => {
    if (parts.every(part => typeof part === "number")) return (CALLS[sign]?.[0] ?? SIGNS[sign])(...parts);
    const made = [sign, ...parts], depth = 1 + Math.max(...parts.map(part => depths.get(part) ?? 0));
    deep(depth);
    depths.set(made, depth);
    return made;
  };
  const taken = token => tokens[at] === token && (at++, true);
  const expected = token => taken(token) || fail(`${token} is expected ${at < tokens.length ? `before ${tokens[at]}` : "at the end"}`);
  function sum() {
    let left = product();
    while (tokens[at] === "+" || tokens[at] === "-") left = node(tokens[at++], left, product());
    return left;
  }
  function product() {
    let left = signed();
    while (tokens[at] === "*" || tokens[at] === "/") left = node(tokens[at++], left, signed());
    return left;
  }
  function signed() {
    deep(++open);
    const found = taken("-") ? node("-", 0, signed()) : taken("+") ? signed() : power(atom());
    open--;
    return found;
  }
  const power = base => taken("^") ? node("^", base, signed()) : base;
  function atom() {
    const token = tokens[at++];
    if (token === undefined) return fail("the formula ends too early: write a number, x, y or a bracket at its end");
    if (token === "(") { const inside = sum(); expected(")"); return inside; }
    if (/^[\d.]/.test(token)) return Number(token);
    if (token === "x" || token === "y") return token;
    if (Object.hasOwn(CALLS, token)) { expected("("); const inside = sum(); expected(")"); return node(token, inside); }
    return fail(`${token} is not known; write x, y, numbers, + - * / ^ and ${Object.keys(CALLS).join(", ")}`);
  }
  const tree = sum();
  if (at < tokens.length) fail(`an operator such as * is expected before ${tokens[at]}`);
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
  if (b === 0 || b === 1) return b && da;
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
