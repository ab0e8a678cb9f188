import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { writeFileAtomic } from '../../../atomic_files.js';
import { UserError } from '../../../errors.js';
import type { FunctionConfig } from './function_config.js';
import { dockerBuildArguments, manifests, type Target } from './manifests.js';
import { dockerfileOf } from './scaffold.js';

/** What was written, and what to do with it. */
export interface WrittenTarget {
  readonly files: readonly string[];
  /** Shell commands, such as `docker build …`, in order. */
  readonly commands: readonly string[];
}

/**
 * Writes the manifests of functions into a folder, and a Dockerfile beside each handler that has none.
 * @throws UserError when a manifest is there already and `overwrite` is not given; ConfigError for what the target
 *   does not have.
 */
export async function writeTargetFiles(
  target: Target,
  functions: readonly FunctionConfig[],
  { out, overwrite }: { readonly out: string; readonly overwrite: boolean },
): Promise<WrittenTarget> {
  const folderOf = ({ handler }: FunctionConfig): string => relative(resolve(out), handler.folder) || '.';
  const texts = [...manifests(target, functions, folderOf)].map(
    ([name, text]) => [join(out, name), text] as const,
  );
  const taken = texts.find(([file]) => existsSync(file));
  if (taken !== undefined && !overwrite) {
    throw new UserError(`${taken[0]} exists already; --update writes it anew`);
  }
  const files: string[] = [];
  await mkdir(out, { recursive: true });
  for (const [file, text] of texts) {
    await writeFileAtomic(file, text);
    files.push(file);
  }
  for (const { name, runtime, handler } of functions) {
    const file = join(handler.folder, 'Dockerfile');
    if (existsSync(file)) continue;
    await writeFileAtomic(file, await dockerfileOf(runtime, name));
    files.push(relative('.', file));
  }
  return { files, commands: commandsOf(target, functions, out) };
}

function commandsOf(target: Target, functions: readonly FunctionConfig[], out: string): readonly string[] {
  if (target === 'openfaas') return [`faas-cli up -f ${join(out, 'stack.yaml')}`];
  const built = functions.flatMap((config) => {
    const args = Object.entries(dockerBuildArguments(config)).map(
      ([k, v]) => `--build-arg ${quoted(`${k}=${v}`)} `,
    );
    const folder = quoted(relative('.', config.handler.folder) || '.');
    return [`docker build ${args.join('')}-t ${config.image} ${folder}`, `docker push ${config.image}`];
  });
  return [...built, ...functions.map(({ name }) => `kubectl apply -f ${join(out, `${name}.yaml`)}`)];
}

function quoted(text: string): string {
  return /^[\w./:=@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
