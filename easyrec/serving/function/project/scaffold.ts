import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { partialPath } from '../../../atomic_files.js';
import { UserError } from '../../../errors.js';
import { packageFile } from '../../../package_files.js';
import { RUNTIMES, type RuntimeName } from './runtimes.js';

/** Files of a function's folder besides the handler and what it requires, and the templates that they are made from. */
const TEMPLATES: Readonly<Record<RuntimeName, Readonly<Record<string, string>>>> = {
  python3: {
    [RUNTIMES.python3.handlerFile]: 'handler_python3.py.template',
    [RUNTIMES.python3.requirementsFile]: 'requirements.txt.template',
    Dockerfile: 'dockerfile_python3.template',
    '.dockerignore': 'dockerignore.template',
  },
  node: {
    [RUNTIMES.node.handlerFile]: 'handler_node.ts.template',
    [RUNTIMES.node.requirementsFile]: 'package.json.template',
    Dockerfile: 'dockerfile_node.template',
    '.dockerignore': 'dockerignore.template',
  },
};

/**
 * Makes the folder of a new function that works as it is.
 * @param folder Must not exist.
 * @returns the files, from the folder.
 * @throws UserError when it exists.
 */
export async function scaffoldFunction(
  folder: string,
  name: string,
  runtime: RuntimeName,
): Promise<readonly string[]> {
  const target = resolve(folder);
  if (existsSync(target)) throw new UserError(`folder: ${folder} already exists`);
  const partial = partialPath(target);
  try {
    for (const [file, template] of Object.entries(TEMPLATES[runtime])) {
      const text = await readTemplate(template, name);
      await mkdir(dirname(join(partial, file)), { recursive: true });
      await writeFile(join(partial, file), text);
    }
    await rename(partial, target);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return Object.keys(TEMPLATES[runtime]);
}

/** The Dockerfile of a new function. */
export function dockerfileOf(runtime: RuntimeName, name: string): Promise<string> {
  return readTemplate(TEMPLATES[runtime]['Dockerfile'] ?? '', name);
}

async function readTemplate(template: string, name: string): Promise<string> {
  const text = await readFile(packageFile(join('templates/function', template)), 'utf8');
  return text.replaceAll('{{name}}', name);
}
