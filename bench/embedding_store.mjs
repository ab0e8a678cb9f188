// node bench/embedding_store.mjs [--rule=lazy|exact|adagrad] [--rows=1000000] [--batch=4096] [--steps=400] [--threads=2]
//     [--keys [--filter_freq=N]] [--library=FILE]
// What lookups and updates of the native embedding store cost, in ms a step: 26 features with ids as Criteo's have
// them (Zipf), each in a table of dim 16 and in one of dim 1, with --keys in tables without a number of rows. Run npm run
// build first; for figures to compare, nothing else may run.
import minimist from 'minimist';
import { EmbeddingStore } from '../dist/easyrec/train/embedding_store/embedding_store.js';
import { Graph, makeStep, ops, scalar, Session, tensor } from '../dist/easyrec/tf/index.js';

// Distinct values, exponent of Zipf's law and share of missing values of each feature of Criteo's data.
const FEATURES = [
  [1460, 1.05, 0],
  [583, 0.9, 0],
  [1200000, 0.8, 0.034],
  [700000, 0.9, 0.034],
  [305, 1.2, 0],
  [24, 1.001, 0.12],
  [12517, 0.85, 0],
  [633, 1.2, 0],
  [3, 1.5, 0],
  [93145, 0.95, 0],
  [5683, 0.8, 0],
  [1100000, 0.8, 0.034],
  [3194, 0.8, 0],
  [27, 1.001, 0],
  [14992, 0.9, 0],
  [1000000, 0.82, 0.034],
  [10, 1.001, 0],
  [5652, 0.9, 0],
  [2173, 1.1, 0.44],
  [4, 0.5, 0.44],
  [1100000, 0.8, 0.034],
  [18, 1.001, 0.76],
  [15, 0.9, 0],
  [286181, 0.85, 0.034],
  [105, 1.1, 0.44],
  [142572, 0.9, 0.44],
];
const DIMS = [16, 1];
const SLOTS = [
  { suffix: 'a', initial: 0 },
  { suffix: 'b', initial: 0 },
];
const RULES = {
  lazy: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, everyStep: false, slots: SLOTS },
  exact: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, everyStep: true, slots: SLOTS },
  adagrad: { kind: 'adagrad', slots: [{ suffix: 'a', initial: 0.1 }] },
};

const argv = minimist(process.argv.slice(2));
const settings = { rule: 'lazy', rows: 1e6, batch: 4096, steps: 400, threads: 2, batches: 50, ...argv };
const { batch, rows } = settings;

let state = 1;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

/** A bucket for a value of a feature. */
function bucket(feature, value) {
  let x = Math.imul(value ^ (feature << 26), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return BigInt(Math.floor((((x ^ (x >>> 16)) >>> 0) / 2 ** 32) * rows));
}

function idsOf(feature) {
  const [distinct, exponent, missing] = FEATURES[feature];
  const p = 1 - exponent;
  return BigInt64Array.from({ length: batch }, () => {
    if (random() < missing) return bucket(feature, -1);
    const rank = Math.floor((((distinct + 1) ** p - 1) * random() + 1) ** (1 / p)) - 1;
    return bucket(feature, Math.min(distinct - 1, rank));
  });
}

const graph = new Graph();
const store = new EmbeddingStore({
  rule: RULES[settings.rule],
  threads: settings.threads,
  ...(settings.library && { library: settings.library }),
});
const tables = DIMS.map((dim) =>
  FEATURES.map((_, f) =>
    store.addTable({
      name: `table_${f}_${dim}`,
      rows,
      dim,
      initial: { kind: 'truncated_normal', mean: 0, deviation: 0.0025 },
      seed: [1, f],
      ...(settings.keys && { keys: { filterFreq: settings.filter_freq ?? 0, stepsToLive: 0 } }),
    }),
  ),
);
const batchSize = ops.constant(graph, 'int32', batch);
const ids = FEATURES.map(() => ops.placeholder(graph, 'int64', [batch], 'ids'));
const rowsOfIds = FEATURES.map(() => ops.constant(graph, 'int64', []));
const weights = FEATURES.map(() => ops.constant(graph, 'float32', []));
const attrs = (used) => ({
  store: store.id,
  features: used.map(({ name }) => name),
  tables: used.map(({ index }) => index),
  combiners: used.map(() => 'sum'),
});
const lookups = tables.map((used) =>
  graph.op('EasyRecEmbeddingLookup', [batchSize, ids, rowsOfIds, weights], { ...attrs(used), train: true }),
);
const gradients = DIMS.map((dim) =>
  ops.placeholder(graph, 'float32', [batch, dim * FEATURES.length], 'gradients'),
);
const [rate, scale] = [0.001, 1].map((value) => ops.constant(graph, 'float32', value));
const update = graph.op(
  'EasyRecEmbeddingUpdate',
  [
    rate,
    scale,
    DIMS.map(() => batchSize),
    [...ids, ...ids],
    [...rowsOfIds, ...rowsOfIds],
    [...weights, ...weights],
    lookups.map((op) => op.output(1)),
    gradients,
  ],
  { ...attrs(tables.flat()), lookup_sizes: DIMS.map(() => FEATURES.length) },
);
const look = makeStep({ feeds: ids, fetches: [], targets: lookups });
const train = makeStep({ feeds: [...ids, ...gradients], fetches: [], targets: [update] });
const session = Session.create(graph, {
  config: { intraOpParallelismThreads: settings.threads, interOpParallelismThreads: 1 },
});
const slopes = DIMS.map((dim) => {
  const width = dim * FEATURES.length;
  return tensor(
    'float32',
    [batch, width],
    Float32Array.from({ length: batch * width }, () => random() - 0.5),
  );
});
const batches = Array.from({ length: settings.batches }, () =>
  FEATURES.map((_, f) => tensor('int64', [batch], idsOf(f))),
);

function milliseconds(call) {
  const start = performance.now();
  call();
  return performance.now() - start;
}
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

const first = milliseconds(() => session.runSync(train, [...batches[0], ...slopes]));
for (const each of batches.slice(1)) session.runSync(train, [...each, ...slopes]);
const looked = [];
let cpu = 0;
const trained = [];
for (let step = 0; step < settings.steps; step++) {
  const fed = batches[step % batches.length];
  const before = process.cpuUsage();
  trained.push(milliseconds(() => session.runSync(train, [...fed, ...slopes])));
  const { user, system } = process.cpuUsage(before);
  cpu += (user + system) / 1000;
  if (settings.rule !== 'exact') looked.push(milliseconds(() => session.runSync(look, fed)));
}
const figures = {
  rule: settings.rule,
  rows,
  first_ms: Number(first.toFixed(1)),
  step_ms: Number(median(trained).toFixed(2)),
  least_ms: Number(Math.min(...trained).toFixed(2)),
  cpu_ms: Number((cpu / settings.steps).toFixed(2)),
  lookup_ms: Number(median(looked).toFixed(2)),
  rows_in_memory: store.tables.reduce((sum, table) => sum + store.statsOf(table).rows, 0),
  mb: Math.round(store.tables.reduce((sum, table) => sum + store.statsOf(table).bytes, 0) / 2 ** 20),
  rss_mb: Math.round(process.memoryUsage.rss() / 2 ** 20),
};
console.log(JSON.stringify(figures));
await session.close();
store.dispose();
