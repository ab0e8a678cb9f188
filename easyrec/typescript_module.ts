import type { BuildFailure, Plugin as BundlerPlugin } from 'esbuild';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SourceLocation } from './errors.js';
import { ConfigError } from './errors.js';

/** What a user's module may import of this package, and where that stands beside this file. */
const OWN_MODULES: Readonly<Record<string, string>> = {
  easyrec: './index.js',
  'easyrec/tf': './tf/index.js',
  'easyrec/operator': './serving/operator/index.js',
};

/** Binds `easyrec` to the very modules that run here, wherever the user's lies: its classes must be the same. */
const ownModules: BundlerPlugin = {
  name: 'easyrec',
  setup(build) {
    build.onResolve({ filter: /^easyrec(\/.*)?$/ }, ({ path }) => {
      const file = Object.hasOwn(OWN_MODULES, path) ? OWN_MODULES[path] : undefined;
      if (file !== undefined) return { path: new URL(file, import.meta.url).href, external: true };
      const known = Object.keys(OWN_MODULES).join(', ');
      return { errors: [{ text: `expected an import of ${known}, received "${path}"` }] };
    });
  },
};

/**
 * Runs a TypeScript or JavaScript file as a module. It is compiled with all it imports; `easyrec`, `easyrec/tf` and
 * `easyrec/operator` are this package itself.
 *
 * @param what What the file is to the user, for messages, such as `plugin`.
 * @returns What the module exports.
 * @throws ConfigError when the file is missing, does not compile (file and line), or fails.
 */
export async function importTypescript(
  path: string,
  what: string,
): Promise<Readonly<Record<string, unknown>>> {
  const file = resolve(path);
  if (!existsSync(file)) {
    throw new ConfigError(`${what}: expected a TypeScript or JavaScript file, there is none at ${path}`);
  }
  return importText(file, await compile(file, what), what);
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

function compileError(path: string, what: string, error: BuildFailure): ConfigError {
  const [first] = error.errors;
  const place = first?.location ?? null;
  const at: SourceLocation =
    place === null
      ? { file: path }
      : { file: resolve(dirname(path), place.file), line: place.line, column: place.column + 1 };
  const more = error.errors.length > 1 ? ` (and ${error.errors.length - 1} more errors)` : '';
  return new ConfigError(`${what}: ${first?.text ?? error.message}${more}`, { at, cause: error });
}

async function compile(path: string, what: string): Promise<string> {
  // Loaded only when there is something to compile: it takes a share of the time to the first step.
  const { build } = await import('esbuild');
  try {
    const { outputFiles } = await build({
      entryPoints: [path],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      sourceRoot: `${pathToFileURL(dirname(path)).href}/`,
      logLevel: 'silent',
      absWorkingDir: dirname(path),
      plugins: [ownModules],
    });
    return outputFiles[0]?.text ?? '';
  } catch (error) {
    if (isBuildFailure(error)) throw compileError(path, what, error);
    throw error;
  }
}

/** Runs compiled code as a module: from a file, so that its stack traces and source map work. */
async function importText(
  path: string,
  code: string,
  what: string,
): Promise<Readonly<Record<string, unknown>>> {
  const folder = await mkdtemp(join(tmpdir(), `easyrec-${what}-`));
  try {
    const file = join(folder, `${what}.mjs`);
    await writeFile(file, code);
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`${what}: fails while it is loaded: ${reason}`, {
      at: { file: path },
      cause: error,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
