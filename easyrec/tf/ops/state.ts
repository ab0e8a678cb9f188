import type { DType } from '../dtype.js';
import type { Graph, Operation, Output } from '../graph.js';

/** The handle of a resource variable; the same name is the same variable within a session. */
export function varHandle(graph: Graph, name: string, dtype: DType, shape: readonly number[]): Output {
  return graph.op('VarHandleOp', [], { dtype, shape, shared_name: name }, { name }).output();
}

/** The value of a variable at the time of reading. */
export function readVariable(handle: Output, dtype: DType): Output {
  return handle.graph.op('ReadVariableOp', [handle], { dtype }).output();
}

/** Sets a variable. */
export function assign(handle: Output, value: Output): Operation {
  return handle.graph.op('AssignVariableOp', [handle, value], { dtype: value.dtype });
}

/** Adds to a variable. */
export function assignAdd(handle: Output, value: Output): Operation {
  return handle.graph.op('AssignAddVariableOp', [handle, value], { dtype: value.dtype });
}

/** Subtracts from a variable. */
export function assignSub(handle: Output, value: Output): Operation {
  return handle.graph.op('AssignSubVariableOp', [handle, value], { dtype: value.dtype });
}

/** Rows of a variable, `[rows, ...] at [n] -> [n, ...]`, without reading the rest of it. */
export function resourceGather(handle: Output, indices: Output, dtype: DType): Output {
  return handle.graph.op('ResourceGather', [handle, indices], { dtype }).output();
}

/** Replaces rows of a variable; indices must be distinct. */
export function resourceScatterUpdate(handle: Output, indices: Output, updates: Output): Operation {
  return handle.graph.op('ResourceScatterUpdate', [handle, indices, updates]);
}

/** Subtracts from rows of a variable; repeated indices add up. */
export function resourceScatterSub(handle: Output, indices: Output, updates: Output): Operation {
  return handle.graph.op('ResourceScatterSub', [handle, indices, updates]);
}

/** A node that does nothing but run after others. */
export function group(graph: Graph, operations: readonly Operation[], name = 'group'): Operation {
  return graph.op('NoOp', [], {}, { name, controlInputs: operations });
}
