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
// What changes rarely is drawn once, on a canvas beside the page, as long as what it depends on stays the same.
const pictures = {};
const alike = (one, other) => one.length === other.length && one.every((part, n) => part === other[n]);
function pictured(name, key, { width, height, ratio }, draw) {
  key.push(width, height, ratio, colours.read);
  if (!pictures[name] || !alike(key, pictures[name].key)) {
    const picture = made("canvas", { width: Math.max(1, Math.round(width * ratio)), height: Math.max(1, Math.round(height * ratio)) });
    const context = picture.getContext("2d");
    context.scale(ratio, ratio);
    draw(context, width, height);
    pictures[name] = { key, picture };
  }
  return pictures[name].picture;
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
const COLUMNS = 120, ROWS = 75, LEVELS = 16, heights = new Float64Array((COLUMNS + 1) * (ROWS + 1));
function drawContours(surface) {
  const { context, width, height } = cleared("contours"), { point } = view(COLUMNS, ROWS), across = width / COLUMNS, down = height / ROWS;
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

// A path as a line; points closer than half a pixel to the one before, across and down, are left out.
const DASHED = [6, 4], DOTTED = [2, 3], SOLID = [];
function drawPath(context, { across, down, pixel }, { path, steps, diverged }, colour, dots, dash = SOLID) {
  const x = across(0), dx = across(1) - x, y = down(0), dy = down(1) - y, far = 1e5, near = pixel / 2, nearUp = 0.5 / Math.abs(dy), end = diverged ? steps - 1 : steps;
  let a = path[0], b = path[1];
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = 1.6;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(x + dx * a, y + dy * b);
  for (let k = 2; k <= 2 * end; k += 2) {
    if (Math.abs(path[k] - a) <= near && Math.abs(path[k + 1] - b) <= nearUp) continue;
    a = path[k];
    b = path[k + 1];
    context.lineTo(clamp(x + dx * a, -far, far), clamp(y + dy * b, -far, far));
  }
  context.stroke();
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

// ---------------------------------------------------------------- charts
// The columns of a chart: where each stands, and the least and the greatest of what falls into it.
const columns = () => ({ at: new Float64Array(4096), low: new Float64Array(4096), high: new Float64Array(4096), count: 0 });
const drawn = [columns(), columns(), columns()];
// Of a run, step by step; with fewer than two steps a column, each step is a column of its own.
function columnsOfSteps(into, values, count) {
  const last = values.length - 1, fine = state.steps < 2 * count;
  into.count = fine ? last + 1 : Math.ceil(count * (last + 1) / (state.steps + 1));
  for (let c = 0, to = 0; c < into.count; c++) {
    const from = to;
    to = fine ? from + 1 : Math.max(from + 1, Math.floor((c + 1) * (state.steps + 1) / count));
    let low = values[from], high = low;
    for (let k = from + 1; k < to && k <= last; k++) { const v = values[k]; if (v < low) low = v; else if (v > high) high = v; }
    into.at[c] = fine ? c / state.steps : c / count;
    into.low[c] = low;
    into.high[c] = high;
  }
}
// Of the motion, whose points stand at times of their own; it rests after the last of them.
function columnsOfTimes(into, values, times, whole, count) {
  let c = -1, place = -1;
  for (let k = 0; k < values.length; k++) {
    const v = values[k], here = Math.floor(times[k] / whole * count);
    if (here > place) { c++; place = here; into.at[c] = times[k] / whole; into.low[c] = into.high[c] = v; }
    else if (v < into.low[c]) into.low[c] = v;
    else if (v > into.high[c]) into.high[c] = v;
  }
  c++;
  into.at[c] = 1;
  into.low[c] = into.high[c] = values[values.length - 1];
  into.count = c + 1;
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
function drawAxis(context, width, height, margin, { low, high, step }, logarithmic) {
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
function drawChart(id, series, logarithmic, ground = 0) {
  const canvas = cleared(id), { context, width, height } = canvas, margin = { left: 46, right: 8, top: 10, bottom: 20 };
  const room = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  if (!series.length || room.width < 1) return;
  let least = Infinity, most = -Infinity;
  series.forEach(({ values, times, time }, n) => {
    const found = drawn[n], count = Math.floor(room.width);
    if (times) columnsOfTimes(found, values, times, time, count); else columnsOfSteps(found, values, count);
    for (let c = 0; c < found.count; c++) {
      const low = found.low[c] -= ground, high = found.high[c] -= ground;
      if (low < least && (low > 0 || !logarithmic)) least = low;
      if (high > most && high < Infinity) most = high;
      if (logarithmic && high > 0 && high < least) least = high;
    }
  });
  if (!(most > -Infinity) || (logarithmic && !(most > 0))) return;
  const scale = logarithmic ? Math.log10 : v => v, marks = logarithmic ? axis(Math.max(least, most * 1e-16), most, true) : axis(Math.min(0, least), most, false);
  context.drawImage(pictured(id, [marks.low, marks.high, marks.step, logarithmic, state.steps], canvas, (c, w, h) => drawAxis(c, w, h, margin, marks, logarithmic)), 0, 0, width, height);
  context.save();
  context.beginPath(); context.rect(margin.left, 0, room.width + margin.right, height - margin.bottom); context.clip();
  context.lineWidth = 1.6;
  series.forEach(({ colour, dash = SOLID }, n) => {
    const { at, low, high, count } = drawn[n], unit = room.height / (marks.high - marks.low), bottom = margin.top + room.height, beyond = 2 * height;
    const least = logarithmic ? 10 ** (marks.low - 2) : -Infinity;  // what is lower is out of sight
    const down = v => v > least ? bottom - clamp((scale(v) - marks.low) * unit, -beyond, beyond) : bottom + beyond;
    context.strokeStyle = colour;
    context.setLineDash(dash);
    context.beginPath();
    let x = margin.left, y = NaN, level = false;  // where the line is, and whether it has been level since its last point
    for (let c = 0; c < count; c++) {
      const next = margin.left + at[c] * room.width, top = down(high[c]), foot = low[c] < high[c] ? down(low[c]) : top;
      if (Number.isNaN(top)) continue;
      if (top === y && foot === y && c < count - 1) { x = next; level = true; continue; }
      if (level) context.lineTo(x, y);
      context.lineTo(next, top);
      if (foot - top > 0.5) context.lineTo(next, foot);
      x = next;
      y = foot - top > 0.5 ? foot : top;
      level = false;
    }
    context.stroke();
  });
  context.restore();
}

// ---------------------------------------------------------------- the stability map
// Its axes are two parameters of the rule, or the curvature where it has but one.
function axesOf(rule) {
  const named = rule.parameters.filter(p => p.key !== "eps"), across = named.find(p => p.log) ?? named[0];
  const up = named.find(p => p !== across && !p.log) ?? named.find(p => p !== across);
  return { across, up: up ?? { ...rule.curvature, curved: true, log: true, low: 0.1, high: 1000, says: "curvature" } };
}
const onAxis = (axis, s) => axis.log ? axis.low * (axis.high / axis.low) ** s : axis.low + s * (axis.high - axis.low);
const offAxis = (axis, v) => axis.log ? Math.log(v / axis.low) / Math.log(axis.high / axis.low) : (v - axis.low) / (axis.high - axis.low);

function mapPicture(rule, others, curvatures) {
  const { across, up } = axesOf(rule), columns = 144, rows = 90, fixed = { ...others };
  delete fixed[across.key]; delete fixed[up.key];
  const near = curvatures.map(lam => Number(lam.toPrecision(4)));  // the last digits of a minimum are no reason for another picture
  return pictured("map", [rule, ...Object.values(fixed), ...(up.curved ? [] : near)], { width: columns, height: rows, ratio: 1 }, context => drawRegion(context, columns, rows, rule, across, up, fixed, near));
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
function drawRegion(context, columns, rows, rule, across, up, fixed, curvatures) {
  const image = context.createImageData(columns, rows), [good, bad] = [rgb(colours.good), rgb(colours.bad)];
  const at = { ...fixed }, { margins, polynomial } = rule.stability, lams = up.curved ? [0] : curvatures;
  for (let j = 0; j < rows; j++) for (let i = 0; i < columns; i++) {
    at[across.key] = onAxis(across, (i + 0.5) / columns);
    at[up.key] = onAxis(up, 1 - (j + 0.5) / rows);
    let rate = 0;
    for (const lam of lams) {
      if (!up.curved) at[rule.curvature.key] = lam;
      rate = margins(at).every(side => side > 0) ? Math.max(rate, radius(polynomial(at))) : Infinity;
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
function drawMap(rule, values, curvatures) {
  const { context, width, height } = cleared("map"), tell = text => say(find("map-says"), text);
  if (rule.stability.reason || !curvatures || !rule.parameters.length) {
    tell(rule.stability.reason ? `There is no map: ${rule.stability.reason}.` : curvatures ? "The rule has no parameters." : "There is no map: no minimum was found below the start.");
    return;
  }
  const { across, up } = axesOf(rule);
  context.imageSmoothingEnabled = true;
  context.drawImage(mapPicture(rule, values, curvatures), 0, 0, width, height);
  context.drawImage(pictured("scales", [across.key, up.key], canvases.map, (c, w, h) => drawScales(c, w, h, across, up)), 0, 0, width, height);
  context.fillStyle = colours.ink;
  context.strokeStyle = colours.paper;
  context.lineWidth = 2;
  for (const lam of up.curved ? curvatures : [0]) {
    context.beginPath();
    context.arc(clamp(offAxis(across, values[across.key]), 0, 1) * width, (1 - clamp(offAxis(up, up.curved ? lam : values[up.key]), 0, 1)) * height, 6, 0, 7);
    context.fill(); context.stroke();
  }
  const name = axis => `${axis.sign}${axis.says ? `, ${axis.says}` : ""}`, margin = marginOf(rule, values, curvatures);
  tell(`${margin > 0 ? "Stable" : margin < 0 ? "Unstable" : "On the boundary"} here, with a margin of ${short(margin)}. Across: ${name(across)}. Up: ${name(up)}. Green is stable, deeper green converges faster.`);
}
