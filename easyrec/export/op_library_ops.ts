import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NativeError } from '../errors.js';
import type { OpLibraryFile } from './op_library_file.js';
import { missingSymbols } from './op_library_file.js';

/** What a process found that loaded an op library. */
export type ProbeReport =
  | { readonly ops: readonly string[]; readonly sha256: string; readonly tensorflowVersion: string }
  | { readonly problem: string };

/** What an op library does in one TensorFlow. */
export interface ProbedLibrary {
  /** The names of the ops it registers, sorted. */
  readonly ops: readonly string[];
  /** Of the TensorFlow that it was loaded into. */
  readonly tensorflowVersion: string;
}

const SHOWN_SYMBOLS = 3;

/**
 * Loads a library into a TensorFlow in a process of its own and tells which ops it registers.
 *
 * @param directory Holds TensorFlow's libraries.
 * @throws NativeError when it does not load there, crashes, or is no longer the file that was inspected.
 */
export async function probeOpLibrary(library: OpLibraryFile, directory: string): Promise<ProbedLibrary> {
  const { report, end, output } = await runProbe(library.path, directory);
  const where = `op library ${library.path}`;
  if (report === undefined) {
    throw new NativeError(
      `${where}: the process that loaded it ended with ${end}${output === '' ? '' : `: ${output}`}`,
    );
  }
  if ('problem' in report) {
    const missing = library.api === 'c++' ? missingSymbols(library, directory) : [];
    const more = missing.length > SHOWN_SYMBOLS ? ` and ${missing.length - SHOWN_SYMBOLS} more` : '';
    const symbols =
      missing.length === 0
        ? ''
        : `; it needs ${missing.slice(0, SHOWN_SYMBOLS).join(', ')}${more}, which this TensorFlow does not have`;
    throw new NativeError(`${report.problem}${symbols}`);
  }
  if (report.sha256 !== library.sha256) {
    throw new NativeError(
      `${where}: changed while it was read: expected SHA-256 ${library.sha256}, received ${report.sha256}`,
    );
  }
  return { ops: report.ops, tensorflowVersion: report.tensorflowVersion };
}

interface ProbeEnd {
  readonly report: ProbeReport | undefined;
  /** The exit status or the signal. */
  readonly end: string;
  readonly output: string;
}

function runProbe(path: string, directory: string): Promise<ProbeEnd> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('op_library_probe.js', import.meta.url)), [path], {
      env: { ...process.env, EASYREC_LIBTENSORFLOW: directory },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let report: ProbeReport | undefined;
    let output = '';
    child.stderr?.on('data', (chunk: Buffer) => (output = (output + chunk.toString('utf8')).slice(-2000)));
    child.on('message', (message) => (report = message as ProbeReport));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ report, end: signal ?? `exit status ${String(code)}`, output: output.trim() });
    });
  });
}
