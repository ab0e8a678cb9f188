import { GraphError } from '../errors.js';
import type { Attrs } from './attributes.js';
import { setAttributes } from './attributes.js';
import { readBuffer, withBuffer } from './buffer.js';
import type { DType } from './dtype.js';
import { dtypeOfCode } from './dtype.js';
import type { Handle, NativeOutput } from './native.js';
import { native } from './native.js';
import { matchInputs, OpDefs } from './op_def.js';
import type { AttrValueProto, GraphDef } from './protos.js';
import { decodeMessage, encodeMessage } from './protos.js';
import { TensorflowError, withStatus } from './status.js';

/** A static shape: -1 for a dimension known only at run time, null when not even the rank is known. */
export type Shape = readonly number[] | null;

/** What an op's argument takes: one output, or a list of them. */
export type OpInput = Output | readonly Output[];

export interface OpOptions {
  /** The node's name within the current scope; made unique. Default: the op type. */
  readonly name?: string;
  readonly controlInputs?: readonly Operation[];
  readonly device?: string;
}

/** One output of an operation: a tensor that a session will compute. */
export class Output {
  constructor(
    readonly op: Operation,
    readonly index: number,
  ) {}

  get graph(): Graph {
    return this.op.graph;
  }

  get native(): NativeOutput {
    return { oper: this.op.handle, index: this.index };
  }

  /** As in a SavedModel's signature: `node:0`. */
  get name(): string {
    return `${this.op.name}:${this.index}`;
  }

  get dtype(): DType {
    return dtypeOfCode(native().TF_OperationOutputType(this.native));
  }

  /** As far as shape inference knows it. */
  get shape(): Shape {
    const { handle } = this.graph;
    const rank = withStatus((status) => native().TF_GraphGetTensorNumDims(handle, this.native, status));
    if (rank < 0) return null;
    const dims = new BigInt64Array(rank);
    withStatus((status) => native().TF_GraphGetTensorShape(handle, this.native, dims, rank, status));
    return Array.from(dims, Number);
  }

  /** Tells shape inference more than it found out itself; -1 for unknown. */
  setShape(shape: readonly number[]): this {
    const dims = BigInt64Array.from(shape, BigInt);
    withStatus((status) =>
      native().TF_GraphSetTensorShape(this.graph.handle, this.native, dims, shape.length, status),
    );
    return this;
  }
}

/** A node of a graph. */
export class Operation {
  readonly name: string;
  readonly type: string;
  readonly numOutputs: number;
  readonly #outputs: Output[];
  #inputs: readonly Output[] | undefined;

  constructor(
    readonly graph: Graph,
    readonly handle: Handle<'TF_Operation'>,
  ) {
    this.name = native().TF_OperationName(handle);
    this.type = native().TF_OperationOpType(handle);
    this.numOutputs = native().TF_OperationNumOutputs(handle);
    this.#outputs = Array.from({ length: this.numOutputs }, (_, i) => new Output(this, i));
  }

  /** @throws GraphError when there is no such output. */
  output(index = 0): Output {
    const output = this.#outputs[index];
    if (output === undefined) {
      throw new GraphError(
        `${this.type} "${this.name}": expected an output below ${this.numOutputs}, received ${index}`,
      );
    }
    return output;
  }

  get outputs(): readonly Output[] {
    return this.#outputs;
  }

  /** All data inputs, lists flattened. */
  get inputs(): readonly Output[] {
    if (this.#inputs === undefined) {
      const count = native().TF_OperationNumInputs(this.handle);
      const words = new BigInt64Array(2 * count);
      if (count > 0) native().TF_OperationAllInputs(this.handle, words, count);
      this.#inputs = Array.from({ length: count }, (_, i) => this.graph.outputAt(words, i));
    }
    return this.#inputs;
  }

  /** @throws GraphError when there is no such input. */
  input(index: number): Output {
    const input = this.inputs[index];
    if (input === undefined) {
      throw new GraphError(
        `${this.type} "${this.name}": expected an input below ${this.inputs.length}, received ${index}`,
      );
    }
    return input;
  }

  /** The value of an attribute, defaults included. */
  attr(name: string): AttrValueProto {
    const bytes = readBuffer((buffer) =>
      withStatus((status) => native().TF_OperationGetAttrValueProto(this.handle, name, buffer, status)),
    );
    return decodeMessage('AttrValue', bytes);
  }
}

/** Outputs as C wants them: TF_Output is a pointer and an int, padded to 16 bytes. */
export function packOutputs(outputs: readonly Output[]): BigInt64Array {
  const words = new BigInt64Array(2 * outputs.length);
  outputs.forEach((output, i) => {
    words[2 * i] = output.op.handle;
    words[2 * i + 1] = BigInt(output.index);
  });
  return words;
}

/** Operations as an array of addresses. */
export function packOperations(operations: readonly Operation[]): BigInt64Array {
  return BigInt64Array.from(operations, (operation) => operation.handle);
}

/** A TensorFlow graph under construction. */
export class Graph implements Disposable {
  readonly #operations = new Map<bigint, Operation>();
  readonly #used = new Map<string, number>();
  readonly #opDefs: OpDefs;
  #handle: Handle<'TF_Graph'> | null;
  #scope = '';
  #control: readonly Operation[] = [];

  constructor() {
    this.#handle = native().TF_NewGraph();
    this.#opDefs = new OpDefs(this);
  }

