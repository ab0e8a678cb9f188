import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { partialPath } from '../../atomic_files.js';
import { UserError } from '../../errors.js';
import { packageFile } from '../../package_files.js';
import type { OperatorType } from './operator.js';

/** Files of the folder, and the templates that they are made from; `TYPE` stands for the operator's type. */
const FILES: Readonly<Record<string, string>> = {
  'custom_operator.ts': 'custom_operator_TYPE.ts.template',
  'operator.yaml': 'operator_TYPE.yaml.template',
  'data/prepare_model.sh': 'prepare_model_TYPE.sh.template',
  Dockerfile: 'dockerfile.template',
  'Dockerfile-gpu': 'dockerfile_gpu.template',
  Makefile: 'makefile.template',
  'README.md': 'readme_TYPE.md.template',
  '.dockerignore': 'dockerignore.template',
  version: 'version.template',
};

/**
 * Makes the folder of a new operator that works as it is.
 * @param folder Must not exist; its last part is the operator's name.
 * @returns the files, from the folder.
 * @throws UserError when it exists or its name is no operator's.
 */
export async function scaffoldOperator(folder: string, type: OperatorType): Promise<readonly string[]> {
  const target = resolve(folder);
  const name = basename(target);
  if (!/^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$/.test(name)) {
    throw new UserError(
      `operator init: expected a name of lower-case letters, digits, "-" and "_", received "${name}"`,
    );
  }
  if (existsSync(target)) throw new UserError(`operator init: ${folder} exists already`);
  const partial = partialPath(target);
  try {
    for (const [file, template] of Object.entries(FILES)) {
      const source = packageFile(join('templates/operator', template.replace('TYPE', type)));
      const text = (await readFile(source, 'utf8'))
        .replaceAll('{{name}}', name.replaceAll('-', '_'))
        .replaceAll('{{folder}}', name);
      await mkdir(dirname(join(partial, file)), { recursive: true });
      await writeFile(join(partial, file), text);
      if (file.endsWith('.sh')) await chmod(join(partial, file), 0o755);
    }
    await rename(partial, target);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return Object.keys(FILES);
}
