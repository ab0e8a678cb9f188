/** A node of a graph, as far as it matters for merging. */
export interface MergeableNode {
  readonly name: string;
  /** As a NodeDef has them: `node`, `node:1`, `^node`. */
  readonly inputs: readonly string[];
  /** What the node does with its inputs: two with the same text and inputs compute the same. Null: never merged. */
  readonly computes: string | null;
}

/**
 * Finds nodes that compute what another one does already: by each one's name, the name of the node that stands for it.
 * Of alike nodes the first stays.
 *
 * @param nodes inputs before what reads them; where they are not, as in loops, nothing is merged by way of them
 */
export function mergeNodes(nodes: readonly MergeableNode[]): ReadonlyMap<string, string> {
  const merged = new Map<string, string>();
  const first = new Map<string, string>();
  for (const { name, inputs, computes } of nodes) {
    if (computes === null) continue;
    const key = JSON.stringify([computes, ...replaceInputs(inputs, merged)]);
    const standIn = first.get(key);
    if (standIn === undefined) first.set(key, name);
    else merged.set(name, standIn);
  }
  return merged;
}

/** The inputs of a node once others stand for the nodes they name. */
export function replaceInputs(
  inputs: readonly string[],
  merged: ReadonlyMap<string, string>,
): readonly string[] {
  const replaced = inputs.map((input) => {
    const { mark, node, index } = splitInput(input);
    return `${mark}${merged.get(node) ?? node}${index}`;
  });
  // Two control inputs may have become one, which TensorFlow wants only once.
  return replaced.filter((input, i) => !input.startsWith('^') || replaced.indexOf(input) === i);
}

/** The name of the node that an input refers to. */
export function nodeOfInput(input: string): string {
  return splitInput(input).node;
}

function splitInput(input: string): { readonly mark: string; readonly node: string; readonly index: string } {
  const [, mark = '', node = '', index = ''] = /^(\^?)(.*?)(:\d+)?$/s.exec(input) ?? [];
  return { mark, node, index };
}
