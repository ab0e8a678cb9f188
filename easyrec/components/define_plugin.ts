import type { GradientRules } from '../tf/grad/index.js';
import type { Component } from './types.js';

/** What a plugin adds to the toolkit; a plugin's file exports one as its default or as `plugin`. */
export interface Plugin {
  /** By the `class_name` that configs name them with. */
  readonly components: Readonly<Record<string, Component>>;
  /** Gradient rules by op type, for its own ops; null for an op without gradient. */
  readonly gradients: GradientRules;
  /** Native op libraries, resolved from the folder of the plugin's file: `lib/libmy_op.so`. */
  readonly opLibraries: readonly string[];
}

/** Completes a plugin: what is not given is empty. */
export function definePlugin(plugin: Partial<Plugin>): Plugin {
  return { components: {}, gradients: {}, opLibraries: [], ...plugin };
}