  /** @throws GraphError once the graph has been disposed of. */
  get handle(): Handle<'TF_Graph'> {
    if (this.#handle === null) throw new GraphError('graph: used after dispose()');
    return this.#handle;
  }

  /** The current name scope, without a slash at its end. */
  get currentScope(): string {
    return this.#scope;
  }

  /** Names of nodes made by `build` begin with `name/`. */
  scope<Result>(name: string, build: () => Result): Result {
    const outer = this.#scope;
    this.#scope = outer === '' ? name : `${outer}/${name}`;
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  /** Names of nodes made by `build` begin at the root, whatever the current scope. */
  rootScope<Result>(build: () => Result): Result {
    const outer = this.#scope;
    this.#scope = '';
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  /** Nodes made by `build` run after `operations`. */
  withControl<Result>(operations: readonly Operation[], build: () => Result): Result {
    const outer = this.#control;
    this.#control = [...outer, ...operations];
    try {
      return build();
    } finally {
      this.#control = outer;
    }
  }

  /**
   * Adds a node of any registered type; attributes that follow from the inputs are inferred.
   *
   * @throws GraphError naming op, argument, expected and received.
   */
  op(type: string, inputs: readonly OpInput[] = [], attrs: Attrs = {}, options: OpOptions = {}): Operation {
    const opDef = this.#opDefs.get(type);
    matchInputs(this, opDef, inputs);
    const name = this.#uniqueName(options.name ?? type);
    const api = native();
    const description = api.TF_NewOperation(this.handle, type, name);
    for (const input of inputs) {
      if (input instanceof Output) api.TF_AddInput(description, input.native);
      else api.TF_AddInputList(description, packOutputs(input), input.length);
    }
    for (const control of [...this.#control, ...(options.controlInputs ?? [])]) {
      api.TF_AddControlInput(description, control.handle);
    }
    if (options.device !== undefined) api.TF_SetDevice(description, options.device);
    const problem = setAttributes(description, opDef, attrs);
    try {
      const handle = withStatus((status) => api.TF_FinishOperation(description, status));
      if (problem !== null) throw problem;
      return this.#wrap(handle);
    } catch (error) {
      if (problem !== null) throw problem;
      if (error instanceof TensorflowError) {
        throw new GraphError(`${type} "${name}": ${error.detail}`, { cause: error });
      }
      throw error;
    }
  }

  /** The node of that name, or null. */
  operation(name: string): Operation | null {
    const handle = native().TF_GraphOperationByName(this.handle, name);
    return handle === null || handle === 0n ? null : this.#wrap(handle);
  }

  /**
   * The output of a tensor name such as `node:0`; `:0` may be left out.
   *
   * @throws GraphError when there is none.
   */
  output(name: string): Output {
    const [node = '', index = '0'] = name.split(':');
    const operation = this.operation(node);
    if (operation === null) throw new GraphError(`graph: no node named "${node}"`);
    return operation.output(Number(index));
  }

  /** All nodes, in the order of their creation. */
  operations(): Operation[] {
    const position = new BigUint64Array(1);
    const all: Operation[] = [];
    for (;;) {
      const handle = native().TF_GraphNextOperation(this.handle, position);
      if (handle === null || handle === 0n) return all;
      all.push(this.#wrap(handle));
    }
  }

  /** The graph as TensorFlow serialises it. */
  toGraphDefBytes(): Uint8Array {
    return readBuffer((buffer) =>
      withStatus((status) => native().TF_GraphToGraphDef(this.handle, buffer, status)),
    );
  }

  toGraphDef(): GraphDef {
    return decodeMessage('GraphDef', this.toGraphDefBytes());
  }

  /** Adds the nodes of a GraphDef, under `prefix/` when one is given. */
  importGraphDef(graphDef: GraphDef | Uint8Array, prefix = ''): void {
    const bytes = graphDef instanceof Uint8Array ? graphDef : encodeMessage('GraphDef', graphDef);
    const api = native();
    const options = api.TF_NewImportGraphDefOptions();
    try {
      if (prefix !== '') api.TF_ImportGraphDefOptionsSetPrefix(options, prefix);
      withBuffer(bytes, (buffer) =>
        withStatus((status) => api.TF_GraphImportGraphDef(this.handle, buffer, options, status)),
      );
    } finally {
      api.TF_DeleteImportGraphDefOptions(options);
    }
  }

  /** The output that the `index`-th TF_Output of an array stands for. */
  outputAt(words: BigInt64Array, index: number): Output {
    const handle = (words[2 * index] ?? 0n) as Handle<'TF_Operation'>;
    // The index is an int in the lower half of its word; the padding above it is not initialised.
    return this.#wrap(handle).output(Number(BigInt.asIntN(32, words[2 * index + 1] ?? 0n)));
  }

  /** Frees the graph; sessions on it must be closed first. */
  dispose(): void {
    if (this.#handle !== null) native().TF_DeleteGraph(this.#handle);
    this.#handle = null;
    this.#operations.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #wrap(handle: Handle<'TF_Operation'>): Operation {
    let operation = this.#operations.get(handle);
    if (operation === undefined) {
      operation = new Operation(this, handle);
      this.#operations.set(handle, operation);
    }
    return operation;
  }

  #uniqueName(name: string): string {
    const full = this.#scope === '' ? name : `${this.#scope}/${name}`;
    for (;;) {
      const uses = this.#used.get(full) ?? 0;
      this.#used.set(full, uses + 1);
      const candidate = uses === 0 ? full : `${full}_${uses}`;
      if (!this.#used.has(candidate) || uses === 0) {
        if (uses > 0) this.#used.set(candidate, 1);
        if (this.operation(candidate) === null) return candidate;
      }
    }
  }
}
