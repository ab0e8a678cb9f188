import { GraphError } from '../errors.js';
import type { Output } from '../tf/index.js';
import { Graph, makeStep, ops, Session, tensor } from '../tf/index.js';

/** The largest modulus that StringToHashBucketFast takes. */
const BUCKETS = 2n ** 63n - 1n;

function fingerprints(words: Output): Output {
  return words.graph.op('StringToHashBucketFast', [words], { num_buckets: BUCKETS }).output();
}

/** The fingerprint of each word, by TensorFlow itself. */
function fingerprintsOf(words: readonly string[]): BigInt64Array {
  const graph = new Graph();
  const input = ops.placeholder(graph, 'string', [-1], 'words');
  const step = makeStep({ feeds: [input], fetches: [fingerprints(input)] });
  const session = Session.create(graph);
  try {
    using feed = tensor('string', [words.length], words);
    const [result] = session.runSync(step, [feed]);
    if (result === undefined) throw new RangeError('fingerprints: expected one result');
    using values = result;
    return values.data('int64').slice();
  } finally {
    // Closing is asynchronous; nothing here depends on it.
    void session.close().then(() => graph.dispose());
  }
}

/** The words' positions, by ascending fingerprint. */
function orderOf(hashes: BigInt64Array, words: readonly string[]): number[] {
  const order = [...hashes.keys()].sort((a, b) => ((hashes[a] ?? 0n) < (hashes[b] ?? 0n) ? -1 : 1));
  const twin = order.findIndex((i, at) => at > 0 && hashes[i] === hashes[order[at - 1] ?? i]);
  if (twin > 0) {
    const pair = order.slice(twin - 1, twin + 1).map((i) => JSON.stringify(words[i]));
    throw new GraphError(`vocabulary: expected distinct words, received ${pair.join(' and ')}`);
  }
  return order;
}

/**
 * The position of each text among distinct `words`, int64 of the same shape; 0 for any other text.
 *
 * A lookup table would have to be filled when a session starts and again wherever an export is loaded. This is a
 * binary search among the words' sorted fingerprints instead, all of it constants of the graph; comparing the word
 * found with the text makes it exact. 100,000 words cost 17 steps a text.
 */
export function vocabularyIds(texts: Output, words: readonly string[]): Output {
  const { graph } = texts;
  const hashes = fingerprintsOf(words);
  const order = orderOf(hashes, words);
  const sorted = ops.constant(
    graph,
    'int64',
    BigInt64Array.from(order, (i) => hashes[i] ?? 0n),
    [1, words.length],
  );
  const sortedWords = ops.constant(
    graph,
    'string',
    order.map((i) => words[i] ?? ''),
  );
  const ids = ops.constant(graph, 'int64', BigInt64Array.from(order, BigInt));

  const wanted = ops.reshape(fingerprints(texts), [1, -1]);
  const found = ops.reshape(graph.op('LowerBound', [sorted, wanted]).output(), [-1]);
  const position = ops.minimum(found, words.length - 1);
  const matches = ops.equal(ops.gather(sortedWords, position), texts);
  return ops.select(matches, ops.gather(ids, position), 0);
}
