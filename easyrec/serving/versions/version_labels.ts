import { ServingError } from '../status.js';
import type { ModelConfig } from './model_server_config.js';

/** The labels of each model's versions, by the model's name. */
export type VersionLabels = ReadonlyMap<string, ReadonlyMap<string, bigint>>;

/** By what rule labels are given. */
export interface LabelRules {
  /** Whether a label that is new, or stays where it is, may name a version that is not available. */
  readonly allowUnavailable: boolean;
  readonly isAvailable: (model: string, version: bigint) => boolean;
}

/**
 * The labels that a config gives.
 * @throws ServingError FAILED_PRECONDITION when a label may not be given to its version.
 */
export function assignLabels(
  models: readonly ModelConfig[],
  current: VersionLabels,
  rules: LabelRules,
): VersionLabels {
  return new Map(models.map((model) => [model.name, checkLabels(model, current.get(model.name), rules)]));
}

function checkLabels(
  { name, versionLabels }: ModelConfig,
  current: ReadonlyMap<string, bigint> | undefined,
  { allowUnavailable, isAvailable }: LabelRules,
): ReadonlyMap<string, bigint> {
  for (const [label, version] of versionLabels) {
    const before = current?.get(label);
    const isMoved = before !== undefined && before !== version;
    if ((allowUnavailable && !isMoved) || isAvailable(name, version)) continue;
    throw new ServingError(
      'FAILED_PRECONDITION',
      `Request to assign label to version ${version} of model ${name}, which is not currently available for inference`,
    );
  }
  return versionLabels;
}
