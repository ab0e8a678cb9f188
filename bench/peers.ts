import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { packageFile } from '../easyrec/package_files.js';
import type { PeerPaths } from './systems.js';

export interface PeerOptions {
  /** Environments and downloads are kept here from one run to the next. */
  readonly cache: string;
  readonly systems: readonly string[];
  /** A checkout of Python EasyRec; null: none. */
  readonly easyrec: string | null;
  /** Null: the one that the system's linker knows, if any; an empty text: none. */
  readonly tcmalloc: string | null;
  readonly python: string;
  readonly log: (line: string) => void;
}

/** Makes the environments of the peers that are asked for; whatever is there and has the pinned versions is kept. */
export function preparePeers(options: PeerOptions): PeerPaths {
  const { systems, easyrec } = options;
  const wantsTorch = systems.includes('torch') || systems.includes('fbgemm');
  if (systems.includes('easyrec') && easyrec === null) {
    throw new Error('easyrec: expected --easyrec PATH, a checkout of Python EasyRec, received none');
  }
  const easyrecPython = systems.includes('easyrec') ? environment('easyrec', options) : null;
  return {
    torchPython: wantsTorch ? environment('torch', options) : null,
    easyrecPython,
    easyrec:
      easyrec === null || easyrecPython === null ? null : compileEasyrec(easyrec, easyrecPython, options),
    tcmalloc: options.tcmalloc === '' ? null : (options.tcmalloc ?? findTcmalloc()),
  };
}

/** The Python of an environment with exactly the packages of `peers/NAME_requirements.txt`. */
function environment(name: string, { cache, python, log }: PeerOptions): string {
  const requirements = packageFile(`bench/peers/${name}_requirements.txt`);
  const directory = join(cache, `${name}_environment`);
  const interpreter = join(directory, 'bin', 'python');
  const stamp = join(directory, 'requirements.txt');
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return interpreter;
  log(`preparing ${name}: ${pinnedVersions(wanted).join(', ')}`);
  mkdirSync(cache, { recursive: true });
  run(python, ['-m', 'venv', '--clear', directory]);
  run(interpreter, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--cache-dir',
    join(cache, 'pip'),
    '-r',
    requirements,
  ]);
  writeFileSync(stamp, wanted);
  return interpreter;
}

/** A copy of a checkout's package with its protos compiled: the checkout itself stays as it is. */
function compileEasyrec(checkout: string, python: string, { cache }: PeerOptions): string {
  const source = join(checkout, 'easy_rec');
  if (!existsSync(source))
    throw new Error(`--easyrec: expected a folder easy_rec in ${checkout}, received none`);
  const copy = join(cache, 'easyrec_source');
  rmSync(copy, { recursive: true, force: true });
  cpSync(source, join(copy, 'easy_rec'), { recursive: true });
  const protos = globSync('easy_rec/python/protos/*.proto', { cwd: copy });
  run(python, ['-m', 'grpc_tools.protoc', `-I${copy}`, `--python_out=${copy}`, ...protos], copy);
  return copy;
}

/** `name==version` of each line that names a package. */
export function pinnedVersions(requirements: string): readonly string[] {
  return requirements
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}

function run(file: string, args: readonly string[], cwd?: string): void {
  const { status, error } = spawnSync(file, args, { stdio: ['ignore', 'inherit', 'inherit'], cwd });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}`);
}

/** The path of tcmalloc as the dynamic linker knows it; null without one. */
function findTcmalloc(): string | null {
  const { stdout, error } = spawnSync('ldconfig', ['-p'], { encoding: 'utf8' });
  if (error !== undefined) return null;
  return /=> (\S*libtcmalloc(?:_minimal)?\.so\S*)/.exec(stdout)?.[1] ?? null;
}
