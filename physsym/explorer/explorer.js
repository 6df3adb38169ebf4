// ---------------------------------------------------------------- readings
// The rows are made once for a list of names; their texts are written where they change.
let rowsOf = [], placesOf = [];
function readings(rows) {
  const names = rows.map(row => row[0]);
  if (!alike(names, rowsOf)) {
    placesOf = rows.map(() => made("dd"));
    find("readings").replaceChildren(...rows.flatMap(([name], n) => [made("dt", { textContent: name }), placesOf[n]]));
    rowsOf = names;
  }
  rows.forEach(([, text, kind = ""], n) => {
    say(placesOf[n], text);
    if (placesOf[n].className !== kind) placesOf[n].className = kind;
  });
}
// The margin of a rule, and the roots of its polynomial at each curvature; nothing where they are not known.
function stabilityOf({ stability, curvature: { key } }, values, curvatures) {
  if (stability.reason || !curvatures) return {};
  const at = { ...values }, found = [];
  let margin = Infinity;
  for (const lam of curvatures) {
    at[key] = lam;
    for (const side of stability.margins(at)) margin = Math.min(margin, side);
    found.push(roots(stability.polynomial(at)));
  }
  return { margin, found };
}
const atBoth = ([one, two], sign, [a, b]) => words`${one} at ${sign} = ${a}; ${two} at ${sign} = ${b}`;
function stabilityRows({ stability, curvature: { sign } }, curvatures, { margin, found }) {
  if (stability.reason) return [["stability", `not known: ${stability.reason}`]];
  if (!curvatures) return [["stability", "not known: no minimum was found below the start"]];
  return [
    ["stability", margin > 0 ? "stable" : margin < 0 ? "unstable" : "on the boundary", margin > 0 ? "good" : "bad"],
    ["margin", words`${margin}`],
    ["stable where", stability.where ??= stability.says.join(" and ")],
    ["spectral radius", atBoth(found.map(radius), sign, curvatures)],
    ["damping of the rule", atBoth(found.map(zeros => damping(zeros, true)), sign, curvatures)],
  ];
}
// The roots of the law of motion at each curvature: rates, whose inverses are its times.
function ratesOf({ mechanics: known }, { all }, curvatures) {
  return known && all && curvatures ? curvatures.map(lam => roots(known.rates({ ...all, [known.curvature]: lam }))) : [];
}
function mechanicsRows({ mechanics: known, curvature: { sign } }, { all }, curvatures, rates) {
  if (!known || !all) return [];
  const rows = known.tau ? [["τ", words`${known.tau(all)[0]}`]] : [];
  if (rates.length) rows.push(["damping of the motion", atBoth(rates.map(zeros => damping(zeros, false)), sign, curvatures)]);
  return rows;
}

// ---------------------------------------------------------------- the whole page
let shown = {};
function redraw() {
  const surface = potential(), rule = RULES[state.rule], chosen = numbersOf(state.rule), { values, constants } = chosen;
  const plane = canvases.path, window = view(plane.width, plane.height), below = basin(surface), curvatures = below && eigenvalues(surface.curvatures(...below));
  const begin = surface.value(...state.start), lowest = below ? surface.value(...below) : 0;
  divide(state.steps, Math.max(1, Math.floor(chartWidth(canvases.loss)), Math.floor(chartWidth(canvases.energy))), window);
  restAt(below, below ? (begin - lowest) / curvatures[0] : 0);
  const own = run(state.rule, surface, chosen, rooms.own), other = state.other >= 0 ? run(state.other, surface, numbersOf(state.other), rooms.other) : null;
  const stability = stabilityOf(rule, values, curvatures), rates = ratesOf(rule, chosen, curvatures);
  const follows = motion(state.rule, surface, chosen, window.pixel / 4, Math.max(0, ...rates.map(radius)));
  const parted = other ? parting(own, other) : null;
  drawPlane(surface, own, other, follows, window, parted);
  drawLoss(own, other, follows, Math.min(lowest, 0));
  showEnergy(rule, own, follows);
  drawMap(rule, values, curvatures, stability);
  showReadings(rule, chosen, own, below, curvatures, stability, rates);
  showNumbers(rule, values);
  showComparison(own, other, parted);
  showMany(rule, values, constants);
  shown = { own, other, motion: follows, loss: own.loss, values, constants, curvatures };
  announceAtRest();
}

