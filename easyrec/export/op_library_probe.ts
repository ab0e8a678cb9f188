/**
 * A program of its own that loads one op library, the first argument, and sends its parent what came of it: loading
 * runs the library's code, which may crash, and cannot be undone.
 */
import { loadLibtensorflow, loadOpLibrary } from '../tf/index.js';
import type { ProbeReport } from './op_library_ops.js';

function probe(path: string): ProbeReport {
  try {
    const { ops, sha256 } = loadOpLibrary(path);
    const { version } = loadLibtensorflow();
    return { ops: ops.map(({ name }) => name).sort(), sha256, tensorflowVersion: version };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

process.send?.(probe(process.argv[2] ?? ''), () => process.disconnect());
