// ---------------------------------------------------------------- drawing
const colours = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  colours.font = getComputedStyle(document.body).fontFamily;
  colours.read = (colours.read ?? 0) + 1;
  for (const name of ["own", "motion", "other", "good", "bad", "ink", "quiet", "level", "wash", "rule", "paper"]) colours[name] = style.getPropertyValue(`--${name}`).trim();
}
// The canvases, their contexts and their sizes, which an observer keeps: to ask for a size would lay out the page.
const canvases = {};
function measure(canvas) {
  const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight, before = canvases[canvas.id];
  if (before && before.width === width && before.height === height && before.ratio === ratio) return false;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  canvases[canvas.id] = { context, width, height, ratio };
  return true;
}
function cleared(id) {
  const canvas = canvases[id];
  canvas.context.clearRect(0, 0, canvas.width, canvas.height);
  return canvas;
}
// What changes rarely has a canvas of its own, beneath, and is drawn again where something that it depends on changes.
const layers = {};
function layer(id, key, draw) {
  key.push(canvases[id], colours.read);
  if (layers[id] && alike(key, layers[id])) return;
  layers[id] = key;
  const { context, width, height } = cleared(id);
  draw?.(context, width, height);
}
function view(width, height) {
  const [left, right, low, high] = landscape().seen;
  return {
    across: x => (x - left) / (right - left) * width, down: y => (high - y) / (high - low) * height,
    point: (px, py) => [left + px / width * (right - left), high - py / height * (high - low)],
    pixel: (right - left) / width, near_1: (right - left) / width / 2, near_2: (high - low) / height / 2,
  };
}

// Contours by marching squares, at levels whose roots are evenly spaced: a parabola has lines evenly apart.
const COLUMNS = 120, ROWS = 75, LEVELS = 16, heights = new Float64Array((COLUMNS + 1) * (ROWS + 1));
function drawContours(context, width, height, surface) {
  const { point } = view(COLUMNS, ROWS), across = width / COLUMNS, down = height / ROWS;
  let low = Infinity, high = -Infinity;
  for (let j = 0, at = 0; j <= ROWS; j++) for (let i = 0; i <= COLUMNS; i++, at++) {
    const v = heights[at] = surface.value(...point(i, j));
    if (Number.isFinite(v)) { low = Math.min(low, v); high = Math.max(high, v); }
  }
  context.strokeStyle = colours.level;
  context.lineWidth = 1;
  context.lineCap = "round";  // the lines of neighbouring cells meet without a gap
  context.beginPath();
  const levelOf = n => low + (high - low) * (n / LEVELS) ** 3;
  for (let j = 0; j < ROWS; j++) for (let i = 0; i < COLUMNS; i++) {
    const at = j * (COLUMNS + 1) + i, a = heights[at], b = heights[at + 1], c = heights[at + COLUMNS + 2], d = heights[at + COLUMNS + 1];
    const least = Math.min(a, b, c, d), most = Math.max(a, b, c, d);
    for (let n = Math.max(1, Math.floor(Math.cbrt((least - low) / (high - low)) * LEVELS)); n < LEVELS && levelOf(n) <= most; n++) drawCell(context, i, j, a, b, c, d, levelOf(n), across, down);
  }
  context.stroke();
}
// The lines of one level in a cell, from side to side: a, b, c and d are the values at its corners, clockwise.
function drawCell(context, i, j, a, b, c, d, level, across, down) {
  let drawing = false;
  const through = (u, v, x, y, dx, dy) => {
    if ((u < level) === (v < level)) return;
    const s = (level - u) / (v - u);
    context[drawing ? "lineTo" : "moveTo"]((x + s * dx) * across, (y + s * dy) * down);
    drawing = !drawing;
  };
  through(a, b, i, j, 1, 0);
  through(b, c, i + 1, j, 0, 1);
  through(c, d, i + 1, j + 1, -1, 0);
  through(d, a, i, j + 1, 0, -1);
}

