/**
 * Models in processes of their own. What a server does with them:
 *
 * - `new WorkerLoader({ trust, limits?, onHealth? })` is a `ModelLoader`; its models are `SupervisedModel`s, and `run`
 *   takes `timeoutMs` and `signal` as any model does. A call fails with UNAVAILABLE when the process that works on it
 *   ends, with RESOURCE_EXHAUSTED when too many wait, and waits while a process is being replaced.
 * - `trust` is made of the flags by `opLibraryTrust`. `load` refuses what is not trusted with a NativeError that says what to do.
 * - `needsWorker(directory, trust)` says whether a version is to be loaded here or in the server's own process; the
 *   latter must not load op libraries at all. `--model_isolation=process` is for the server to decide.
 * - `warmUp(request, model)` runs requests in a process that takes the place of another one, before calls are sent to it.
 * - `onHealth(request, health)` is told when a process ends (`restarting`, `backing_off`) and when another has taken over
 *   (`running`): the state of a version is LOADING with the code UNAVAILABLE and `health.problem` in between.
 * - `close()` of a model ends its process within 2 s; that of the loader ends all of them. Without it, they end with
 *   the server, even if that is killed.
 */
export type { WorkerHealth, WorkerState } from './health.js';
export { needsWorker } from './needs_worker.js';
export type { WorkerLimits } from './worker_limits.js';
export type { WorkerLoaderOptions } from './worker_loader.js';
export { WorkerLoader } from './worker_loader.js';
