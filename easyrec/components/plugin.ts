import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../errors.js';
import { importTypescript } from '../typescript_module.js';
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
  const exported = await importTypescript(path, 'plugin');
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
