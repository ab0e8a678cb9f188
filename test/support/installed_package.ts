import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packageFile } from '../../easyrec/package_files.js';

const run = promisify(execFile);

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
}

/** Top-level packages that an installation of this one brings along: `koffi`, `@types/node`. */
function dependencies(): readonly string[] {
  const { packages } = JSON.parse(readFileSync(packageFile('package-lock.json'), 'utf8')) as Lockfile;
  return Object.entries(packages)
    .filter(([path, { dev = false, optional = false }]) => path !== '' && !dev && !optional)
    .map(([path]) => path.replace('node_modules/', ''))
    .filter((name) => !name.includes('node_modules/'));
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

/**
 * Does what `npm install easyrec EXTRA...` does, from this checkout instead of a registry: the package as it would be
 * published, its dependencies and those of `extra` from the checkout's own node_modules, and their commands.
 */
export async function installPackage(folder: string, extra: readonly string[] = []): Promise<void> {
  const modules = join(folder, 'node_modules');
  const own = join(modules, 'easyrec');
  mkdirSync(own, { recursive: true });
  const { stdout } = await run(
    'npm',
    ['pack', '--silent', '--ignore-scripts', '--pack-destination', modules],
    { cwd: packageFile('.') },
  );
  const tarball = join(modules, stdout.trim());
  await run('tar', ['-xzf', tarball, '-C', own, '--strip-components=1']);
  for (const name of [...dependencies(), ...extra]) {
    link(packageFile(join('node_modules', name)), join(modules, name));
  }
  for (const name of ['easyrec', ...extra]) linkCommands(modules, name);
}

function linkCommands(modules: string, name: string): void {
  const manifest = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')) as {
    readonly bin?: Readonly<Record<string, string>>;
  };
  for (const [command, file] of Object.entries(manifest.bin ?? {})) {
    if (name === 'easyrec') chmodSync(join(modules, name, file), 0o755);
    // Relative, so that the whole may be moved.
    link(join('..', name, file), join(modules, '.bin', command));
  }
}
