import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, normalize, resolve } from 'node:path';
import { UserError } from '../../../errors.js';
import { YamlObject } from '../../yaml_object.js';
import type { FunctionResources } from '../messages.js';
import type { DcfConfig, FunctionConfig } from './function_config.js';
import { gatewayAddress } from './gateway_address.js';
import {
  checkFunctionName,
  HANDLER_NAME,
  isRuntime,
  RUNTIMES,
  type RuntimeName,
  runtimeHint,
} from './runtimes.js';

const FUNCTION_KEYS = [
  ...['runtime', 'desc', 'maintainer', 'handler', 'image', 'environment', 'environment_file', 'secrets'],
  ...['labels', 'constraints', 'limits', 'requests', 'skip_build', 'build_args', 'build_packages'],
  ...['build_options', 'docker_registry', 'registry_auth'],
  ...['min_replicas', 'max_replicas', 'timeout_ms', 'concurrency', 'idle_timeout_ms'],
];
const MAX_REPLICAS = 1000;
const MAX_MS = 2 ** 31 - 1;

/**
 * Reads a config.yaml.
 * @throws UserError when it cannot be read; ConfigError, naming line and column, when it says something wrong.
 */
export function readConfigFile(path: string): DcfConfig {
  const file = resolve(path);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UserError(`config.yaml: expected a file at ${path}: ${reasonOf(cause)}`, { cause });
  }
  return parseConfig(text, file);
}

/**
 * Reads the text of a config.yaml; paths in it are taken from its folder.
 * @throws ConfigError naming line and column.
 */
export function parseConfig(text: string, file: string): DcfConfig {
  const yaml = YamlObject.parse(text, file, {
    what: 'config.yaml',
    known: ['functions', 'dcf', 'openfx'],
    example: 'functions:',
  });
  const functions = yaml.object('functions');
  return {
    file,
    gateway: readGateway(yaml),
    functions:
      functions === undefined
        ? []
        : functions.keys.map((name) => readFunction(name, functions, dirname(file))),
  };
}

