import type { Output } from '../tf/index.js';

/** The options of an `input_layer` block that change what is computed. */
export interface InputLayerOptions {
  readonly doBatchNorm: boolean;
  readonly doLayerNorm: boolean;
  /** In [0, 1); 0 for none. */
  readonly dropoutRate: number;
  /** The chance that a whole feature is dropped, in [0, 1); 0 for none. */
  readonly featureDropoutRate: number;
  /** Whether the block hands out the list of features: they too get dropout then. */
  readonly outputsFeatureList: boolean;
}

export const PLAIN_INPUT_LAYER: InputLayerOptions = {
  doBatchNorm: false,
  doLayerNorm: false,
  dropoutRate: 0,
  featureDropoutRate: 0,
  outputsFeatureList: false,
};

/** One feature group, looked up. */
export interface GroupTensors {
  /** All features side by side, `[B, width]`. */
  readonly concat: Output;
  /** One tensor a feature, `[B, D]`, in the order of the group's feature list. */
  readonly features: readonly Output[];
}

/**
 * Where a backbone gets its feature groups from.
 *
 * The first call for a group decides the number in its scope (`input_layer`, `input_layer_1`, …); later calls for the
 * same group reuse its tables and tensors.
 */
export interface GroupSource {
  readonly groupNames: readonly string[];
  inputLayer(groupName: string, options: InputLayerOptions): GroupTensors;
  /** The group's columns as they were read, strings included. */
  rawInputs(groupName: string): readonly Output[];
}