let bottom = { key: [] };
function basin(surface) {
  const [x, y] = state.start;
  if (!alike([surface, x, y], bottom.key)) bottom = { key: [surface, x, y], found: minimumBelow(surface, state.start) };
  return bottom.found;
}
function drawPlane(surface, own, other, follows, window, parted) {
  layer("contours", [surface], (context, width, height) => drawContours(context, width, height, surface));
  const { context } = cleared("path"), dots = state.steps <= 300;
  if (follows) drawPath(context, window, follows, colours.motion, false, DASHED);
  if (other) drawPath(context, window, other, colours.other, dots);
  drawPath(context, window, own, colours.own, dots);
  if (parted?.step > 0) drawParting(context, window, own.path[2 * parted.step - 2], own.path[2 * parted.step - 1]);
  drawStart(context, window);
}
function drawLoss(own, other, follows, ground) {
  const line = (run, colour) => run ? [ofRun(run, run.losses, run.bottom, colours[colour])] : [];
  drawChart("loss", [...(follows ? [ofMotion(follows, "losses")] : []), ...line(other, "other"), ...line(own, "own")], true, ground);
}
// A diamond at the last point that two runs share.
function drawParting(context, { across, down }, x, y) {
  const [u, v] = [across(x), down(y)];
  context.beginPath();
  for (const [a, b] of [[0, -13], [13, 0], [0, 13], [-13, 0]]) context.lineTo(u + a, v + b);
  context.closePath();
  context.strokeStyle = colours.other;
  context.lineWidth = 2;
  context.stroke();
}
function drawStart(context, { across, down }) {
  const [x, y] = state.start;
  context.beginPath();
  context.arc(across(x), down(y), 8, 0, 7);
  context.fillStyle = colours.paper; context.fill();
  context.strokeStyle = colours.ink; context.lineWidth = 2; context.stroke();
}
function showEnergy(rule, own, follows) {
  const { total: [begin, end], taken, totals, spent: { low, high }, energetic } = own;
  say(find("energy-says"), energetic
    ? words`Of ${begin}, the rule has lost ${begin - end}; friction at its speeds took ${taken} (dotted). The difference is the error of the step.`
    : `There is no energy to show${rule.reason ? `: ${rule.reason}` : ""}.`);
  const smooth = follows?.energetic ? [ofMotion(follows, "totals")] : [], spent = { low: division.fine ? high : low, high };
  drawChart("energy", energetic ? [...smooth, ofRun(own, spent, taken, colours.own, DOTTED), ofRun(own, totals, own.bottom, colours.own)] : [], false);
}
const rounded = v => Math.abs(v) < 1e-12 ? 0 : v;
function showReadings(rule, chosen, own, below, curvatures, stability, rates) {
  const { gain } = rule, { loss, steps } = own;
  readings([
    ...stabilityRows(rule, curvatures, stability),
    ...(gain === null ? [] : [["effective learning rate", typeof gain === "string" ? gain : words`${gain(chosen.values)[0]}`]]),
    ...mechanicsRows(rule, chosen, curvatures, rates),
    ["minimum below the start", below ? words`(${rounded(below[0])}, ${rounded(below[1])})` : "none found"],
    ["loss", words`${loss[0]} at the start, ${own.diverged ? "beyond the machine's numbers" : loss[1]} after ${counted(steps)}`],
  ]);
}