function readGateway(yaml: YamlObject): string | undefined {
  const provider = yaml.object('dcf', ['gateway']) ?? yaml.object('openfx', ['gateway']);
  const gateway = provider?.string('gateway');
  if (provider === undefined || gateway === undefined) return undefined;
  return gatewayAddress(gateway, (message) => provider.error('gateway', `gateway: ${message}`));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function readFunction(name: string, functions: YamlObject, folder: string): FunctionConfig {
  try {
    checkFunctionName(name);
  } catch (error) {
    throw error instanceof UserError ? functions.keyError(name, error.message) : error;
  }
  const yaml = functions.object(name, FUNCTION_KEYS);
  if (yaml === undefined) {
    throw functions.keyError(name, `${name}: expected keys and values, such as "runtime: python3"`);
  }
  const runtime = readRuntime(yaml);
  return {
    ...{ name, runtime, handler: readHandler(yaml, folder, runtime, name), image: readImage(yaml, name) },
    description: yaml.string('desc', { mayBeEmpty: true }) ?? '',
    maintainer: yaml.string('maintainer', { mayBeEmpty: true }) ?? '',
    environment: { ...readEnvironment(yaml), ...readEnvironmentFiles(yaml, folder) },
    secrets: yaml.strings('secrets'),
    labels: yaml.texts('labels'),
    constraints: yaml.strings('constraints'),
    limits: readResources(yaml, 'limits'),
    requests: readResources(yaml, 'requests'),
    skipBuild: yaml.boolean('skip_build') ?? false,
    buildArgs: readPairs(yaml, 'build_args'),
    buildPackages: [...yaml.strings('build_packages'), ...yaml.strings('build_options')],
    registryAuth: yaml.string('registry_auth') ?? '',
    ...readScaling(yaml),
    problem: (key, message) => yaml.error(key, message),
  };
}

function readScaling(
  yaml: YamlObject,
): Pick<FunctionConfig, 'minReplicas' | 'maxReplicas' | 'timeoutMs' | 'concurrency' | 'idleTimeoutMs'> {
  const minReplicas = yaml.integer('min_replicas', 1, MAX_REPLICAS) ?? 0;
  const maxReplicas = yaml.integer('max_replicas', 1, MAX_REPLICAS) ?? 0;
  if (maxReplicas !== 0 && maxReplicas < minReplicas) {
    throw yaml.error(
      'max_replicas',
      `max_replicas: expected at least min_replicas, ${minReplicas}, received ${maxReplicas}`,
    );
  }
  return {
    ...{ minReplicas, maxReplicas },
    timeoutMs: yaml.integer('timeout_ms', 1, MAX_MS) ?? 0,
    concurrency: yaml.integer('concurrency', 1, MAX_REPLICAS) ?? 0,
    idleTimeoutMs: yaml.integer('idle_timeout_ms', 1, MAX_MS) ?? 0,
  };
}

function readRuntime(yaml: YamlObject): RuntimeName {
  const name = yaml.required('runtime', yaml.string('runtime'));
  if (isRuntime(name)) return name;
  const known = Object.keys(RUNTIMES).join(', ');
  throw yaml.error('runtime', `runtime: expected ${known}, received "${name}"${runtimeHint(name)}`);
}

function readHandler(
  yaml: YamlObject,
  folder: string,
  runtime: RuntimeName,
  name: string,
): FunctionConfig['handler'] {
  const handler = yaml.required('handler', yaml.object('handler', ['dir', 'file', 'name']));
  const directory = resolve(folder, handler.string('dir') ?? name);
  const file = handler.string('file') ?? RUNTIMES[runtime].handlerFile;
  if (isAbsolute(file) || normalize(file).split('/').includes('..')) {
    throw handler.error('file', `file: expected a file within the function's folder, received "${file}"`);
  }
  return { folder: directory, file, name: handler.string('name') ?? HANDLER_NAME };
}

function readImage(yaml: YamlObject, name: string): string {
  const registry = yaml.string('docker_registry');
  const image = yaml.string('image');
  const text = image ?? yaml.required('image', registry === undefined ? undefined : `${registry}/${name}`);
  // As Docker has it: a host, folders, a tag.
  if (/^([\w.-]+(:\d+)?\/)?[a-z0-9._/-]+(:[\w.-]+)?$/.test(text)) return text;
  throw yaml.error('image', `image: expected REGISTRY/NAME or REGISTRY/NAME:TAG, received "${text}"`);
}

/** A map; DCF's guide shows a list of `NAME=VALUE`, which its own tool does not read. */
function readEnvironment(yaml: YamlObject): Readonly<Record<string, string>> {
  return yaml.isList('environment') ? readPairs(yaml, 'environment') : yaml.texts('environment');
}

function readEnvironmentFiles(yaml: YamlObject, folder: string): Readonly<Record<string, string>> {
  const files = yaml.strings('environment_file').map((path) => {
    const file = resolve(folder, path);
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (cause) {
      throw yaml.error('environment_file', `environment_file: ${reasonOf(cause)}`);
    }
    const options = { what: 'environment_file', known: ['environment'], example: 'environment:' };
    return YamlObject.parse(text, file, options);
  });
  return Object.assign({}, ...files.map(readEnvironment)) as Readonly<Record<string, string>>;
}

function readPairs(yaml: YamlObject, key: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    yaml.strings(key).map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw yaml.error(key, `${key}: expected NAME=VALUE, received "${text}"`);
      return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
    }),
  );
}

/** How each resource is written, and what to say otherwise. */
const QUANTITIES = {
  memory: { pattern: /^\d+(\.\d+)?([kKMGT]i?)?$/, example: '"512M" or "1Gi"' },
  cpu: { pattern: /^(\d+(\.\d+)?|\d+m)$/, example: '"0.5" or "500m"' },
  gpu: { pattern: /^\d+$/, example: '"1"' },
} as const;

function readResources(yaml: YamlObject, key: string): FunctionResources {
  const resources = yaml.object(key, Object.keys(QUANTITIES));
  const quantity = (name: keyof typeof QUANTITIES): string => {
    const text = resources?.text(name) ?? '';
    const { pattern, example } = QUANTITIES[name];
    if (resources === undefined || text === '' || pattern.test(text)) return text;
    throw resources.error(name, `${name}: expected a quantity such as ${example}, received "${text}"`);
  };
  return { Memory: quantity('memory'), CPU: quantity('cpu'), GPU: quantity('gpu') };
}
