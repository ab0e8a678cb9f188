// The page of `easyrec serve`: asks /page/state every two seconds and shows what has changed.

const POLL_MS = 2000;
/** Points of the plots: five minutes. */
const MAX_POINTS = 150;
/** Longer tables of tensors are folded up. */
const OPEN_ROWS = 12;
const SVG = 'http://www.w3.org/2000/svg';

const byId = (id) => document.getElementById(id);

/** The last states, oldest first: differences between them are what is plotted. */
const states = [];
/** What the tables and the form were made from: they are left alone until it changes. */
let shownModels = '';
/** The example that stands in the form; a body that was edited is not replaced. */
let example = '';

/** An element with text or other elements in it; text is never taken for markup. */
function element(name, content = [], attributes = {}) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...[content].flat());
  return node;
}

async function poll() {
  try {
    const response = await fetch('/page/state', { cache: 'no-store' });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const state = await response.json();
    // Counts that went down are those of another process.
    if (states.at(-1)?.started !== state.started) states.length = 0;
    states.push(state);
    if (states.length > MAX_POINTS + 1) states.shift();
    show(state);
  } catch (error) {
    byId('summary').textContent = `The server does not answer: ${error.message}`;
  }
  setTimeout(poll, POLL_MS);
}

function show(state) {
  const available = state.models.filter(({ versions }) => versions.some(isAvailable)).length;
  const text = `${available} of ${state.models.length} models available; started ${new Date(state.started).toLocaleString()}`;
  if (byId('summary').textContent !== text) byId('summary').textContent = text;
  const models = JSON.stringify(state.models);
  if (models !== shownModels) {
    shownModels = models;
    byId('models').replaceChildren(...state.models.flatMap(modelTables));
    setOptions(byId('plotted'), [['', 'all models'], ...state.models.map(({ name }) => [name, name])]);
    setOptions(
      byId('model'),
      state.models.map(({ name }) => [name, name]),
    );
    showChoices();
  }
  plot();
}

function isAvailable({ state }) {
  return state === 'AVAILABLE';
}

function modelTables({ name, versions, signatures }) {
  const rows = versions.map((each) =>
    row([
      each.version,
      element('span', each.state, { class: isAvailable(each) ? 'good' : each.error === '' ? '' : 'bad' }),
      each.error === '' ? '' : `${each.code}: ${each.error}`,
    ]),
  );
  const tensors = signatures.flatMap((signature) =>
    [
      ...signature.inputs.map((each) => ['input', each]),
      ...signature.outputs.map((each) => ['output', each]),
    ].map(([kind, { name: tensor, dtype, shape }]) =>
      row([signature.name, kind, tensor, `${dtype} ${shape}`]),
    ),
  );
  const parts = [element('h3', name), table(`Versions of ${name}`, ['Version', 'State', 'Problem'], rows)];
  if (tensors.length > 0) {
    const tensorTable = table(
      `Inputs and outputs of ${name}`,
      ['Signature', 'Kind', 'Tensor', 'Type'],
      tensors,
    );
    const details = element('details', [element('summary', `Signatures of ${name}`), tensorTable]);
    details.open = tensors.length <= OPEN_ROWS;
    parts.push(details);
  }
  return parts;
}

function row(cells) {
  return element(
    'tr',
    cells.map((cell) => element('td', cell)),
  );
}

function table(caption, headings, rows) {
  const head = headings.map((heading) => element('th', heading, { scope: 'col' }));
  const parts = [element('caption', caption), element('thead', element('tr', head)), element('tbody', rows)];
  return element('div', element('table', parts), { class: 'scroll' });
}

/** Replaces the options of a list and keeps what is chosen, if it is still there. */
function setOptions(select, options) {
  const chosen = select.value;
  select.replaceChildren(...options.map(([value, text]) => element('option', text, { value })));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}

// The plots.

/** What happened between two states: requests per second, and the latency's quantiles. */
function between(before, after, model) {
  const seconds = (after.now - before.now) / 1000;
  const counted = (state, isGood) =>
    state.counts
      .filter((each) => (model === '' || each.model === model) && (each.status === 'OK') === isGood)
      .reduce((sum, each) => sum + each.count, 0);
  const buckets = (state) =>
    state.latencies
      .filter((each) => model === '' || each.model === model)
      .reduce(
        (sums, { counts }) => sums.map((sum, i) => sum + counts[i]),
        after.limits.concat(Infinity).map(() => 0),
      );
  const earlier = buckets(before);
  const counts = buckets(after).map((count, i) => count - earlier[i]);
  return {
    good: (counted(after, true) - counted(before, true)) / seconds,
    bad: (counted(after, false) - counted(before, false)) / seconds,
    p50: quantile(counts, after.limits, 0.5),
    p99: quantile(counts, after.limits, 0.99),
  };
}

/** A quantile in milliseconds, taken to lie evenly within its bucket; null where nothing was counted. */
function quantile(counts, limits, share) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let left = share * total;
  for (const [i, count] of counts.entries()) {
    if (left <= count && count > 0) {
      const low = limits[i - 1] ?? 0;
      const high = limits[i] ?? low;
      return (low + ((high - low) * left) / count) / 1000;
    }
    left -= count;
  }
  return limits.at(-1) / 1000;
}

