import { isAbsolute } from 'node:path';
import { invalidArgument, ServingError } from '../status.js';
import { type ModelConfig, type ModelServerConfig, TENSORFLOW_PLATFORM } from './model_server_config.js';

/**
 * Checks that one config may follow another.
 *
 * @param current The models served now; absent before the first config.
 * @returns The models to serve; absent where the config changes nothing.
 * @throws ServingError in TensorFlow Serving's words.
 */
export function checkTransition(
  current: readonly ModelConfig[] | undefined,
  next: ModelServerConfig,
): readonly ModelConfig[] | undefined {
  if (next.customType !== undefined) {
    if (current === undefined) {
      throw new ServingError('UNIMPLEMENTED', 'ModelServer does not yet support custom model config.');
    }
    throw cannotTransition();
  }
  if (next.models === undefined) {
    if (current === undefined) return undefined;
    throw cannotTransition();
  }
  checkModels(next.models);
  for (const { name, platform } of next.models) {
    const before = current?.find((model) => model.name === name)?.platform;
    if (before !== undefined && before !== platform) {
      throw invalidArgument(
        `Illegal to change a model's platform. For model ${name} platform was ${before} and new platform requested is ${platform}`,
      );
    }
    if (platform !== TENSORFLOW_PLATFORM) {
      throw invalidArgument(`Model ${name} requests unsupported platform ${platform}`);
    }
  }
  return next.models;
}

function cannotTransition(): ServingError {
  return new ServingError(
    'FAILED_PRECONDITION',
    'Cannot transition to requested config. It is only legal to transition from one ModelConfigList to another.',
  );
}

function checkModels(models: readonly ModelConfig[]): void {
  const names = new Set<string>();
  for (const { name, basePath } of models) {
    if (names.has(name)) throw invalidArgument(`Illegal to list model ${name} multiple times in config list`);
    names.add(name);
    if (/^[a-z][a-z\d+.-]*:\/\//i.test(basePath)) {
      throw new ServingError(
        'UNIMPLEMENTED',
        `Expected model ${name} to have a folder of this machine as its base path; got base_path()=${basePath}: ` +
          'mount or copy it',
      );
    }
    if (!isAbsolute(basePath)) {
      throw invalidArgument(
        `Expected model ${name} to have an absolute path or URI; got base_path()=${basePath}`,
      );
    }
  }
}