// The formula with numbers: a coefficient below zero turns the plus before it into a minus.
let places = { html: "" };
function showNumbers(rule, values) {
  const html = rule.numbers[state.face], numbers = rule.coefficients(values);
  if (places.html !== html) {
    find("numbers").innerHTML = html;
    places = { html, found: [...find("numbers").querySelectorAll("[data-number]")].map(place => {
      const term = place.parentElement.matches("mrow") && place === place.parentElement.firstElementChild ? place.parentElement : place, before = term.previousElementSibling;
      return { place, number: Number(place.dataset.number), sign: before?.localName === "mo" && before.textContent === "+" ? before : null };
    }) };
  }
  for (const { place, number, sign } of places.found) {
    const turned = sign && numbers[number] < 0;
    if (sign) say(sign, turned ? "−" : "+");
    say(place, words`${turned ? -numbers[number] : numbers[number]}`);
  }
}
function showFormulas() {
  const rule = RULES[state.rule];
  find("symbols").innerHTML = rule.formula[state.face];
  find("law").innerHTML = rule.mechanics?.law[state.face] ?? "";
  document.querySelectorAll(".of-law").forEach(part => { part.hidden = !rule.mechanics; });
}

// Which constants belong to the same parameters: the way back, at half and at twice the time step.
let many = [];
function showMany(rule, values, constants) {
  const known = rule.mechanics, says = find("many"), key = [rule, ...Object.values(values), ...Object.values(constants ?? {})];
  if (alike(key, many)) return;
  many = key;
  find("legend-motion").hidden = !constants;
  if (!known?.back.keys.length || !constants) { say(says, known && !constants ? "No constants of mechanics belong to these parameters." : ""); return; }
  const all = [0.5, 2].map(factor => {
    const at = { ...constants };
    at[known.step] *= factor;
    const found = backOf(rule, at, values);
    return known.constants.map(({ key, sign }) => `${sign} = ${short(found[key] ?? at[key])}`).join(", ");
  });
  say(says, `The map is not one to one: ${known.constants.length} constants make ${rule.parameters.length} ${rule.parameters.length === 1 ? "parameter" : "parameters"}. The same rule belongs to ${all.join(", and to ")}.`);
}

// The step from which on two runs differ, −1 where they never do, and how far they get apart.
function parting(own, other) {
  const both = Math.min(own.steps, other.steps), [one, two] = [own.path, other.path];
  let step = -1, most = 0;
  for (let k = 0; k < 2 * both + 2; k++) {
    const far = Math.abs(one[k] - two[k]);
    if (far > most) most = far;
    if (step < 0 && one[k] !== two[k]) step = k >> 1;
  }
  return { both, step, most };
}
function showComparison(own, other, parted) {
  if (!other) {
    say(find("same"), "Choose a second rule above: it runs with the same constants, and here it is said whether the two are the same, and where they part.");
    say(find("parting"), "");
    return;
  }
  const [a, b] = [state.rule, state.other].sort((p, q) => p - q);
  say(find("same"), a === b ? "This is the same rule." : PAIRS[`${a},${b}`]);
  const { both, step, most } = parted;
  say(find("parting"), step < 0
    ? `With these numbers the two runs agree bitwise, over ${counted(both)}.`
    : `With these numbers the two runs part at step ${step}${step > 0 ? ", from the diamond on" : ""}; the greatest distance along an axis is ${short(most)}.`);
}

// What is seen is told to screen readers, and kept in the address, when the reader rests.
const whenAtRest = (milliseconds, action) => {
  let due = 0, timer = 0;
  const look = () => {
    const left = due - performance.now();
    timer = left > 1 ? setTimeout(look, left) : 0;
    if (!timer) action();
  };
  return () => { due = performance.now() + milliseconds; timer ||= setTimeout(look, milliseconds); };
};
const rememberAtRest = whenAtRest(150, () => remember());
const announceAtRest = whenAtRest(600, () => {
  const rule = RULES[state.rule], { loss, steps } = shown.own;
  const stable = find("readings").querySelector("dd")?.textContent ?? "", label = (id, says) => find(id).setAttribute("aria-label", says);
  const text = `${rule.title}: ${stable}; loss ${short(loss[1])} after ${counted(steps)}.`;
  label("path", `Trajectory over contours of ${landscape().title}. ${text}`);
  label("loss", `Loss at each step. ${text}`);
  label("energy", `Energy at each step. ${find("energy-says").textContent}`);
  label("map", `Stability map. ${find("map-says").textContent} The rule is ${stable} here.`);
  say(find("status"), text);
});

