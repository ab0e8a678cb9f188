import type { SourceLocation } from '../errors.js';
import { ConfigError, UserError } from '../errors.js';
import type { GradientRule, GradientRules } from '../tf/grad/index.js';
import { TensorflowError } from '../tf/index.js';
import type { Plugin } from './define_plugin.js';
import type { Component } from './types.js';

/** The line of the plugin's file that an error comes through; without source maps the stack does not name it. */
function placeIn(file: string, { stack = '' }: Error): SourceLocation {
  const start = stack.indexOf(`${file}:`);
  const [, line, column] = /^:(\d+):(\d+)/.exec(start < 0 ? '' : stack.slice(start + file.length)) ?? [];
  return { file, ...(line !== undefined && { line: Number(line), column: Number(column) }) };
}

/** Runs code of a plugin; an error that nobody foresaw is told as one of that code. */
function blame<Result>(file: string, what: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof UserError || error instanceof TensorflowError) {
      throw error;
    }
    const message = `plugin: ${what} fails: ${error.name}: ${error.message}`;
    throw new ConfigError(message, { at: placeIn(file, error), cause: error });
  }
}

function blamedComponent(file: string, name: string, component: Component): Component {
  return {
    ...component,
    prepare(source) {
      const build = component.prepare(source);
      return (ctx, block, input) =>
        blame(file, `component "${name}" of block "${block.name}"`, () => build(ctx, block, input));
    },
  };
}

function blamedRule(file: string, name: string, rule: GradientRule | null): GradientRule | null {
  const what = `the gradient rule of ${name}`;
  if (typeof rule === 'function') return (op, dys) => blame(file, what, () => rule(op, dys));
  if (rule?.kind !== 'broadcasting') return rule;
  return { ...rule, gradient: (op, dys) => blame(file, what, () => rule.gradient(op, dys)) };
}

/** A plugin whose own unforeseen errors, such as a TypeError, name its file and, with source maps, the line. */
export function withBlame(file: string, plugin: Plugin): Plugin {
  const components = Object.entries(plugin.components).map(([name, component]): [string, Component] => [
    name,
    blamedComponent(file, name, component),
  ]);
  const gradients = Object.entries(plugin.gradients).map(([name, rule]): [string, GradientRules[string]] => [
    name,
    blamedRule(file, name, rule),
  ]);
  return {
    ...plugin,
    components: Object.fromEntries(components),
    gradients: Object.fromEntries(gradients),
  };
}