function plot() {
  const model = byId('plotted').value;
  const points = states.slice(1).map((state, i) => between(states[i], state, model));
  const last = points.at(-1);
  draw(
    byId('rate'),
    points.map(({ good }) => good),
    points.map(({ bad }) => bad),
    linear,
  );
  draw(
    byId('latency'),
    points.map(({ p50 }) => p50),
    points.map(({ p99 }) => p99),
    logarithmic,
  );
  const figure = (value) => (value === null ? '–' : String(Number(value.toPrecision(3))));
  byId('rate-text').textContent =
    last === undefined ? '' : `Solid: ${figure(last.good)} succeed; dashed: ${figure(last.bad)} fail.`;
  byId('latency-text').textContent =
    last === undefined ? '' : `Solid: p50 ${figure(last.p50)} ms; dashed: p99 ${figure(last.p99)} ms.`;
}

/** Two lines over time, the newest point at the right; a point without a value is a gap. */
function draw(svg, first, second, scale) {
  const [width, height, left, bottom] = [600, 200, 48, 20];
  const { place, marks } = scale([...first, ...second].filter((value) => value !== null));
  const x = (i) => left + ((width - left) * (i + MAX_POINTS - first.length)) / (MAX_POINTS - 1);
  const y = (value) => height - bottom - (height - bottom - 10) * place(value);
  const parts = marks.flatMap((mark) => [
    shape('line', { class: 'grid', x1: left, x2: width, y1: y(mark), y2: y(mark) }),
    shape('text', { x: left - 6, y: y(mark) + 4, 'text-anchor': 'end' }, String(mark)),
  ]);
  parts.push(shape('text', { x: left, y: height - 2 }, '5 minutes ago'));
  parts.push(shape('text', { x: width, y: height - 2, 'text-anchor': 'end' }, 'now'));
  parts.push(shape('path', { class: 'first', d: path(first, x, y) }));
  parts.push(shape('path', { class: 'second', d: path(second, x, y) }));
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.replaceChildren(...parts);
}

/** From 0 to a round number above all values. */
function linear(values) {
  const top = nice(Math.max(...values, 0));
  return { place: (value) => value / top, marks: [0, top / 2, top] };
}

/** Powers of ten around all values: a p99 may be a hundred times the p50, and both are to be seen. */
function logarithmic(values) {
  const low = Math.floor(Math.log10(Math.min(...values, 1)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...values, 1))), low + 1);
  const marks = Array.from({ length: high - low + 1 }, (_, i) => Number(`1e${low + i}`));
  return { place: (value) => (Math.log10(value) - low) / (high - low), marks };
}

function path(values, x, y) {
  let isGap = true;
  let d = '';
  for (const [i, value] of values.entries()) {
    if (value !== null) d += `${isGap ? 'M' : 'L'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    isGap = value === null;
  }
  return d;
}

function shape(name, attributes, text = '') {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.textContent = text;
  return node;
}

/** The next number of the form 1, 2 or 5 times a power of ten. */
function nice(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].find((each) => each * power >= value) * power;
}

// The form.

function chosenModel() {
  return states.at(-1)?.models.find(({ name }) => name === byId('model').value);
}

function showChoices() {
  const model = chosenModel();
  const versions = (model?.versions ?? []).filter(isAvailable).map(({ version }) => [version, version]);
  setOptions(byId('version'), [['', 'newest'], ...versions]);
  setOptions(
    byId('signature'),
    (model?.signatures ?? []).map(({ name }) => [name, name]),
  );
  showExample();
}

function showExample() {
  const signature = chosenModel()?.signatures.find(({ name }) => name === byId('signature').value);
  if (byId('body').value !== example) return;
  example = signature === undefined ? '' : exampleOf(signature);
  byId('body').value = example;
}

/** A request with one row of zeros and empty texts: it shows the form, and what has to be filled in. */
function exampleOf({ name, inputs }) {
  const isRow = inputs.every(({ dims }) => dims === null || dims.length > 0);
  const values = inputs.map((input) => [input.name, valueOf(input, isRow ? 1 : 0)]);
  const content = isRow
    ? { instances: [Object.fromEntries(values)] }
    : { inputs: Object.fromEntries(values) };
  return JSON.stringify({ signature_name: name, ...content }, null, 2);
}

function valueOf({ dtype, dims }, from) {
  const value = dtype === 'string' ? '' : dtype === 'bool' ? false : 0;
  return (dims ?? [])
    .slice(from)
    .reverse()
    .reduce((inner, size) => Array.from({ length: Math.max(size, 1) }, () => inner), value);
}

async function predict(event) {
  event.preventDefault();
  const button = event.target.querySelector('button');
  const version = byId('version').value;
  const name = encodeURIComponent(byId('model').value);
  const started = performance.now();
  button.disabled = true;
  byId('answer-status').textContent = 'Waiting for the answer…';
  byId('answer').textContent = '';
  try {
    const path = `/v1/models/${name}${version === '' ? '' : `/versions/${version}`}:predict`;
    const response = await fetch(path, { method: 'POST', body: byId('body').value });
    const text = await response.text();
    const ms = (performance.now() - started).toFixed(1);
    byId('answer-status').textContent =
      `${response.ok ? 'OK' : 'Error'}: HTTP ${response.status} after ${ms} ms`;
    byId('answer-status').className = response.ok ? 'good' : 'bad';
    byId('answer').textContent = text;
  } catch (error) {
    byId('answer-status').textContent = `The server does not answer: ${error.message}`;
    byId('answer-status').className = 'bad';
  }
  button.disabled = false;
}

byId('plotted').addEventListener('change', plot);
byId('model').addEventListener('change', showChoices);
byId('signature').addEventListener('change', showExample);
byId('predict').addEventListener('submit', predict);
poll();
