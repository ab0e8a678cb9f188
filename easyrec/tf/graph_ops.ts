import { registeredOps } from './op_def.js';
import type { GraphDef } from './protos.js';

/** Where a graph uses an op. */
export interface OpUse {
  readonly op: string;
  /** The first node of that op; in a function's body, `function: node`. */
  readonly node: string;
  /** How many nodes are of that op. */
  readonly count: number;
}

/**
 * The ops that a graph and the functions in its library are made of, in order of first use.
 *
 * @returns One entry an op; calls of the graph's own functions are no ops.
 */
export function opsOfGraph(graphDef: GraphDef): OpUse[] {
  const functions = graphDef.library?.function ?? [];
  const own = new Set(functions.map((each) => each.signature?.name));
  const uses = new Map<string, OpUse>();
  const add = (op: string, node: string): void => {
    if (own.has(op)) return;
    const { node: first = node, count = 0 } = uses.get(op) ?? {};
    uses.set(op, { op, node: first, count: count + 1 });
  };
  for (const { op, name } of graphDef.node ?? []) add(op, name);
  for (const { signature, node_def = [] } of functions) {
    for (const { op, name } of node_def) add(op, `${signature?.name ?? ''}: ${name}`);
  }
  return [...uses.values()];
}

/** The ops of a graph that this process does not know: no op library that registers them has been loaded. */
export function unregisteredOps(graphDef: GraphDef): OpUse[] {
  const known = new Set(registeredOps().map(({ name }) => name));
  return opsOfGraph(graphDef).filter(({ op }) => !known.has(op));
}
