export { adaptivelyBatched, batched } from './batching.js';
export type { BatchingObserver } from './batching_observer.js';
export type { BatchingParameters } from './batching_parameters.js';
export {
  defaultBatchingParameters,
  parseBatchingParameters,
  readBatchingParameters,
} from './batching_parameters.js';