const DASHED = [6, 4], DOTTED = [2, 3], SOLID = [];
function drawPath(context, window, found, colour, dots, dash = SOLID) {
  const { across, down } = window, { path, steps, diverged } = found, end = diverged ? steps - 1 : steps;
  const x = across(0), dx = across(1) - x, y = down(0), dy = down(1) - y;
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = 1.6;
  context.setLineDash(dash);
  drawLine(context, window, found, x, dx, y, dy);
  context.setLineDash(SOLID);
  if (!dots) return;
  context.beginPath();
  for (let k = 0; k <= end; k++) {
    const u = x + dx * path[2 * k], v = y + dy * path[2 * k + 1];
    context.moveTo(u + 2, v);
    context.arc(u, v, 2, 0, 7);
  }
  context.fill();
}
// A path as a line. Points closer than half a pixel to the one before are left out, of the motion too, and points within
// a tenth of a pixel of a straight line on which the path goes on: it is that of the first two after a corner.
function drawLine(context, { near_1, near_2 }, { path, steps, points = path, drawn = steps + 1 }, x, dx, y, dy) {
  const beyond = 1e5;
  let a = path[0], b = path[1], last_1 = x + dx * a, last_2 = y + dy * b, corner_1 = last_1, corner_2 = last_2, along_1 = 0, along_2 = 0, on = 0, width = 0;
  context.beginPath();
  context.moveTo(last_1, last_2);
  for (let k = 0; k < 2 * drawn; k += 2) {
    if (Math.abs(points[k] - a) <= near_1 && Math.abs(points[k + 1] - b) <= near_2) continue;
    a = points[k];
    b = points[k + 1];
    const next_1 = clamp(x + dx * a, -beyond, beyond), next_2 = clamp(y + dy * b, -beyond, beyond), u = next_1 - corner_1, v = next_2 - corner_2, now = u * along_1 + v * along_2;
    if (now > on && Math.abs(u * along_2 - v * along_1) <= width) on = now;
    else {
      context.lineTo(last_1, last_2);
      corner_1 = last_1;
      corner_2 = last_2;
      along_1 = next_1 - last_1;
      along_2 = next_2 - last_2;
      on = along_1 * along_1 + along_2 * along_2;
      width = 0.1 * Math.sqrt(on);
    }
    last_1 = next_1;
    last_2 = next_2;
  }
  context.lineTo(last_1, last_2);
  context.stroke();
}

// ---------------------------------------------------------------- charts
// A series of a chart is columns: `at` where each stands, and the least and the greatest of what falls into it. One
// that rests before the end stays as it is at `rest`.
const ofRun = ({ columns, diverged }, { low, high }, rest, colour, dash = SOLID) =>
  ({ at: division.at, low, high, count: columns, rest: diverged || columns === division.columns ? NaN : rest, colour, dash });
// Of the motion, whose points stand at times of their own; one that ends before its time rests at the minimum.
const timed = { losses: { at: numbers(MOST_COLUMNS), ...extremes() }, totals: { at: numbers(MOST_COLUMNS), ...extremes() } };
function ofMotion(found, name) {
  const { times, steps, time, [name]: values } = found, { at, low, high } = timed[name], scale = division.count / time;
  let c = -1, place = -1;
  for (let k = 0; k <= steps; k++) {
    const v = values[k], here = Math.floor(times[k] * scale);
    if (here > place) { c++; place = here; at[c] = times[k] / time; low[c] = high[c] = v; }
    else if (v < low[c]) low[c] = v;
    else if (v > high[c]) high[c] = v;
  }
  if (found.bottom !== null) { c++; at[c] = times[steps] / time; low[c] = high[c] = found.bottom; }
  c++;
  at[c] = 1;
  low[c] = high[c] = found.bottom ?? values[steps];
  return { at, low, high, count: c + 1, rest: NaN, colour: colours.motion, dash: DASHED };
}

// The marks of an axis: powers of ten, or steps of 1, 2 or 5 times a power of ten; it reaches from mark to mark.
function axis(low, high, logarithmic) {
  if (logarithmic) {
    const first = Math.floor(Math.log10(low)), last = Math.max(Math.ceil(Math.log10(high)), first + 1), step = Math.ceil((last - first) / 5);
    return { low: last - step * Math.ceil((last - first) / step), high: last, step };
  }
  const rough = (high - low || Math.abs(high) || 1) / 4, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (rough > 5 * power ? 10 : rough > 2 * power ? 5 : rough > power ? 2 : 1);
  return { low: step * Math.floor(low / step), high: step * (Math.floor(high / step) + 1), step };
}
const margin = { left: 46, right: 8, top: 10, bottom: 20 };  // as in the style of the page: the lines have a canvas within
function drawAxis(context, width, height, { low, high, step }, logarithmic) {
  context.font = `12px ${colours.font}`;
  context.fillStyle = colours.quiet;
  context.strokeStyle = colours.rule;
  context.lineWidth = 1;
  context.textAlign = "right";
  const marks = Math.round((high - low) / step);
  for (let n = 0; n <= marks; n++) {
    const at = low + n * step, v = margin.top + (height - margin.top - margin.bottom) * (1 - n / marks);
    context.beginPath(); context.moveTo(margin.left, v); context.lineTo(width - margin.right, v); context.stroke();
    context.fillText(logarithmic ? `10${raised(at)}` : short(Number(at.toPrecision(3))), margin.left - 5, v + 4);
  }
  context.fillText(`${state.steps} ${state.steps === 1 ? "step" : "steps"}`, width - margin.right, height - 5);
}

