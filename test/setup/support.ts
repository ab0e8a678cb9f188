import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Wheel } from '../../easyrec/setup/wheels.js';

/** A folder that is removed when the test ends. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'easyrec-setup-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files by name, folders and all. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

export interface LocalServer {
  /** Ends in a slash. */
  readonly url: string;
  /** The Range header of every request so far, '' for none. */
  readonly ranges: readonly string[];
}

/** An HTTP server on this machine; it ends with the test. */
export async function serve(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<LocalServer> {
  const ranges: string[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, ranges };
}

/** Answers with `content`, from where the request's Range header says. */
export function sendRange(content: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const body = content.subarray(start);
  response.writeHead(start > 0 ? 206 : 200, {
    'content-length': body.length,
    ...(start > 0 && { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
  });
  response.end(body);
}

/** What a wheel needs to look like TensorFlow's: both libraries, and headers of which some include others. */
export const WHEEL_FILES = {
  'tensorflow/libtensorflow_cc.so.2': 'the C API',
  'tensorflow/libtensorflow_framework.so.2': 'the framework',
  'tensorflow/include/tensorflow/c/c_api.h': '#include "tensorflow/c/tf_status.h"\n',
  'tensorflow/include/tensorflow/c/kernels.h':
    '#include <stddef.h>\n  #  include "tsl/platform/platform.h"\n',
  'tensorflow/include/tensorflow/c/ops.h': '',
  'tensorflow/include/tensorflow/c/tf_buffer.h': '',
  'tensorflow/include/tensorflow/c/tf_status.h': '#include "absent.h"\n',
  'tensorflow/include/tensorflow/c/tf_tensor.h': '',
  'tensorflow/include/tensorflow/c/tf_tstring.h': '',
  'tensorflow/include/tsl/platform/platform.h': '#include "tsl/deeper.h"\n',
  'tensorflow/include/tsl/deeper.h': '#include "tensorflow/c/kernels.h"\n',
  'tensorflow/include/tensorflow/core/framework/op_kernel.h': 'C++',
  'tensorflow/python/pywrap.py': 'not wanted',
};

/** Zips files as wheels are zipped. */
export function makeZip(file: string, files: Readonly<Record<string, string>>): Buffer {
  const program =
    'import sys, json, zipfile\n' +
    'with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:\n' +
    '  for name, text in json.load(sys.stdin).items(): z.writestr(name, text)';
  mkdirSync(dirname(file), { recursive: true });
  execFileSync('python3', ['-c', program, file], { input: JSON.stringify(files) });
  return readFileSync(file);
}

/** The row of the table for a wheel file that a test made. */
export function wheelRow(file: string, fileName: string): Wheel {
  return {
    version: '9.8.7',
    arch: 'x64',
    python: 'cp311',
    project: 'tensorflow-cpu',
    fileName,
    bytes: statSync(file).size,
    sha256: sha256(readFileSync(file)),
  };
}

export interface FakePip {
  /** What `pip install --report -` prints, or undefined for a pip that does not know the option. */
  readonly report?: object;
  /** A file that `pip download` puts into its --dest folder. */
  readonly download?: string;
  /** What pip says and fails with, whatever it is asked. */
  readonly failure?: string;
}

/** A program that answers what set-up asks of python3; every command line it is given goes to `<folder>/calls`. */
export function fakePython(folder: string, pip: FakePip): { python: string; calls: () => string[] } {
  const python = join(folder, 'python3');
  const callsFile = join(folder, 'calls');
  writeFiles(folder, {
    'report.json': JSON.stringify(pip.report ?? {}),
    'failure.txt': pip.failure ?? '',
    calls: '',
  });
  writeFileSync(
    python,
    `#!/bin/sh
echo "$*" >> '${callsFile}'
case "$*" in
  *sys.implementation*) echo 'cpython cp311'; exit 0;;
esac
if [ -s '${folder}/failure.txt' ]; then cat '${folder}/failure.txt' >&2; exit 1; fi
case "$*" in
  *--report*) ${pip.report ? `cat '${folder}/report.json'` : "echo 'no such option: --report' >&2; exit 2"};;
  *download*) ${
    pip.download
      ? `while [ "$1" != --dest ]; do shift; done; cp '${pip.download}' "$2/"`
      : "echo 'ERROR: No matching distribution found' >&2; exit 1"
  };;
esac
`,
  );
  chmodSync(python, 0o755);
  return { python, calls: () => readFileSync(callsFile, 'utf8').split('\n').slice(0, -1) };
}

/** pip's report for a wheel at `url`. */
export function reportFor(url: string, hash: string): object {
  return { install: [{ download_info: { url, archive_info: { hashes: { sha256: hash } } } }] };
}