// ---------------------------------------------------------------- controls
const STOPS = 1000;
// Why a text is no value of a slider; nothing for one that is. Fields and links are read by the same rule.
function refusal(slider, text) {
  const value = Number(text);
  if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) || !Number.isFinite(value)) return text.includes(",") ? "write 0.5, with a point, not 0,5" : "write a number, such as 0.5";
  if (slider.whole) return Number.isInteger(value) && value >= 1 && value <= slider.high ? "" : `write a whole number from 1 to ${slider.high}`;
  return slider.log && value <= 0 ? "write a number above zero" : "";
}
function control(slider, get, set) {
  const id = `c-${slider.group}-${slider.key}`, says = slider.says ? [made("small", { id: `${id}-says`, textContent: slider.says })] : [];
  const range = made("input", { type: "range", min: 0, max: STOPS, step: 1, id: `${id}-range` });
  const number = made("input", { type: "text", inputMode: "decimal", autocomplete: "off", id });  // a field of numbers drops what it cannot read: 0,5 would be 5
  const wrong = made("small", { id: `${id}-wrong`, className: "wrong", hidden: true });
  const tell = text => { say(wrong, text); wrong.hidden = !text; number.setAttribute("aria-invalid", String(Boolean(text))); };
  number.setAttribute("aria-describedby", wrong.id);
  wrong.setAttribute("role", "alert");
  const label = made("label", { htmlFor: id, innerHTML: slider.math[state.face] });
  for (const input of [range, number]) input.setAttribute("aria-label", slider.says ? `${slider.key}, ${slider.says}` : slider.key);
  range.addEventListener("input", () => { set(slider.whole ? Math.round(onAxis(slider, range.value / STOPS)) : Number(onAxis(slider, range.value / STOPS).toPrecision(4))); changed(number); });
  number.addEventListener("input", () => {
    const text = refusal(slider, number.value);
    tell(text);
    if (!text) { set(Number(number.value)); changed(number); }
  });
  number.addEventListener("keydown", event => {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key], now = get();
    if (!by || now === undefined) return;
    const next = slider.whole ? now + by : Number(onAxis(slider, offAxis(slider, now) + by / STOPS).toPrecision(6));
    event.preventDefault();
    if (!refusal(slider, String(next))) { set(next); changed(null); }
  });
  const box = made("div", { className: "control" }, label, range, number, wrong, ...says);
  box.update = except => {
    const value = get();
    if (number !== except || document.activeElement !== number) { number.value = value === undefined ? "" : Number(value.toPrecision(6)); tell(""); }
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

const STEPS = { key: "steps", group: "run", math: ["<math><mi>N</mi></math>", "<math><mi>N</mi></math>"], says: "number of steps", low: 1, high: 10000, log: true, whole: true };
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
  fill("run", [
    ...grouped("shape", landscape().parameters).map(s => control(s, () => state.shape[s.key], value => { state.shape = { ...state.shape, [s.key]: value }; })),
    control(at(0, left, right), () => state.start[0], value => { state.start = [value, state.start[1]]; }),
    control(at(1, low, high), () => state.start[1], value => { state.start = [state.start[0], value]; }),
    control(STEPS, () => state.steps, value => { state.steps = value; }),
  ]);
  find("rule").value = state.rule;
  find("other").value = state.other;
  find("landscape").value = state.landscape;
  find("face").value = state.face;
  find("legend-other").hidden = state.other < 0;
  find("own-formula").hidden = state.landscape < LANDSCAPES.length;
  find("formula").value = state.formula;
  tellFormula("");
  find("name-rule").textContent = rule.title;
  find("name-other").textContent = RULES[state.other]?.title ?? "";
  showFormulas();
  changed(null);
}

let waiting = 0;
function changed(source) {
  for (const controls of Object.values(groups)) for (const box of controls) box.update(source);
  if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; redraw(); });
  rememberAtRest();
}

