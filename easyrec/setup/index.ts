export { buildBundledOps, type BuildBundledOpsOptions } from './build_bundled_ops.js';
export { buildOp, type BuildOpOptions, type BuiltOp } from './build_op.js';
export { cacheDirectory } from './cache.js';
export { fetchInstallableWheel, fetchLibtensorflow, type FetchOptions } from './fetch.js';
export {
  cachedVersions,
  type LibtensorflowLocation,
  locateLibtensorflow,
  type LocateOptions,
} from './locate.js';
export { withLock } from './lock.js';
export { prepare, type PrepareOptions, type Prepared } from './prepare.js';
export { transferLine } from './transfer_line.js';
export { DEFAULT_TENSORFLOW_VERSION, OLDEST_TENSORFLOW_VERSION } from './wheels.js';
