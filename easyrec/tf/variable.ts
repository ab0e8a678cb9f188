import { GraphError } from '../errors.js';
import type { DType } from './dtype.js';
import type { Graph, Operation, Output } from './graph.js';
import { constant } from './ops/array.js';
import { assign, readVariable, resourceGather, varHandle } from './ops/state.js';

/** Builds the initial value of a variable: a tensor of that shape and dtype. */
export type Initializer = (graph: Graph, shape: readonly number[], dtype: DType, seed: Output) => Output;

/** What a new variable is to be. */
export interface VariableOptions {
  readonly shape: readonly number[];
  /** Default: float32. */
  readonly dtype?: DType;
  readonly initializer: Initializer;
  /** Whether the optimizer updates it. Default: true. */
  readonly trainable?: boolean;
}

/** What a variable consists of. */
export interface VariableParts {
  /** As in checkpoints: `backbone/mlp/layer_0/dense/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly trainable: boolean;
  /** What gradients are taken of. */
  readonly handle: Output;
  /** Sets the initial value. */
  readonly initialize: Operation;
}

/** A resource variable: state that lives in the session under its name. */
export class Variable implements VariableParts {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly trainable: boolean;
  readonly handle: Output;
  readonly initialize: Operation;

  constructor({ name, shape, dtype, trainable, handle, initialize }: VariableParts) {
    this.name = name;
    this.shape = shape;
    this.dtype = dtype;
    this.trainable = trainable;
    this.handle = handle;
    this.initialize = initialize;
  }

  get graph(): Graph {
    return this.handle.graph;
  }

  /** The whole value. */
  read(): Output {
    return readVariable(this.handle, this.dtype);
  }

  /** Rows at `indices`, without reading the rest. */
  gather(indices: Output): Output {
    return resourceGather(this.handle, indices, this.dtype);
  }
}

/** FNV-1a of a name, 31 bits: each variable draws its own random numbers, whatever the others are. */
export function nameHash(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(name, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash & 0x7fffffff;
}

/** All variables of a graph, in the order of their creation. */
export class Variables {
  readonly #byName = new Map<string, Variable>();

  /** @param seed Of all initial values; the same seed gives the same values. */
  constructor(
    readonly graph: Graph,
    readonly seed = 0,
  ) {}

  get all(): readonly Variable[] {
    return [...this.#byName.values()];
  }

  get trainable(): readonly Variable[] {
    return this.all.filter((variable) => variable.trainable);
  }

  find(name: string): Variable | undefined {
    return this.#byName.get(name);
  }

  /** @throws GraphError when the name is taken. */
  create(name: string, options: VariableOptions): Variable {
    if (this.#byName.has(name)) throw new GraphError(`variable "${name}": created twice`);
    const { shape, dtype = 'float32', initializer, trainable = true } = options;
    const variable = this.graph.rootScope(() => {
      const handle = varHandle(this.graph, name, dtype, shape);
      return this.graph.scope(`${name}/init`, () => {
        const seed = constant(this.graph, 'int64', [this.seed, nameHash(name)]);
        const initialize = assign(handle, initializer(this.graph, shape, dtype, seed));
        return new Variable({ name, shape, dtype, trainable, handle, initialize });
      });
    });
    this.#byName.set(name, variable);
    return variable;
  }

  /**
   * The variable of that name, created at its first use: how a second tower of the same model shares weights.
   *
   * @throws GraphError when it exists with another shape or dtype.
   */
  getOrCreate(name: string, options: VariableOptions): Variable {
    const existing = this.#byName.get(name);
    if (existing === undefined) return this.create(name, options);
    const expected = `${options.dtype ?? 'float32'}[${options.shape.join(', ')}]`;
    const received = `${existing.dtype}[${existing.shape.join(', ')}]`;
    if (expected !== received) {
      throw new GraphError(`variable "${name}": expected ${expected} as before, received ${received}`);
    }
    return existing;
  }
}
