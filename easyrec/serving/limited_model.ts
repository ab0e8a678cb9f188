import { type CallLimits, Limiter } from './limiter.js';
import type { RunRequest, ServableModel, ServableTensor } from './servable.js';

/**
 * A model of which so many calls run at a time. Each takes a thread of the process until it ends, and there are only so
 * many threads for all models: without a limit, calls of one model that hang would bring all others to a halt.
 */
export class LimitedModel implements ServableModel {
  readonly signatures: ServableModel['signatures'];
  readonly signatureDefs: ServableModel['signatureDefs'];
  readonly #model: ServableModel;
  readonly #limiter: Limiter;

  constructor(model: ServableModel, limits: CallLimits) {
    this.#model = model;
    this.#limiter = new Limiter(limits);
    this.signatures = model.signatures;
    this.signatureDefs = model.signatureDefs;
  }

  run(request: RunRequest): Promise<ReadonlyMap<string, ServableTensor>> {
    const started = performance.now();
    const { timeoutMs } = request;
    return this.#limiter.run(() => {
      if (timeoutMs === undefined) return this.#model.run(request);
      const left = timeoutMs - (performance.now() - started);
      return this.#model.run({ ...request, timeoutMs: Math.max(left, 1) });
    }, request);
  }

  close(): Promise<void> {
    this.#limiter.close();
    return this.#model.close();
  }
}
