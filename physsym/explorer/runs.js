// ---------------------------------------------------------------- runs
// Arrays are made once, and filled again at each redraw: what a run returns are views of them.
const LONGEST = 10000, POINTS = 65536, BLOCK = 16;
const ARRAYS = ["losses", "totals", "spent", "times"];
const room = points => ({ path: new Float64Array(2 * points), ...pick(ARRAYS, ARRAYS.map(() => new Float64Array(points))) });
const rooms = { own: room(LONGEST + 1), other: room(LONGEST + 1), motion: room(POINTS + 1) };
const viewed = (kept, from, to) => ({ path: kept.path.subarray(2 * from, 2 * to + 2), ...pick(ARRAYS, ARRAYS.map(name => kept[name].subarray(from, to + 1))) });

// A rule over the steps that are asked for: the weights after each, with the loss, the energy and what friction took
// until then; fewer steps where it leaves the numbers. A rule without constants of mechanics has no energy.
function run(k, surface, kept) {
  const known = RULES[k].mechanics, constants = constantsOf(k), energetic = Boolean(known?.energetic && constants);
  const all = energetic ? [constants[known.step], allConstants(known, constants)] : [NaN, {}];
  begin(kept, surface);
  const steps = RULES[k].rollout(kept, state.steps, surface, parametersOf(k), ...all), { path, losses, totals, spent } = viewed(kept, 0, steps);
  return { path, losses, totals, spent, steps, energetic, diverged: !Number.isFinite(path[2 * steps] + path[2 * steps + 1]) };
}
function begin(kept, surface) {
  kept.path.set(state.start);
  kept.totals[0] = surface.value(...state.start);
  kept.spent[0] = kept.times[0] = 0;
}

// The continuous motion over the time of the run; it is computed again where something that it depends on changes.
let moved = { key: [] };
function motion(k, surface, tolerance) {
  const known = RULES[k].mechanics, constants = constantsOf(k);
  if (!known || !constants) return null;
  const all = { ...allConstants(known, constants), [known.interval]: 0 }, time = state.steps * constants[known.step];
  const key = [surface, k, time, tolerance, ...state.start, ...Object.values(all)];
  if (!alike(key, moved.key)) moved = { key, found: integrated(known, surface, all, time, tolerance) };
  return moved.found;
}

// The classical method of Runge and Kutta in blocks of steps. A block is taken twice, the second time with steps
// half as long; where the two are farther apart than the tolerance, or than a fiftieth of how far the block moves,
// a shorter one is tried. The motion ends before its time where it rests at a minimum.
function integrated(known, surface, all, time, tolerance) {
  const { path, times } = rooms.motion, rough = room(BLOCK + 1), coarse = rough.path;
  const advance = (into, count, span, memory) => { all[known.interval] = span / count; return known.motion(into, count, surface, all, memory, span / count, all) === count; };
  let memory = new Float64Array(known.memory), steps = 0, now = 0, span = time / 16, rests = false;
  begin(rooms.motion, surface);
  for (let tried = 0; now < time && !rests; tried++) {
    if (steps + 2 * BLOCK > POINTS || tried > POINTS) return null;
    const smooth = viewed(rooms.motion, steps, steps + 2 * BLOCK), fine = smooth.path, after = memory.slice(), last = span >= time - now;
    if (last) span = time - now;
    coarse[0] = fine[0];
    coarse[1] = fine[1];
    const taken = advance(rough, BLOCK, span, memory.slice()) && advance(smooth, 2 * BLOCK, span, after);
    let far = 0, apart = 0;
    for (let k = 2; k < coarse.length; k++) {
      const point = fine[2 * k - (k & 1)];
      far = Math.max(far, Math.abs(point - fine[k & 1]));
      apart = Math.max(apart, Math.abs(point - coarse[k]));
    }
    const limit = Math.max(Math.min(tolerance, far / 50), tolerance * 1e-9);
    if (!taken || !(apart <= limit)) { span /= 2; continue; }
    for (let k = 1; k <= 2 * BLOCK; k++) times[steps + k] = now + span * k / (2 * BLOCK);
    memory = after;
    steps += 2 * BLOCK;
    now = last ? time : now + span;
    if (apart <= limit / 40) span *= 2;
    rests = far < tolerance * 1e-6 && restsAt(surface, path.subarray(2 * steps, 2 * steps + 2), tolerance * 1e-5);
  }
  return { ...viewed(rooms.motion, 0, steps), steps, time, energetic: known.energetic };
}
function restsAt(surface, point, tolerance) {
  const below = minimumBelow(surface, point);
  return below !== null && Math.hypot(below[0] - point[0], below[1] - point[1]) < tolerance;
}
