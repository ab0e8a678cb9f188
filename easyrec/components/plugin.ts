import type { BuildFailure, Plugin as BundlerPlugin } from 'esbuild';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SourceLocation } from '../errors.js';
import { ConfigError } from '../errors.js';
import type { Plugin } from './define_plugin.js';
import { withBlame } from './plugin_errors.js';
import type { ComponentTable } from './types.js';

export type { Plugin } from './define_plugin.js';
export { definePlugin } from './define_plugin.js';

/** A plugin ready for use. */
export interface LoadedPlugin extends Plugin {
  /** The file it was loaded from. */
  readonly path: string;
}

/** What a plugin may import of this package, and where that stands beside this file. */
const OWN_MODULES: Readonly<Record<string, string>> = {
  easyrec: '../index.js',
  'easyrec/tf': '../tf/index.js',
};

/** Binds `easyrec` to the very modules that run here, wherever the plugin lies: its classes must be the same. */
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

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

function compileError(path: string, error: BuildFailure): ConfigError {
  const [first] = error.errors;
  const place = first?.location ?? null;
  const at: SourceLocation =
    place === null
      ? { file: path }
      : { file: resolve(dirname(path), place.file), line: place.line, column: place.column + 1 };
  const more = error.errors.length > 1 ? ` (and ${error.errors.length - 1} more errors)` : '';
  return new ConfigError(`plugin: ${first?.text ?? error.message}${more}`, { at, cause: error });
}

async function compile(path: string): Promise<string> {
  // Loaded only when there is a plugin: it takes a share of the time to the first step.
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
    if (isBuildFailure(error)) throw compileError(path, error);
    throw error;
  }
}

/** Runs compiled code as a module: from a file, so that its stack traces and source map work. */
async function importText(path: string, code: string): Promise<Readonly<Record<string, unknown>>> {
  const folder = await mkdtemp(join(tmpdir(), 'easyrec-plugin-'));
  try {
    const file = join(folder, 'plugin.mjs');
    await writeFile(file, code);
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`plugin: fails while it is loaded: ${reason}`, {
      at: { file: path },
      cause: error,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlugin(value: unknown): value is Plugin {
  if (!isObject(value)) return false;
  const { components, gradients, opLibraries } = value;
  const areComponents =
    isObject(components) &&
    Object.values(components).every(
      (component) => isObject(component) && typeof component['prepare'] === 'function',
    );
  const arePaths = Array.isArray(opLibraries) && opLibraries.every((path) => typeof path === 'string');
  return areComponents && isObject(gradients) && arePaths;
}

/**
 * Loads a plugin from a TypeScript or JavaScript file. The file is compiled with all it imports; `easyrec` and
 * `easyrec/tf` are this package itself.
 *
 * @throws ConfigError when the file is missing, does not compile (file and line), fails, exports no plugin, or names an
 *   op library that is not there.
 */
export async function loadPlugin(path: string): Promise<LoadedPlugin> {
  const file = resolve(path);
  if (!existsSync(file)) {
    throw new ConfigError(`plugin: expected a TypeScript or JavaScript file, there is none at ${path}`);
  }
  const exported = await importText(file, await compile(file));
  const plugin = exported['default'] ?? exported['plugin'];
  if (!isPlugin(plugin)) {
    const names = Object.keys(exported).join(', ') || 'nothing';
    const received = plugin === undefined ? `exports ${names}` : 'something else';
    throw new ConfigError(
      `plugin: expected a default export or "plugin" made by definePlugin({ components, gradients, opLibraries }), received ${received}`,
      { at: { file } },
    );
  }
  const opLibraries = plugin.opLibraries.map((library) => resolve(dirname(file), library));
  const missing = opLibraries.find((library) => !existsSync(library));
  if (missing !== undefined) {
    throw new ConfigError(
      `plugin: opLibraries: expected an op library, there is none at ${missing}; easyrec op build makes one of C++ sources`,
      { at: { file } },
    );
  }
  return { ...withBlame(file, plugin), path: file, opLibraries };
}

/**
 * The built-in components and those of plugins as one table.
 *
 * @throws ConfigError for a name that is taken.
 */
export function withPlugins(
  builtIn: ComponentTable,
  plugins: readonly (Plugin & Partial<LoadedPlugin>)[],
): ComponentTable {
  const table: Record<string, ComponentTable[string]> = { ...builtIn };
  const owners = new Map(Object.keys(builtIn).map((name) => [name, 'a built-in component']));
  for (const { path = 'another plugin', components } of plugins) {
    for (const [name, component] of Object.entries(components)) {
      const owner = owners.get(name);
      if (owner !== undefined) {
        throw new ConfigError(
          `plugin: component "${name}" is already defined by ${owner}; give it another name`,
          { at: { file: path } },
        );
      }
      owners.set(name, path);
      table[name] = component;
    }
  }
  return table;
}
