import type { Graph } from '../tf/index.js';

/**
 * Runs `build` in the name scope of a layer, given from the root as its variables' names are: of
 * `backbone/mlp/layer_0/dense` only what is not yet part of the current scope is added.
 */
export function layerScope<Result>(graph: Graph, name: string, build: () => Result): Result {
  const parts = name.split('/');
  const current = `/${graph.currentScope}`;
  for (let count = parts.length; count > 0; count--) {
    if (!current.endsWith(`/${parts.slice(0, count).join('/')}`)) continue;
    return count === parts.length ? build() : graph.scope(parts.slice(count).join('/'), build);
  }
  return graph.scope(name, build);
}
