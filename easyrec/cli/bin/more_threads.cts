import os = require('node:os');

/** Threads for each processor: calls of several models may hang before others have to wait. */
const THREADS_PER_PROCESSOR = 32;
/** More than this Node does not take. */
const MOST_THREADS = 1024;

/**
 * Lets Node have threads for servers of models, where the environment does not say how many. Node reads that once, when
 * it first needs one, and the loader of ES modules does: so this has to come before, in a CommonJS file.
 */
export = function moreThreads(): void {
  const threads = Math.min(MOST_THREADS, THREADS_PER_PROCESSOR * os.availableParallelism());
  process.env['UV_THREADPOOL_SIZE'] ??= String(threads);
};
