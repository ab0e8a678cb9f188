import type { SignatureTensor } from '../../tf/index.js';
import type { ModelCatalog, VersionStatus } from '../catalog.js';
import type { ServerMetrics } from '../monitoring/index.js';
import type { ServableModel } from '../servable.js';
import { ServingError } from '../status.js';

/** An input or output as the page shows it. */
interface PageTensor {
  readonly name: string;
  readonly dtype: string;
  /** Such as `[?, 3]`. */
  readonly shape: string;
  /** Null where any number of dimensions will do. */
  readonly dims: readonly number[] | null;
}

/** A model as the page shows it; its signatures are those of its newest version that can be run. */
interface PageModel {
  readonly name: string;
  readonly versions: readonly {
    readonly version: string;
    readonly state: string;
    readonly code: string;
    readonly error: string;
  }[];
  readonly signatures: readonly {
    readonly name: string;
    readonly inputs: readonly PageTensor[];
    readonly outputs: readonly PageTensor[];
  }[];
}

/** All that the page shows; what it plots it makes of the differences of two of these. */
export interface PageState {
  /** Milliseconds since 1970. */
  readonly started: number;
  readonly now: number;
  readonly models: readonly PageModel[];
  /** Calls since the start. */
  readonly counts: readonly { readonly model: string; readonly status: string; readonly count: number }[];
  /** Upper limits of the latencies' buckets, in microseconds. */
  readonly limits: readonly number[];
  /** Calls that succeeded, by latency; one bucket more than limits. */
  readonly latencies: readonly { readonly model: string; readonly counts: readonly number[] }[];
}

/** What the page shows now. */
export function pageState(catalog: ModelCatalog, metrics: ServerMetrics, started: number): PageState {
  const { requestCount, requestLatency } = metrics;
  return {
    started,
    now: Date.now(),
    models: catalog.names().map((name) => modelOf(catalog, name)),
    counts: requestCount.points().map(({ labels: [model = '', status = ''], value }) => ({
      model,
      status,
      count: value,
    })),
    limits: requestLatency.limits,
    latencies: requestLatency.points().map(({ labels: [model = ''], value }) => ({
      model,
      counts: value.counts,
    })),
  };
}

function modelOf(catalog: ModelCatalog, name: string): PageModel {
  const versions = orNone(() => catalog.status({ name })) ?? [];
  const model = orNone(() => catalog.find({ name }).model);
  return {
    name,
    versions: versions.map(versionOf),
    signatures: model === undefined ? [] : signaturesOf(model),
  };
}

/** A model that has nothing to show yet is shown all the same. */
function orNone<Result>(ask: () => Result): Result | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof ServingError) return undefined;
    throw error;
  }
}

function versionOf({
  version,
  state,
  errorCode,
  errorMessage,
}: VersionStatus): PageModel['versions'][number] {
  return { version: String(version), state, code: errorCode, error: errorMessage };
}

function signaturesOf({ signatures }: ServableModel): PageModel['signatures'] {
  return [...signatures].map(([name, { inputs, outputs }]) => ({
    name,
    inputs: tensorsOf(inputs),
    outputs: tensorsOf(outputs),
  }));
}

function tensorsOf(tensors: ReadonlyMap<string, SignatureTensor>): readonly PageTensor[] {
  return [...tensors].map(([name, { dtype, shape }]) => ({
    name,
    dtype,
    shape: shape === null ? '[…]' : `[${shape.map((size) => (size < 0 ? '?' : String(size))).join(', ')}]`,
    dims: shape,
  }));
}