// ---------------------------------------------------------------- the link
// A link of which something is not used stays in the address until the reader does something.
let linkKept = false;
const WITH_OWN = () => [["p.", state.rule], ["q.", state.other]].filter(([, k]) => k >= 0);
function remember() {
  if (linkKept) return;
  const kept = new URLSearchParams({ rule: RULES[state.rule].key, potential: landscape().key, steps: state.steps, start: state.start.join() });
  if (state.other >= 0) kept.set("other", RULES[state.other].key);
  if (state.face) kept.set("face", "learning");
  for (const [key, value] of Object.entries(state.constants)) if (value > 0 && value < Infinity) kept.set(`c.${key}`, value);
  for (const [prefix, k] of WITH_OWN())
    if (state.pinned[k]) for (const [key, value] of Object.entries(state.own[k])) kept.set(prefix + key, value);
  for (const [key, value] of Object.entries(state.shape)) kept.set(`s.${key}`, value);
  if (landscape().key === "own") kept.set("formula", state.formula);
  try { history.replaceState(null, "", `#${kept}`); } catch { /* a page in a frame may have no history */ }
}
function restore() {
  const kept = new URLSearchParams(location.hash.slice(1)), refused = [], read = new Set();
  const refuse = (name, why) => refused.push(`${name}=${kept.get(name).replace(/(.{80}).+/s, "$1…")} (${why})`);
  const get = name => { read.add(name); return kept.get(name); };
  const among = (name, keys, what) => {  // the place in a list of what is named; −1 where nothing is
    const found = keys.indexOf(get(name));
    if (found < 0 && kept.has(name)) refuse(name, `this page has no such ${what}`);
    return found;
  };
  const taken = (name, slider, set) => {
    const text = get(name), why = text === null ? "" : refusal(slider, text);
    if (why) refuse(name, why); else if (text !== null) set(Number(text));
  };
  const rule = among("rule", keysOf(RULES), "rule"), ofAnother = kept.has("rule") && rule < 0;
  if (rule >= 0) state.rule = rule;
  state.other = among("other", keysOf(RULES), "rule");
  state.face = Math.max(0, among("face", ["physics", "learning"], "notation"));
  let place = among("potential", [...keysOf(LANDSCAPES), "own"], "potential");
  if (place === LANDSCAPES.length) {
    const why = kept.has("formula") ? takeFormula(get("formula")) : "write its formula too: potential=own&formula=x*x";
    if (why) { refuse(kept.has("formula") ? "formula" : "potential", why); place = -1; }
  }
  if (place >= 0) { state.landscape = place; state.start = [...landscape().start]; }
  taken("steps", STEPS, value => { state.steps = value; });
  if (kept.has("start")) {
    const start = get("start").split(",");
    if (start.length === 2 && !start.some(text => refusal({}, text))) state.start = start.map(Number);
    else refuse("start", "write two numbers, such as 0.5,1");
  }
  const into = (prefix, target, sliders) => { for (const slider of sliders) taken(prefix + slider.key, slider, value => { target[slider.key] = value; }); };
  const unlike = sliders => [...new Map(sliders.map(slider => [slider.key, slider])).values()];
  into("c.", state.constants, unlike(RULES.flatMap(part => part.mechanics?.constants ?? [])));
  into("s.", state.shape, unlike(LANDSCAPES.flatMap(part => part.parameters)));
  for (const [prefix, k] of WITH_OWN()) if (!(ofAnother && prefix === "p.") && RULES[k].parameters.some(({ key }) => kept.has(prefix + key))) {
    state.own[k] = { ...parametersOf(k) };
    into(prefix, state.own[k], RULES[k].parameters);
    state.pinned[k] = true;
  }
  if (location.hash.includes("=")) for (const name of new Set(kept.keys())) if (!read.has(name)) refuse(name, "nothing here takes it");
  linkKept = refused.length > 0;
  say(find("link-error"), linkKept ? `Of the link, this is not used: ${refused.join("; ")}.` : "");
}
// Take a formula as the potential; return why it cannot be read, or nothing.
function takeFormula(text) {
  try { ownPotential = potentialOf(text); } catch (error) { return error instanceof RangeError ? "the formula is nested too deeply" : error.message; }
  state.formula = text;
  return "";
}
function tellFormula(why) {
  find("formula-error").textContent = why && `${why}; what is drawn is the last formula that could be read`;
  find("formula").setAttribute("aria-invalid", String(Boolean(why)));
}

