import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { packageFile } from '../../easyrec/package_files.js';
import { loadLibtensorflow } from '../../easyrec/tf/index.js';

/** The library of the op ZeroOut, on the stable C interface, as set-up builds it. */
export const ZERO_OUT = packageFile('ops/lib/libzero_out.so');

/** In every version of TensorFlow: `tensorflow::OpRegistry::Global()`. */
export const CXX_SYMBOL = '_ZN10tensorflow10OpRegistry6GlobalEv';

/** In none: `tensorflow::NotThere()`. */
export const ABSENT_SYMBOL = '_ZN10tensorflow8NotThereEv';

/** Compiles C into a shared library; returns its path. */
export function compileLibrary(folder: string, name: string, source: string): string {
  const path = join(folder, name);
  const framework = ['-L', loadLibtensorflow().directory, '-l:libtensorflow_framework.so.2'];
  execFileSync('g++', ['-x', 'c', '-', '-shared', '-fPIC', '-o', path, ...framework], { input: source });
  return path;
}

/** C that calls a function of TensorFlow's C++ interface by its mangled name. */
export function callOf(symbol: string): string {
  return `extern void *f(void) __asm__("${symbol}"); void *caller(void) { return f(); }`;
}
