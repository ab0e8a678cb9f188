import type { BatchingObserver } from '../batching/index.js';
import type { HttpHandler, HttpResponse } from '../http.js';
import type { InferenceObserver, InferenceRecord } from '../inference/index.js';
import { Counter, Histogram, type Metric, exponentialLimits } from './metric.js';
import type { MonitoringConfig } from './monitoring_config.js';
import { prometheusText } from './prometheus_text.js';

const LATENCY_LIMITS = exponentialLimits(10, 1.8, 33);
const BATCH_LIMITS = exponentialLimits(1, 2, 14);

/** Names of the calls as gRPC has them; REST has them in small letters. */
const API_NAMES = {
  predict: 'Predict',
  classify: 'Classify',
  regress: 'Regress',
  multi_inference: 'MultiInference',
  get_model_metadata: '',
  get_model_status: '',
} as const satisfies Record<InferenceRecord['method'], string>;

/** Counts calls, latencies and batches under the names of TensorFlow Serving, and tells them to Prometheus. */
export class ServerMetrics implements InferenceObserver, BatchingObserver, HttpHandler {
  readonly requestCount = new Counter('/tensorflow/serving/request_count', ['model_name', 'status']);
  /** Microseconds, of calls that succeed. */
  readonly requestLatency = new Histogram(
    '/tensorflow/serving/request_latency',
    ['model_name', 'API', 'entrypoint'],
    LATENCY_LIMITS,
  );
  readonly #runtimeLatency = new Histogram(
    '/tensorflow/serving/runtime_latency',
    ['model_name', 'API', 'runtime'],
    LATENCY_LIMITS,
  );
  readonly #exampleCounts = new Histogram(
    '/tensorflow/serving/request_example_counts',
    ['model'],
    exponentialLimits(1, 2, 15),
  );
  readonly #exampleTotal = new Counter('/tensorflow/serving/request_example_count_total', ['model']);
  readonly #warmupLatency = new Histogram(
    '/tensorflow/serving/model_warmup_latency',
    ['model_path', 'status'],
    LATENCY_LIMITS,
  );
  readonly #warmupRecords = new Counter('/tensorflow/serving/model_warmup_records_read', [
    'model_path',
    'status',
  ]);
  readonly #requestLogCount = new Counter('/tensorflow/serving/request_log_count', [
    'model_name',
    'status_code',
  ]);
  readonly #loadAttempts = new Counter('/tensorflow/cc/saved_model/load_attempt_count', [
    'model_path',
    'status',
  ]);
  readonly #loadMicros = new Counter('/tensorflow/cc/saved_model/load_latency', ['model_path']);
  readonly #queuingLatency = new Histogram(
    '/tensorflow/serving/batching_session/queuing_latency',
    ['thread_pool_name'],
    exponentialLimits(100, 1.2, 52),
  );
  readonly #batchRuns = new Counter('/tensorflow/serving/batching_session/wrapped_run_count', []);
  readonly #inputBatchSize = new Histogram(
    '/tensorflow/serving/batching_session/input_batch_size',
    [],
    BATCH_LIMITS,
  );
  readonly #processedBatchSize = new Histogram(
    '/tensorflow/serving/batching_session/processed_batch_size',
    [],
    BATCH_LIMITS,
  );
  readonly #paddingSize = new Histogram(
    '/tensorflow/serving/batching_session/padding_size',
    ['execution_batch_size'],
    BATCH_LIMITS,
  );
  readonly #path: string | undefined;

  constructor({ prometheusPath }: MonitoringConfig = {}) {
    this.#path = prometheusPath;
  }

  finished(record: InferenceRecord): void {
    const { method, modelName, entrypoint, status, latencyMs, runtimeMs, examples } = record;
    // As in the original, who asks for metadata counts over REST only.
    if (method === 'get_model_metadata' && entrypoint === 'GRPC') return;
    const name = API_NAMES[method];
    const api = entrypoint === 'REST' ? name.toLowerCase() : name;
    this.requestCount.add([modelName, status]);
    if (status === 'OK') this.requestLatency.add([modelName, api, entrypoint], micros(latencyMs));
    if (status === 'OK' && runtimeMs !== undefined) {
      this.#runtimeLatency.add([modelName, name, 'TF1'], micros(runtimeMs));
    }
    if (examples !== undefined) {
      this.#exampleCounts.add([modelName], examples);
      this.#exampleTotal.add([modelName], examples);
    }
  }

  inputBatch(rows: number): void {
    this.#inputBatchSize.add([], rows);
  }

  dequeued(threadPoolName: string, waitedMicros: number): void {
    this.#queuingLatency.add([threadPoolName], Math.round(waitedMicros));
  }

  processedBatch(rows: number, paddingRows: number): void {
    this.#batchRuns.add([]);
    this.#processedBatchSize.add([], rows);
    this.#paddingSize.add([String(rows)], paddingRows);
  }

  /** A version was loaded, or could not be. */
  modelLoaded(modelPath: string, isLoaded: boolean, durationMs: number): void {
    this.#loadAttempts.add([modelPath, isLoaded ? 'success' : 'fail']);
    this.#loadMicros.add([modelPath], micros(durationMs));
  }

  /** A version was warmed up with so many records; `status` is `OK` or the code of the error. */
  modelWarmedUp(modelPath: string, status: string, outcome: { durationMs: number; records: number }): void {
    this.#warmupLatency.add([modelPath, status], micros(outcome.durationMs));
    this.#warmupRecords.add([modelPath, status], outcome.records);
  }

  /** A call was written to the request log, or could not be. */
  requestLogged(modelName: string, status: string): void {
    this.#requestLogCount.add([modelName, status]);
  }

  accepts(path: string): boolean {
    return path === this.#path;
  }

  handle(): Promise<HttpResponse> {
    return Promise.resolve({ status: 200, contentType: 'text/plain', body: this.text() });
  }

  /** The sum of a counter over all its labels, by its name such as `/tensorflow/serving/request_count`; 0 for no counter. */
  total(name: string): bigint {
    const metric = this.#all().find((candidate) => candidate.name === name);
    if (metric?.kind !== 'counter') return 0n;
    return BigInt(metric.points().reduce((sum, { value }) => sum + value, 0));
  }

  /** All metrics in Prometheus' text format. */
  text(): string {
    return prometheusText(this.#all());
  }

  #all(): readonly Metric[] {
    return [
      this.requestCount,
      this.requestLatency,
      this.#runtimeLatency,
      this.#exampleCounts,
      this.#exampleTotal,
      this.#warmupLatency,
      this.#warmupRecords,
      this.#requestLogCount,
      this.#loadAttempts,
      this.#loadMicros,
      this.#queuingLatency,
      this.#batchRuns,
      this.#inputBatchSize,
      this.#processedBatchSize,
      this.#paddingSize,
    ];
  }
}

function micros(ms: number): number {
  return Math.round(ms * 1000);
}
