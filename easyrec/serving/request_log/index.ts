export type { RecordedRequest } from './prediction_log.js';
export type { RequestLogOptions } from './request_log.js';
export { RequestLog } from './request_log.js';
export type { ReplayOptions } from './warmup.js';
export { readWarmupRecords, replay, warmupFile } from './warmup.js';
