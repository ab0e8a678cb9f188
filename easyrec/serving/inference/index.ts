export type {
  Classifications,
  Entrypoint,
  Examples,
  InferenceContent,
  InferenceObserver,
  InferenceRecord,
  InferenceTask,
  InferenceTaskResult,
  PredictInputs,
  Regressions,
  ScoredClass,
} from './inference_record.js';
export type { Answer, CallContext, PredictCall } from './inference.js';
export { Inference } from './inference.js';