// ---------------------------------------------------------------- what the reader does
function dragged(id, moved) {
  const canvas = find(id);
  const at = event => { const box = canvas.getBoundingClientRect(); moved(event.clientX - box.left, event.clientY - box.top, box); changed(null); };
  canvas.addEventListener("pointerdown", event => { canvas.setPointerCapture(event.pointerId); at(event); });
  canvas.addEventListener("pointermove", event => { if (canvas.hasPointerCapture(event.pointerId)) at(event); });
}
// The page around a frame may be dark or light by the choice of its reader, whatever the system prefers.
const DARK = "(prefers-color-scheme: dark)";
const darkRule = () => [...document.styleSheets[0].cssRules].find(rule => rule.media && rule.cssText.includes("--paper"));
function inScheme(scheme) {
  const chosen = scheme === "dark" || scheme === "light" ? scheme : "";
  darkRule().media.mediaText = { dark: "all", light: "not all" }[chosen] ?? DARK;
  document.documentElement.style.colorScheme = chosen;
  readColours();
  changed(null);
}
function listen() {
  dragged("path", (px, py, box) => { state.start = view(box.width, box.height).point(px, py).map(v => Number(v.toPrecision(4))); });
  dragged("map", (px, py, box) => {
    const rule = RULES[state.rule];
    if (rule.stability.reason || !rule.parameters.length) return;
    const { across, up } = axesOf(rule), values = [[across, px / box.width], [up, 1 - py / box.height]];
    for (const [axis, s] of values) if (!axis.curved) setParameter(axis.key, Number(onAxis(axis, clamp(s, 0, 1)).toPrecision(4)));
  });
  const choose = (id, then) => find(id).addEventListener("change", event => { then(Number(event.target.value)); rebuild(); });
  choose("rule", value => { state.rule = value; });
  choose("other", value => { state.other = value; });
  choose("landscape", value => { state.landscape = value; state.start = [...landscape().start]; });
  choose("face", value => { state.face = value; });
  find("formula").addEventListener("input", event => {
    const why = takeFormula(event.target.value);
    tellFormula(why);
    if (!why) changed(event.target);
  });
  for (const acts of ["pointerdown", "keydown", "input", "click"]) addEventListener(acts, () => { linkKept = false; }, true);
  find("reset").addEventListener("click", () => { state.rule = 0; state.other = -1; state.landscape = 0; state.steps = 150; initial(); say(find("link-error"), ""); rebuild(); });
  find("link").addEventListener("click", async () => {
    let says = "The address of this page is the link";
    remember();
    try { await navigator.clipboard.writeText(location.href); says = "Copied"; } catch { /* no clipboard: the address stands in the bar */ }
    find("link").textContent = says;
    say(find("status"), says);
    setTimeout(() => { find("link").textContent = "Copy link"; }, 2000);
  });
  addEventListener("hashchange", () => { initial(); restore(); rebuild(); });
  const all = [...document.querySelectorAll("canvas")], resized = () => { if (all.map(measure).some(Boolean)) changed(null); };
  resized();
  const sizes = new ResizeObserver(resized);
  for (const canvas of all) sizes.observe(canvas);
  addEventListener("resize", resized);
  matchMedia(DARK).addEventListener("change", () => { readColours(); changed(null); });
  addEventListener("message", ({ source, data }) => { if (source === parent && self !== top) inScheme(data?.scheme); });
}

function start() {
  const options = (id, entries) => find(id).replaceChildren(...entries.map(([value, textContent]) => made("option", { value, textContent })));
  options("rule", RULES.map((rule, k) => [k, rule.title]));
  options("other", [[-1, "nothing"], ...RULES.map((rule, k) => [k, rule.title])]);
  options("landscape", [...LANDSCAPES.map((part, k) => [k, part.title]), [LANDSCAPES.length, "Own formula"]]);
  find("origin").textContent = ORIGIN;
  document.documentElement.classList.toggle("framed", self !== top);  // the page around it has a title, and the address
  readColours();
  initial();
  restore();
  listen();
  rebuild();
  redraw();
}

if (typeof document !== "undefined" && document.getElementById) start();
