// ---------------------------------------------------------------- runs
// Arrays are made once, and filled again at each redraw.
const LONGEST = 10000, POINTS = 65536, BLOCK = 16, MOST_COLUMNS = 8192;
const numbers = count => new Float64Array(count), extremes = () => ({ low: numbers(MOST_COLUMNS), high: numbers(MOST_COLUMNS) });
const room = () => ({ path: numbers(2 * LONGEST + 2), view: [], points: numbers(2 * LONGEST + 2), losses: extremes(), totals: extremes(), spent: extremes() });
const roomOfMotion = points => ({ path: numbers(2 * points), losses: numbers(points), totals: numbers(points), times: numbers(points) });
const memories = [0, 1].map(() => numbers(Math.max(0, ...RULES.map(rule => rule.mechanics?.memory ?? 0))));
const rooms = { own: room(), other: room(), motion: roomOfMotion(POINTS + 1), rough: roomOfMotion(BLOCK + 1) };

// A run is reduced as it runs to what is seen of it: in each column of the charts the least and the greatest of its
// numbers, and of its points those that are half a pixel from the one before. With fewer than two steps for each of
// the `count` columns, each step is a column of its own. `ends` has twice the last step of a column, `at` its place.
const division = { steps: 0, count: 0, columns: 0, fine: true, near_1: 0, near_2: 0, rest_1: NaN, rest_2: NaN, tiny: 0, ends: new Int32Array(MOST_COLUMNS), at: numbers(MOST_COLUMNS) };
function divide(steps, count, { near_1, near_2 }) {
  const fine = steps < 2 * count, columns = fine ? steps + 1 : count;
  Object.assign(division, { near_1, near_2 });
  if (division.steps === steps && division.count === count) return;
  for (let c = 0, to = 0; c < columns; c++) {
    to = fine ? c + 1 : Math.floor((c + 1) * (steps + 1) / count);
    division.ends[c] = 2 * to - 2;
    division.at[c] = fine ? c / steps : c / count;
  }
  Object.assign(division, { steps, count, fine, columns });
}

// A run that is `tiny` near to the minimum below the start is taken to rest there. By the curvatures there its loss is
// then above the minimum by less than 1e-22 of what it was, and the lowest mark of a chart is not below 1e-21.
function restAt(below, square) {
  [division.rest_1, division.rest_2] = below ?? [NaN, NaN];
  division.tiny = 1e-11 * Math.sqrt(Math.max(0, square));
}

// A rule over the steps that are asked for: the weights after each, with the loss, the energy and what friction took
// until then; fewer steps where it leaves the numbers. A rule without constants of mechanics has no energy.
function run(k, surface, { values, constants, all }, kept) {
  const known = RULES[k].mechanics, energetic = Boolean(known?.energetic && constants), begin = surface.value(...state.start);
  kept.path.set(state.start);
  const { steps, columns, drawn, bottom, loss, total, spent } = energetic
    ? RULES[k].rollout(kept, state.steps, division, surface, values, constants[known.step], all)
    : RULES[k].rollout(kept, state.steps, division, surface, values, NaN, {});
  const diverged = !Number.isFinite(kept.path[2 * steps] + kept.path[2 * steps + 1]);
  if (kept.view.length !== 2 * steps + 2) kept.view = kept.path.subarray(0, 2 * steps + 2);
  return { ...kept, path: kept.view, steps, columns, drawn, bottom, loss: [begin, loss], total: [begin, total], taken: spent, energetic, diverged };
}

// The continuous motion over the time of the run; it is computed again where something that it depends on changes.
let moved = { key: [] };
function motion(k, surface, { constants, all: given }, tolerance, fastest) {
  const known = RULES[k].mechanics;
  if (!known || !constants) return null;
  const all = { ...given, [known.interval]: 0 }, time = state.steps * constants[known.step], begin = BLOCK / 2 / fastest;
  const key = [surface, k, time, tolerance, ...state.start, ...Object.values(all)];
  if (!alike(key, moved.key)) moved = { key, found: integrated(known, surface, all, time, tolerance, begin > 0 && begin < time / 16 ? begin : time / 16) };
  return moved.found;
}

// The classical method of Runge and Kutta in blocks of steps. A block is taken twice, the second time with steps
// half as long; where the two are farther apart than the tolerance, or than a tenth of how far the block moves, it is
// taken anew. How long the next one is follows from how far they are apart, which grows as the fifth power of the span;
// after a failure spans grow slowly, since where the method is not stable this does not tell. How long the first one is
// follows from the fastest rate at the minimum. The motion ends before its time where it rests at a minimum.
function integrated(known, surface, all, time, tolerance, span) {
  const { motion: smooth, rough } = rooms, { path, times } = smooth, coarse = rough.path;
  const advance = (into, first, count, span, memory) => { all[known.interval] = span / count; return known.motion(into, first, count, surface, all, memory, span / count, all) === count; };
  let [memory, after] = memories, steps = 0, now = 0, rest = null, longest = Infinity;
  memory.fill(0);
  path.set(state.start);
  smooth.totals[0] = surface.value(...state.start);
  for (let tried = 0; now < time && !rest; tried++) {
    if (steps + 2 * BLOCK > POINTS || tried > POINTS) return null;
    const last = span >= time - now, x = coarse[0] = path[2 * steps], y = coarse[1] = path[2 * steps + 1];
    if (last) span = time - now;
    after.set(memory);
    let taken = advance(rough, 0, BLOCK, span, after), far = 0, apart = 0;
    after.set(memory);
    taken &&= advance(smooth, steps, 2 * BLOCK, span, after);
    for (let k = 1, at = 2 * steps + 4; taken && k <= BLOCK; k++, at += 4) {
      far = Math.max(far, Math.abs(path[at] - x), Math.abs(path[at + 1] - y));
      apart = Math.max(apart, Math.abs(path[at] - coarse[2 * k]), Math.abs(path[at + 1] - coarse[2 * k + 1]));
    }
    const limit = Math.max(Math.min(tolerance, far / 10), tolerance * 1e-9), good = taken && apart <= limit;
    if (good) {
      for (let k = 1; k <= 2 * BLOCK; k++) times[steps + k] = now + span * k / (2 * BLOCK);
      [memory, after] = [after, memory];
      steps += 2 * BLOCK;
      now = last ? time : now + span;
      const end = 2 * steps, middle = end - 2 * BLOCK, late = Math.max(Math.abs(path[end] - path[middle]), Math.abs(path[end + 1] - path[middle + 1]));
      if (late < tolerance * 1e-6) rest = restNear(surface, [path[end], path[end + 1]], tolerance * 1e-5);
    }
    const wanted = span * (apart < Infinity ? clamp(0.9 * (limit / apart) ** 0.2, 0.5, good ? 2 : 0.8) : 0.5);
    span = good ? Math.min(wanted, longest *= 1.03) : wanted;
    if (!good && steps > 0) longest = span;
  }
  return { ...smooth, steps, time, bottom: rest && surface.value(...rest), energetic: known.energetic };
}
function restNear(surface, point, tolerance) {
  const below = minimumBelow(surface, point);
  return below && Math.hypot(below[0] - point[0], below[1] - point[1]) < tolerance ? below : null;
}
