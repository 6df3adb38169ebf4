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
const alike = (one, other) => one.length === other.length && one.every((part, n) => part === other[n]);
// Write a text where it changes: what is written again would be laid out again. One with numbers in it, of `words`, is
// put together only where a part of it is another one than before.
const words = (strings, ...parts) => ({ strings, parts });
const say = (element, text) => {
  const before = element.said, told = text.parts;
  if (text === before || (told && before && text.strings === before.strings && alike(told, before.parts))) return;
  const written = told ? joined(text) : text;
  if (before && written) element.firstChild.data = written; else element.textContent = written;
  element.said = text;
};
function joined({ strings, parts }) {
  let text = strings[0];
  for (let n = 0; n < parts.length; n++) text += (typeof parts[n] === "number" ? short(parts[n]) : parts[n]) + strings[n + 1];
  return text;
}
const short = number => {
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "not defined" : number > 0 ? "∞" : "−∞";
  const size = Math.abs(number), sign = number < 0 ? "−" : "";
  if (size < 999 && (size >= 1e-4 || size === 0)) return sign + trimmed(size.toPrecision(4));
  if (size < 1e7 && size > 1) return sign + String(Number(size.toPrecision(4)));
  const [digits, power] = size.toExponential(3).split("e");
  return `${sign}${trimmed(digits)} · 10${raised(Number(power))}`;
};
// The digits of a fraction without the zeros at its end.
function trimmed(digits) {
  let end = digits.length;
  while (digits[end - 1] === "0") end--;
  return digits.slice(0, digits[end - 1] === "." ? end - 1 : end);
}
const raised = n => String(n).replace(/./g, c => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻");
const pick = (keys, values) => {
  const found = {};
  for (let k = 0; k < keys.length; k++) found[keys[k]] = values[k];
  return found;
};
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
const backOf = ({ parameters, mechanics: { back } }, constants, values) => {
  const read = { ...constants };
  for (let k = 0; k < parameters.length; k++) read[back.reads[k]] = values[parameters[k].key];
  return pick(back.keys, back.values(read));
};
const allConstants = (known, constants) => ({ ...constants, ...pick(known.named.keys, known.named.values(constants)) });
const numbersOf = k => {
  const known = RULES[k].mechanics, constants = constantsOf(k);
  return { values: parametersOf(k), constants, all: constants && allConstants(known, constants) };
};
