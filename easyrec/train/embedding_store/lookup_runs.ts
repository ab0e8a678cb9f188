import type { LookupRequest } from '../../layers/embedding_engine.js';
import type { Graph, Output } from '../../tf/index.js';
import { ops } from '../../tf/index.js';

/** Requests that stand in a row and that one op looks up. */
export interface RequestRun {
  readonly requests: readonly LookupRequest[];
  /** Null, or the numbers that the first rows of each table are multiplied with. */
  readonly projections: Projections | null;
}

/** Of a run of numbers. */
export interface Projections {
  /** `[B, count]` a request. */
  readonly numbers: readonly Output[];
  readonly count: number;
}

/** With more, single ops take longer than what they save. */
const MOST_RUNS = 8;

/**
 * Parts requests where a table is used in another way: looked up by ids, or, of numbers, read as a whole and multiplied.
 * What is read as a whole is looked up once for a batch instead of once for each of its rows.
 */
export function runsOf(requests: readonly LookupRequest[]): readonly RequestRun[] {
  const runs: LookupRequest[][] = [];
  let last: string | null = null;
  for (const request of requests) {
    const kind = kindOf(request);
    const run = runs.at(-1);
    if (kind === last && run !== undefined) run.push(request);
    else runs.push([request]);
    last = kind;
  }
  if (runs.length > MOST_RUNS) return [{ requests, projections: null }];
  return runs.map((run) => ({ requests: run, projections: projectionsOf(run) }));
}

/** Equal for requests that one op can look up. */
function kindOf(request: LookupRequest): string {
  const numbers = numbersOf(request);
  return numbers === null ? 'ids' : `${columnsOf(numbers)} x ${request.table.dim}`;
}

function projectionsOf(run: readonly LookupRequest[]): Projections | null {
  const numbers = run.flatMap((request) => numbersOf(request) ?? []);
  const [first] = numbers;
  return first === undefined ? null : { numbers, count: columnsOf(first) };
}

function numbersOf({ value, combiner, table }: LookupRequest): Output | null {
  const { projection = null } = value;
  if (projection === null || combiner !== 'sum' || table.rows === Infinity) return null;
  return columnsOf(projection) < 0 ? null : projection;
}

function columnsOf({ shape }: Output): number {
  return shape?.[1] ?? -1;
}

/** B, a scalar int32. */
export function batchSizeOf([first]: readonly LookupRequest[]): Output {
  if (first === undefined) throw new Error('expected at least one feature');
  return first.value.batchSize;
}

/** Constants that lookups share. */
export class LookupConstants {
  readonly #graph: Graph;
  readonly #made = new Map<string, Output>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** What stands for rows and weights where there are none. */
  get nothing(): { readonly ids: Output; readonly numbers: Output } {
    return {
      ids: this.#once('no ids', (graph) => ops.constant(graph, 'int64', [], [0])),
      numbers: this.#once('no numbers', (graph) => ops.constant(graph, 'float32', [], [0])),
    };
  }

  /** `[count]`: 0 … count - 1. */
  ids(count: number): Output {
    const ids = Array.from({ length: count }, (_, id) => BigInt(id));
    return this.#once(`ids below ${count}`, (graph) => ops.constant(graph, 'int64', ids));
  }

  /** A scalar int32. */
  count(value: number): Output {
    return this.#once(`count ${value}`, (graph) => ops.constant(graph, 'int32', value));
  }

  #once(key: string, make: (graph: Graph) => Output): Output {
    let made = this.#made.get(key);
    if (made === undefined) {
      made = this.#graph.rootScope(() => make(this.#graph));
      this.#made.set(key, made);
    }
    return made;
  }
}