// A chart of numbers over the run, less the ground: in each column of pixels from the least to the greatest.
const chartWidth = ({ width }) => width - margin.right;
function drawChart(id, series, logarithmic, ground = 0) {
  const canvas = cleared(id), { context, height } = canvas, across = chartWidth(canvas), plain = [logarithmic, state.steps];
  let least = Infinity, most = -Infinity;
  for (const { low: lows, high: highs, count } of series) for (let c = 0; c < count; c++) {
    const low = lows[c] - ground, high = highs[c] - ground;
    if (low < least && (low > 0 || !logarithmic)) least = low;
    if (high > most && high < Infinity) most = high;
    if (logarithmic && high > 0 && high < least) least = high;
  }
  if (!logarithmic) for (const { rest } of series) if (rest - ground < least) least = rest - ground;
  if (!(most > -Infinity) || (logarithmic && !(most > 0))) { layer(`${id}-axis`, plain); return; }
  const marks = logarithmic ? axis(Math.max(least, most * 1e-16), most, true) : axis(Math.min(0, least), most, false);
  layer(`${id}-axis`, [...plain, marks.low, marks.high, marks.step], (c, w, h) => drawAxis(c, w, h, marks, logarithmic));
  const sight = logarithmic ? 10 ** (marks.low - 2) : -Infinity;  // what is lower is out of sight
  const scale = { logarithmic, ground, sight, low: marks.low, unit: (height - margin.top) / (marks.high - marks.low), height, across };
  context.lineWidth = 1.6;
  for (const found of series) drawSeries(context, found, scale);
}
const heightOf = (v, { logarithmic, sight, low, unit, height }) => v > sight ? height - clamp(((logarithmic ? Math.log10(v) : v) - low) * unit, -2 * height, 2 * height) : 3 * height;
function drawSeries(context, { at, low, high, count, rest, colour, dash }, scale) {
  const { ground, across } = scale;
  let x = 0, y = NaN, level = false;  // where the line is, and whether it has been level since its last point
  context.strokeStyle = colour;
  context.setLineDash(dash);
  context.beginPath();
  for (let c = 0; c < count; c++) {
    const next = at[c] * across, least = low[c], most = high[c];
    if (!(least <= most)) continue;
    const top = heightOf(most - ground, scale), foot = least < most ? heightOf(least - ground, scale) : top;
    if (Math.abs(top - y) < 0.1 && Math.abs(foot - y) < 0.1 && c < count - 1) { x = next; level = true; continue; }
    if (level) context.lineTo(x, y);
    context.lineTo(next, top);
    if (foot - top > 0.5) context.lineTo(next, foot);
    x = next;
    y = foot - top > 0.5 ? foot : top;
    level = false;
  }
  if (rest === rest) for (const c of [count, division.columns - 1]) context.lineTo(at[c] * across, heightOf(rest - ground, scale));
  context.stroke();
}

// ---------------------------------------------------------------- the stability map
// Its axes are two parameters of the rule, or the curvature where it has but one.
const axesOf = rule => rule.axes ??= foundAxes(rule);
function foundAxes(rule) {
  const named = rule.parameters.filter(p => p.key !== "eps"), across = named.find(p => p.log) ?? named[0];
  const up = named.find(p => p !== across && !p.log) ?? named.find(p => p !== across) ?? { ...rule.curvature, curved: true, log: true, low: 0.1, high: 1000, says: "curvature" };
  const name = axis => `${axis.sign}${axis.says ? `, ${axis.says}` : ""}`;
  return { across, up, says: { across: name(across), up: name(up) } };
}
const onAxis = (axis, s) => axis.log ? axis.low * (axis.high / axis.low) ** s : axis.low + s * (axis.high - axis.low);
const offAxis = (axis, v) => axis.log ? Math.log(v / axis.low) / Math.log(axis.high / axis.low) : (v - axis.low) / (axis.high - axis.low);

