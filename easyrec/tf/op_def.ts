import { didYouMean, GraphError } from '../errors.js';
import { bufferBytes, readBuffer } from './buffer.js';
import { dtypeOfCode } from './dtype.js';
import type { Graph, OpInput, Output } from './graph.js';
import { native } from './native.js';
import type { ArgDef, OpDef } from './protos.js';
import { decodeMessage } from './protos.js';
import { TensorflowError, withStatus } from './status.js';

/** Every op registered in this process, built in or brought by an op library. */
export function registeredOps(): readonly OpDef[] {
  const buffer = native().TF_GetAllOpList();
  try {
    return decodeMessage('OpList', bufferBytes(buffer)).op ?? [];
  } finally {
    native().TF_DeleteBuffer(buffer);
  }
}

/** The definitions of op types, asked for one by one: decoding all 1,500 at once would cost a start-up 0.2 s. */
export class OpDefs {
  readonly #known = new Map<string, OpDef>();

  constructor(readonly graph: Graph) {}

  /** @throws GraphError with the nearest registered names when there is no such op. */
  get(type: string): OpDef {
    let opDef = this.#known.get(type);
    if (opDef === undefined) {
      opDef = this.#fetch(type);
      this.#known.set(type, opDef);
    }
    return opDef;
  }

  #fetch(type: string): OpDef {
    try {
      const bytes = readBuffer((buffer) =>
        withStatus((status) => native().TF_GraphGetOpDef(this.graph.handle, type, buffer, status)),
      );
      return decodeMessage('OpDef', bytes);
    } catch (error) {
      if (!(error instanceof TensorflowError)) throw error;
      const names = registeredOps().map((op) => op.name);
      throw new GraphError(`op "${type}": not registered${didYouMean(type, names)}`, { cause: error });
    }
  }
}

/**
 * Holds inputs against an op's definition, so that a mistake names the argument.
 *
 * @throws GraphError
 */
export function matchInputs(graph: Graph, opDef: OpDef, inputs: readonly OpInput[]): void {
  const args = opDef.input_arg ?? [];
  if (inputs.length !== args.length) {
    const names = args.map((arg) => arg.name).join(', ');
    throw new GraphError(
      `${opDef.name}: expected ${args.length} inputs (${names}), received ${inputs.length}`,
    );
  }
  const types = new Map<string, { arg: string; code: number }>();
  args.forEach((arg, i) => {
    const input = inputs[i];
    if (input === undefined) return;
    matchGraph(graph, opDef, arg, input);
    matchArgument(opDef, arg, input, types);
  });
}

/** TensorFlow itself would link the graphs, and crash when one of them is freed. */
function matchGraph(graph: Graph, opDef: OpDef, arg: ArgDef, input: OpInput): void {
  const outputs = isOutputList(input) ? input : [input];
  const stranger = outputs.find((output) => output.graph !== graph);
  if (stranger === undefined) return;
  throw new GraphError(
    `${opDef.name}: input "${arg.name}": expected an output of the same graph, received "${stranger.name}" of another`,
  );
}

function matchArgument(
  opDef: OpDef,
  arg: ArgDef,
  input: OpInput,
  types: Map<string, { arg: string; code: number }>,
): void {
  const isList = (arg.number_attr ?? '') !== '' || (arg.type_list_attr ?? '') !== '';
  const where = `${opDef.name}: input "${arg.name}"`;
  if (isList !== isOutputList(input)) {
    throw new GraphError(
      `${where}: expected ${isList ? 'a list of tensors' : 'one tensor'}, received ${isList ? 'one' : 'a list'}`,
    );
  }
  if ((arg.type_list_attr ?? '') !== '') return;
  for (const output of isOutputList(input) ? input : [input]) {
    const code = native().TF_OperationOutputType(output.native) % 100;
    const attr = arg.type_attr ?? '';
    const expected = attr === '' ? { arg: '', code: arg.type ?? 0 } : types.get(attr);
    if (expected === undefined) types.set(attr, { arg: arg.name, code });
    else if (expected.code !== code) {
      const like = expected.arg === '' || expected.arg === arg.name ? '' : ` like "${expected.arg}"`;
      throw new GraphError(
        `${where}: expected ${dtypeOfCode(expected.code)}${like}, received ${dtypeOfCode(code)} from "${output.name}"`,
      );
    }
  }
}

function isOutputList(input: OpInput): input is readonly Output[] {
  return Array.isArray(input);
}
