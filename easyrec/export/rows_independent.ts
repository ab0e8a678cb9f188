import { sep } from 'node:path';
import { packageFile } from '../package_files.js';
import type { Output } from '../tf/index.js';
import type { LibraryUse } from './graph_ops.js';
import { RowFacts } from './row_facts.js';
import { elementwise, ROW_RULES } from './row_rules.js';

/** Of the toolkit's own ops, those that work row by row; other libraries may have others of the same name. */
const OWN_OPS: ReadonlySet<string> = new Set(['OverlapFgOp', 'MyEditDistance']);

/**
 * Whether each row of a model's outputs depends on the same row of its inputs alone, so that the rows of several
 * requests can be computed together. True only where the graph proves it; an op that is not known to work row by row,
 * as those of a user's own library, does not.
 *
 * @param uses As `libraryOps` finds them.
 */
export function rowsIndependent(
  { inputs, outputs }: { readonly inputs: Iterable<Output>; readonly outputs: Iterable<Output> },
  uses: readonly LibraryUse[],
): boolean {
  const own = packageFile(`ops${sep}lib${sep}`);
  const known = uses.filter(({ op, library }) => OWN_OPS.has(op) && library?.path.startsWith(own) === true);
  const ownOps = new Set(known.map(({ op }) => op));
  const foreign = new Set(uses.map(({ op }) => op).filter((op) => !ownOps.has(op)));
  const facts = new RowFacts(inputs, (type) => {
    if (foreign.has(type)) return undefined;
    return ownOps.has(type) ? elementwise : Object.hasOwn(ROW_RULES, type) ? ROW_RULES[type] : undefined;
  });
  const all = [...outputs];
  return all.length > 0 && all.every((output) => facts.isByRow(output));
}
