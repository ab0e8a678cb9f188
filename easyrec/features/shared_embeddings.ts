import type { EVParams, FeatureConfig } from '../config/generated/types.js';
import { featureName } from '../config/load.js';
import { locationOf } from '../config/message.js';
import { ConfigError } from '../errors.js';

/** What features that share a table must agree on, apart from their number of ids. */
const AGREED = ['embedding_dim', 'combiner', 'initializer', 'max_partitions'] as const;

/** Which features share an embedding table: those with one `embedding_name`, where there are two or more. */
export class SharedEmbeddings {
  readonly #users = new Map<string, number>();
  readonly #first = new Map<string, FeatureConfig>();

  /**
   * @param modelHasKeys whether the model has `ev_params` for all
   * @throws ConfigError when features of one name differ in width, combiner or initial values, or only some of them have
   *   `ev_params`
   */
  constructor(configs: readonly FeatureConfig[], modelHasKeys = false) {
    for (const config of configs) {
      const { embedding_name: name } = config;
      if (name === '') continue;
      this.#users.set(name, (this.#users.get(name) ?? 0) + 1);
      const other = this.#first.get(name);
      if (other === undefined) this.#first.set(name, config);
      else checkAgreement(config, other, modelHasKeys);
    }
  }

  /** The `ev_params` of a feature, or of the first one of those that share its table. */
  evParamsOf(config: FeatureConfig): EVParams | null {
    const name = this.nameOf(config);
    return (name === null ? config : (this.#first.get(name) ?? config)).ev_params;
  }

  /** The name of the table that a feature shares; null where it has its own. */
  nameOf({ embedding_name: name }: FeatureConfig): string | null {
    return (this.#users.get(name) ?? 0) > 1 ? name : null;
  }
}

function checkAgreement(config: FeatureConfig, other: FeatureConfig, modelHasKeys: boolean): void {
  if (!modelHasKeys && (config.ev_params === null) !== (other.ev_params === null)) {
    const expected = other.ev_params === null ? 'none' : 'them';
    throw new ConfigError(
      `feature "${featureName(config)}": ev_params: expected ${expected} as in "${featureName(other)}", which shares embedding_name "${config.embedding_name}"`,
      { at: locationOf(config, 'ev_params') },
    );
  }
  for (const field of AGREED) {
    const expected = JSON.stringify(other[field]);
    const received = JSON.stringify(config[field]);
    if (expected === received) continue;
    throw new ConfigError(
      `feature "${featureName(config)}": ${field}: expected ${expected} as in "${featureName(other)}", which shares embedding_name "${config.embedding_name}"; received ${received}`,
      { at: locationOf(config, field) },
    );
  }
}
