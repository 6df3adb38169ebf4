// The explorer. RULES, LANDSCAPES, PAIRS and ORIGIN stand before this text: they are printed by physsym from the
// programs that Python runs. Nothing in these files knows a rule, a law, or a formula of stability: it only evaluates them.
"use strict";

// ---------------------------------------------------------------- small helpers
const find = id => document.getElementById(id);
const made = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
// Write a text where it changes: what is written again would be laid out again.
const say = (element, text) => {
  if (element.said === text) return;
  if (element.said && text) element.firstChild.data = text; else element.textContent = text;
  element.said = text;
};
const short = number => {
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "not defined" : number > 0 ? "∞" : "−∞";
  const size = Math.abs(number), far = size >= 1e7 || (size < 1e-4 && size > 0), [digits, power] = far ? size.toExponential(3).split("e") : [size.toPrecision(4)];
  return (number < 0 ? "−" : "") + Number(digits) + (far ? ` · 10${raised(Number(power))}` : "");
};
const raised = n => String(n).replace(/./g, c => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻");
const pick = (keys, values) => Object.fromEntries(keys.map((key, k) => [key, values[k]]));
const keysOf = sliders => sliders.map(slider => slider.key);
const counted = steps => `${steps} ${steps === 1 ? "step" : "steps"}`;
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
    Object.assign(constants, backOf(RULES[k], constants, state.own[k]));
  return Object.values(constants).every(value => Number.isFinite(value) && value >= 0) ? constants : null;
}

// The way back reads constants and parameters at once: a parameter that has the name of a constant has another one there.
const backOf = ({ parameters, mechanics: { back } }, constants, values) =>
  pick(back.keys, back.values({ ...constants, ...pick(back.reads, keysOf(parameters).map(key => values[key])) }));
const allConstants = (known, constants) => ({ ...constants, ...pick(known.named.keys, known.named.values(constants)) });
const numbersOf = k => {
  const known = RULES[k].mechanics, constants = constantsOf(k);
  return { values: parametersOf(k), constants, all: constants && allConstants(known, constants) };
};
