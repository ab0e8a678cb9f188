import { existsSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { writeFileAtomic } from '../../../atomic_files.js';
import { UserError } from '../../../errors.js';
import { readConfigFile } from './config_file.js';
import { checkFunctionName, HANDLER_NAME, RUNTIMES, type RuntimeName } from './runtimes.js';
import { scaffoldFunction } from './scaffold.js';

/** Where images go that no registry is named for: one on this machine. */
export const DEFAULT_REGISTRY = 'localhost:5000';

/** A function to be made. */
export interface NewFunction {
  readonly name: string;
  readonly runtime: RuntimeName;
  /** Its folder, which must not exist. */
  readonly folder: string;
  /** The config.yaml that gets an entry for it; made if need be, for its owner's eyes only. */
  readonly configFile: string;
  /** Written into the file; default: what is there stays. */
  readonly gateway?: string | undefined;
}

/**
 * Makes a function's folder and its entry in config.yaml; what else the file says stays as it is, comments included.
 * @throws UserError when the name is taken or is none; nothing has been written then.
 */
export async function addFunction(added: NewFunction): Promise<void> {
  const { name, runtime, folder, configFile } = added;
  checkFunctionName(name);
  const file = resolve(configFile);
  const isNew = !existsSync(file);
  if (!isNew && readConfigFile(file).functions.some((other) => other.name === name)) {
    throw new UserError(`Function ${name} already exists in ${configFile} file.`);
  }
  const text = configWith(isNew ? '' : readFileSync(file, 'utf8'), file, added);
  await scaffoldFunction(folder, name, runtime);
  try {
    // It may come to hold secrets.
    await writeFileAtomic(file, text, isNew ? 0o600 : statSync(file).mode & 0o777);
  } catch (error) {
    await rm(resolve(folder), { recursive: true, force: true });
    throw error;
  }
}

function configWith(text: string, file: string, { name, runtime, folder, gateway }: NewFunction): string {
  const document = parseDocument(text);
  const directory = relative(dirname(file), resolve(folder));
  const entry = {
    runtime,
    desc: '',
    maintainer: '',
    handler: {
      dir: directory.startsWith('.') || directory.startsWith('/') ? directory : `./${directory}`,
      file: RUNTIMES[runtime].handlerFile,
      name: HANDLER_NAME,
    },
    image: `${DEFAULT_REGISTRY}/${name}`,
  };
  document.setIn(['functions', name], document.createNode(entry));
  if (gateway !== undefined) {
    const section = document.has('openfx') && !document.has('dcf') ? 'openfx' : 'dcf';
    document.setIn([section, 'gateway'], gateway);
  }
  return document.toString({ lineWidth: 0 });
}
