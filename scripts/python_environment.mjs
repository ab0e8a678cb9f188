// Python environments in the cache folder, for tests that need programs of others.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, withLock } from '../dist/easyrec/setup/index.js';

export const say = (message) => process.stderr.write(`${message}\n`);

export function python(...args) {
  const { status, stdout, stderr, error } = spawnSync('python3', args, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`python3 ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout.trim();
}

/** As in folder names: python3.11. */
export function pythonName() {
  return python('-c', 'import sys; print("python%d.%d" % sys.version_info[:2])');
}

/**
 * The interpreter of the environment `name`, made first if need be. `packages` says what pip installs into it, or
 * resolves to undefined where there is no such thing for this machine; then this does too.
 */
export async function pythonEnvironment(name, packages) {
  const folder = join(cacheDirectory(), 'oracles');
  const environment = join(folder, `${name}-${pythonName()}`);
  await mkdir(folder, { recursive: true });
  return withLock(`${environment}.lock`, async () => {
    if (!existsSync(join(environment, 'complete'))) {
      const wanted = await packages();
      if (wanted === undefined) return undefined;
      await install(wanted, environment);
    }
    return join(environment, 'bin', 'python');
  });
}

/** Complete or not there at all: `complete` is written last. */
async function install(packages, environment) {
  await rm(environment, { recursive: true, force: true });
  // Without pip in it: Debian's python3 cannot make that unless one more package is installed.
  python('-m', 'venv', '--without-pip', environment);
  const lib = join(environment, 'lib');
  const site = join(
    lib,
    (await readdir(lib)).find((name) => name.startsWith('python')) ?? '',
    'site-packages',
  );
  const options = ['--disable-pip-version-check', 'install', '--quiet', '--target'];
  python('-m', 'pip', ...options, site, ...packages);
  await writeFile(join(environment, 'complete'), '');
}
