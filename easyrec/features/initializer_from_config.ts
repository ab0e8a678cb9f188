import type { Initializer as InitializerConfig } from '../config/generated/types.js';
import { locationOf, oneofCase } from '../config/message.js';
import { ConfigError } from '../errors.js';
import type { InitializerSpec } from './spec.js';

/** @throws ConfigError when none is chosen. */
export function initializerOf(config: InitializerConfig): InitializerSpec {
  const chosen = oneofCase(config, 'initializer_oneof');
  switch (chosen?.case) {
    case 'truncated_normal_initializer':
      return { kind: 'truncated_normal', mean: chosen.value.mean, stddev: chosen.value.stddev };
    case 'random_normal_initializer':
      return { kind: 'random_normal', mean: chosen.value.mean, stddev: chosen.value.stddev };
    case 'glorot_normal_initializer':
      return { kind: 'glorot_normal' };
    case 'constant_initializer':
      return { kind: 'constant', values: chosen.value.consts };
    case undefined:
      throw new ConfigError('initializer: expected one to be chosen, received none', {
        at: locationOf(config),
      });
  }
}
