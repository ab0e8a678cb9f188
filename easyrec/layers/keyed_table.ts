import type { Combiner } from '../features/spec.js';
import type { SparseIds } from '../features/types.js';
import type { Output, Variable, Variables } from '../tf/index.js';
import { ops } from '../tf/index.js';
import { embeddingLookup } from './embedding.js';
import { zeros } from './initializers.js';

/**
 * The variable with the keys of a table that has a row for each key: int64 `[n]`, ascending. Row 0 is that of all keys
 * that are not there: its key is -1, and it is 0.
 */
export function keysName(table: string): string {
  return `${table}-keys`;
}

/** The variable with the rows of such a table, or of a slot of it: float32 `[n, dim]`. */
export function valuesName(table: string): string {
  return `${table}-values`;
}

/** Makes the variables of such a table, to be filled from a checkpoint that has them in this shape. */
export function createKeyedTable(
  variables: Variables,
  name: string,
  [n, dim]: readonly [number, number],
): void {
  const options = { initializer: zeros(), trainable: false };
  variables.getOrCreate(keysName(name), { ...options, shape: [n], dtype: 'int64' });
  variables.getOrCreate(valuesName(name), { ...options, shape: [n, dim] });
}

/** As `embeddingLookup`, in such a table. */
export function keyedLookup(
  variables: Variables,
  table: string,
  value: SparseIds,
  combiner: Combiner,
): Output {
  const positions = positionsOf(variableOf(variables, keysName(table)), value.ids);
  const values = variableOf(variables, valuesName(table));
  return embeddingLookup(values, { ...value, ids: positions }, { combiner, mayReadTable: false });
}

/** Where each key is, 0 for one that is not there: by binary search. */
function positionsOf(keys: Variable, ids: Output): Output {
  const [count = 0] = keys.shape;
  const { graph } = ids;
  const sorted = ops.reshape(keys.read(), [1, count]);
  const wanted = ops.reshape(ids, [1, -1]);
  const found = graph.op('LowerBound', [sorted, wanted], { out_type: 'int64' }).output();
  const places = ops.minimum(ops.reshape(found, [-1]), ops.constant(graph, 'int64', count - 1));
  const isThere = ops.equal(keys.gather(places), ids);
  return ops.select(isThere, places, ops.constant(graph, 'int64', 0));
}

/** A variable that the plain engine has made. */
export function variableOf(variables: Variables, name: string): Variable {
  const variable = variables.find(name);
  if (variable === undefined) throw new Error(`no variable ${name}: made by another engine`);
  return variable;
}
