import type { Flags } from '../args.js';

/** A command line as TensorFlow reads it. */
export interface ModelServerArguments {
  /** Flags that are known, in the form `--name=value`. */
  readonly known: readonly string[];
  /** All else, as it was given. */
  readonly unknown: readonly string[];
}

/** Sorts the words of a command line: only `--name=value` counts, and `--name` where that means true. */
export function sortArguments(argv: readonly string[], flags: Flags): ModelServerArguments {
  const known: string[] = [];
  const unknown: string[] = [];
  for (const word of argv) {
    const [, name = '', value] = /^--([^=]+)(=.*)?$/s.exec(word) ?? [];
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    const isOn = flag?.type === 'boolean' || flag?.type === 'optional';
    if (flag === undefined || (value === undefined && !isOn)) unknown.push(word);
    // An empty text is as good as none: scripts write `--model_config_file=$FILE`.
    else if (value !== '=') known.push(value === undefined ? `${word}=true` : word);
  }
  return { known, unknown };
}
