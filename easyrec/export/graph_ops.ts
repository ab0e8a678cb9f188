import { GraphError } from '../errors.js';
import type { GraphDef, OpUse } from '../tf/index.js';
import { loadedOpLibraries, opsOfGraph, registeredOps } from '../tf/index.js';

/** An op library as far as it matters for a graph: which ops it brings. */
export interface OpProvider {
  readonly sha256: string;
  readonly path: string;
  readonly ops: readonly string[];
}

/** What a graph takes from op libraries. */
export interface LibraryUse extends OpUse {
  /** Which loaded library registered the op; undefined when none that we loaded did. */
  readonly library: OpProvider | undefined;
}

/**
 * The ops of a graph, its functions included, that stock TensorFlow does not have: those that an op library registered
 * in this process, and those that nobody did.
 */
export function libraryOps(graphDef: GraphDef): LibraryUse[] {
  const known = new Set(registeredOps().map(({ name }) => name));
  const owners = new Map<string, OpProvider>();
  for (const { ops, path, sha256 } of loadedOpLibraries()) {
    const provider = { path, sha256, ops: ops.map(({ name }) => name) };
    for (const op of provider.ops) owners.set(op, provider);
  }
  return opsOfGraph(graphDef).flatMap((use) => {
    const library = owners.get(use.op);
    return library === undefined && known.has(use.op) ? [] : [{ ...use, library }];
  });
}

/**
 * Makes sure that every op of a model travels with it.
 *
 * @param uses As `libraryOps` finds them.
 * @param providers The libraries that go into the model.
 * @param componentOf The component that added a node, for the message. Default: what the node's name says.
 * @throws GraphError naming op, node and component.
 */
export function checkProvided(
  uses: readonly LibraryUse[],
  providers: readonly OpProvider[],
  componentOf: (node: string) => string | undefined = scopeOf,
): void {
  const provided = new Set(providers.flatMap(({ ops }) => ops));
  const missing = uses.filter(({ op }) => !provided.has(op));
  if (missing.length === 0) return;
  const details = missing.map(({ op, node, count, library }) => {
    const component = componentOf(node);
    const where = component === undefined ? `node "${node}"` : `node "${node}", component "${component}"`;
    const times = count > 1 ? ` and ${count - 1} more` : '';
    const from = library === undefined ? '' : `; it was loaded from ${library.path}`;
    return `${op} (${where}${times}${from})`;
  });
  const listed = providers.map(({ path, ops }) => `${path} (${ops.join(', ') || 'no ops'})`).join(', ');
  throw new GraphError(
    `export: the graph uses ops that no op library of the model registers: ${details.join(', ')}; ` +
      `listed are ${listed || 'none'}; name the library in --asset_files`,
  );
}

/** The scope that a component builds in: `backbone/<block>`, or a node's first scope. */
function scopeOf(node: string): string | undefined {
  const scopes = node.split('/').slice(0, -1);
  if (scopes.length === 0) return undefined;
  return scopes[0] === 'backbone' ? scopes.slice(0, 2).join('/') : scopes[0];
}
