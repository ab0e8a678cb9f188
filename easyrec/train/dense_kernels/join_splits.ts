import { constantInt } from '../../tf/grad/constant_value.js';
import type { Output } from '../../tf/index.js';

/**
 * The same columns in the same order, with what was split, along its columns, in place of its parts where all of these
 * stand in a row. A part that nothing else uses is then never copied.
 *
 * @param tensors `[B, *]` each
 */
export function joinSplits(tensors: readonly Output[]): readonly Output[] {
  const joined: Output[] = [];
  for (let i = 0; i < tensors.length;) {
    const tensor = tensors[i];
    if (tensor === undefined) break;
    const count = tensor.op.type === 'SplitV' ? tensor.op.outputs.length : 0;
    if (count > 0 && startsWith(tensors.slice(i), tensor.op.outputs) && isByColumns(tensor)) {
      joined.push(tensor.op.input(0));
      i += count;
    } else {
      joined.push(tensor);
      i++;
    }
  }
  return joined;
}

function startsWith(tensors: readonly Output[], parts: readonly Output[]): boolean {
  return parts.every((part, i) => tensors[i]?.op === part.op && tensors[i].index === part.index);
}

function isByColumns({ op }: Output): boolean {
  return constantInt(op.input(2)) === 1 && op.input(0).shape?.length === 2;
}
