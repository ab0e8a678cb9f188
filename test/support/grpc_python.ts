import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { packageFile } from '../../easyrec/package_files.js';
import type { Skip } from './python.js';

const run = promisify(execFile);

const VARIABLE = 'EASYREC_TEST_PYTHON_GRPC';

/**
 * The Python interpreter that can import grpc, grpc_tools and grpc_reflection, or why there is none. `scripts/test`
 * installs it.
 * @throws Error when the variable names a file that does not exist.
 */
export function pythonWithGrpc(): string | Skip {
  const python = process.env[VARIABLE];
  if (python) {
    if (!existsSync(python)) throw new Error(`${VARIABLE} names ${python}, which does not exist`);
    return python;
  }
  const reason = process.env[`${VARIABLE}_SKIP`];
  return { skip: reason ?? `${VARIABLE} is not set: run bash scripts/test, which installs gRPC for Python` };
}

/** The `skip` option of a test that needs it: the reason, or false. */
export function skipWithoutGrpc(): string | false {
  const python = pythonWithGrpc();
  return typeof python === 'string' ? false : python.skip;
}

/**
 * Generates `rpc/rpc_pb2.py` and `rpc/rpc_pb2_grpc.py` in `folder` from one of our .proto files with gRPC's own
 * generator.
 */
export async function generateStubs(protoPath: string, folder: string): Promise<void> {
  const script = String.raw`
import os, shutil, sys
from grpc_tools import protoc
proto, folder = sys.argv[1:]
os.makedirs(os.path.join(folder, 'rpc'))
shutil.copy(proto, os.path.join(folder, 'rpc', 'rpc.proto'))
sys.exit(protoc.main(['', '-I' + folder, '--python_out=' + folder, '--grpc_python_out=' + folder, folder + '/rpc/rpc.proto']))
`;
  await runGrpcPython(script, [packageFile(protoPath), folder]);
}

/** Runs a program in that Python and returns what it printed on both streams. */
export async function runGrpcPython(script: string, args: readonly string[], cwd?: string): Promise<string> {
  const python = pythonWithGrpc();
  if (typeof python !== 'string') throw new Error(python.skip);
  const { stdout, stderr } = await run(python, ['-c', script, ...args], {
    timeout: 60_000,
    maxBuffer: 64 * 1024 * 1024,
    ...(cwd !== undefined && { cwd }),
  });
  return stdout + stderr;
}