// The map as a picture of one point for a few pixels, and its scales.
function drawRegionOf(rule, values, curvatures, { across, up }) {
  const columns = 144, rows = 90, fixed = rule.parameters.filter(p => p.key !== across.key && p.key !== up.key).map(p => values[p.key]);
  const near = up.curved ? [] : curvatures.map(lam => Number(lam.toPrecision(4)));  // the last digits of a minimum are no reason for another picture
  layer("region", [rule, ...fixed, ...near], (context, width, height) => {
    const picture = made("canvas", { width: columns, height: rows });
    drawRegion(picture.getContext("2d"), columns, rows, rule, across, up, values, near);
    context.imageSmoothingEnabled = true;
    context.drawImage(picture, 0, 0, width, height);
    drawScales(context, width, height, across, up);
  });
}
// The marks of both axes, within the map: powers of ten, or tenths of what is between the ends.
function drawScales(context, width, height, across, up) {
  context.font = `12px ${colours.font}`;
  context.fillStyle = context.strokeStyle = colours.ink;
  const marksOf = axis => {
    if (!axis.log) return [0.25, 0.5, 0.75].map(s => [s, short(onAxis(axis, s))]);
    const first = Math.ceil(Math.log10(axis.low)), last = Math.floor(Math.log10(axis.high));
    return Array.from({ length: last - first + 1 }, (_, n) => [offAxis(axis, 10 ** (first + n)), `10${raised(first + n)}`]).filter(([s]) => s > 0.05 && s < 0.95);
  };
  context.beginPath();
  context.textAlign = "center";
  for (const [s, text] of marksOf(across)) { context.moveTo(s * width, height); context.lineTo(s * width, height - 5); context.fillText(text, s * width, height - 8); }
  context.textAlign = "left";
  for (const [s, text] of marksOf(up)) { context.moveTo(0, (1 - s) * height); context.lineTo(5, (1 - s) * height); context.fillText(text, 8, (1 - s) * height + 4); }
  context.stroke();
  context.font = `italic 14px ${colours.font}`;
  context.fillText(up.sign, 8, 16);
  context.textAlign = "right";
  context.fillText(across.sign, width - 8, height - 8);
}
function drawRegion(context, columns, rows, rule, across, up, values, curvatures) {
  const image = context.createImageData(columns, rows), [good, bad] = [rgb(colours.good), rgb(colours.bad)];
  const at = { ...values }, { margins, polynomial } = rule.stability, lams = up.curved ? [0] : curvatures;
  for (let j = 0; j < rows; j++) for (let i = 0; i < columns; i++) {
    at[across.key] = onAxis(across, (i + 0.5) / columns);
    at[up.key] = onAxis(up, 1 - (j + 0.5) / rows);
    let rate = 0;
    for (const lam of lams) {
      if (!up.curved) at[rule.curvature.key] = lam;
      rate = margins(at).every(side => side > 0) ? Math.max(rate, radius(roots(polynomial(at)))) : Infinity;
      if (rate === Infinity) break;
    }
    const stable = rate < Infinity, place = 4 * (j * columns + i);
    image.data.set(stable ? good : bad, place);
    image.data[place + 3] = stable ? 60 + 170 * clamp(1 - rate, 0, 1) ** 0.5 : 60;
  }
  context.putImageData(image, 0, 0);
}
function rgb(colour) {
  const context = made("canvas", { width: 1, height: 1 }).getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}
function drawMap(rule, values, curvatures, { margin }) {
  const tell = text => say(find("map-says"), text);
  if (rule.stability.reason || !curvatures || !rule.parameters.length) {
    tell(rule.stability.reason ? `There is no map: ${rule.stability.reason}.` : curvatures ? "The rule has no parameters." : "There is no map: no minimum was found below the start.");
    layer("region", []);
    layer("map", []);
    return;
  }
  const axes = axesOf(rule), { across, up } = axes, here = clamp(offAxis(across, values[across.key]), 0, 1);
  const heights = (up.curved ? curvatures : [values[up.key]]).map(v => 1 - clamp(offAxis(up, v), 0, 1));
  drawRegionOf(rule, values, curvatures, axes);
  layer("map", [here, ...heights], (context, width, height) => {
    context.fillStyle = colours.ink;
    context.strokeStyle = colours.paper;
    context.lineWidth = 2;
    for (const s of heights) {
      context.beginPath();
      context.arc(here * width, s * height, 6, 0, 7);
      context.fill(); context.stroke();
    }
  });
  tell(words`${margin > 0 ? "Stable" : margin < 0 ? "Unstable" : "On the boundary"} here, with a margin of ${margin}. Across: ${axes.says.across}. Up: ${axes.says.up}. Green is stable, deeper green converges faster.`);
}
