import type { Block, InputLayer } from '../../config/index.js';
import { has, locationOf, oneofCase } from '../../config/index.js';
import type { SourceLocation } from '../../errors.js';
import { ConfigError, didYouMean } from '../../errors.js';
import { ops } from '../../tf/index.js';
import type { GroupSource, GroupTensors, InputLayerOptions } from '../group_source.js';
import type { BlockValue } from '../value.js';
import { Tuple } from '../value.js';

/** A block that hands out a feature group. */
export interface SourcePlan {
  readonly kind: 'input_layer' | 'raw_input';
  readonly group: string;
  readonly at: SourceLocation;
  /** What has no effect, for a warning; null for nothing. */
  readonly warning: string | null;
  readonly fetch: (groups: GroupSource) => BlockValue;
}

/** @throws ConfigError naming the nearest feature groups. */
export function expectGroup(name: string, groupNames: readonly string[], at: SourceLocation): void {
  if (groupNames.includes(name)) return;
  throw new ConfigError(
    `feature_group_name: unknown feature group "${name}"${didYouMean(name, groupNames)}; groups: ${groupNames.join(', ')}`,
    { at },
  );
}

/** In which form an input_layer hands its group out; the first that is set wins, as in EasyRec. */
function formOf(config: InputLayer): (tensors: GroupTensors) => BlockValue {
  if (config.output_seq_and_normal_feature) {
    throw new ConfigError('output_seq_and_normal_feature: not supported yet', {
      at: locationOf(config, 'output_seq_and_normal_feature'),
    });
  }
  if (config.only_output_feature_list) return ({ features }) => features;
  if (config.only_output_3d_tensor) return ({ features }) => ops.stack(features, 1);
  if (config.output_2d_tensor_and_feature_list) {
    return ({ concat, features }) => new Tuple([concat, features]);
  }
  return ({ concat }) => concat;
}

function optionsOf(config: InputLayer): InputLayerOptions {
  return {
    doBatchNorm: config.do_batch_norm,
    doLayerNorm: config.do_layer_norm,
    dropoutRate: config.dropout_rate,
    featureDropoutRate: config.feature_dropout_rate,
    outputsFeatureList:
      config.only_output_feature_list ||
      config.only_output_3d_tensor ||
      config.output_2d_tensor_and_feature_list,
  };
}

function onlyGroup(block: Block, kind: string, groupNames: readonly string[]): string {
  const [input, second] = block.inputs;
  if (input === undefined || second !== undefined) {
    throw new ConfigError(
      `block "${block.name}": a block with ${kind} takes exactly one input, received ${block.inputs.length}`,
      { at: locationOf(block, 'inputs', 1) },
    );
  }
  const named = oneofCase(input, 'name');
  if (named?.case !== 'feature_group_name') {
    throw new ConfigError(
      `block "${block.name}": a block with ${kind} takes a feature_group_name, received ${named?.case ?? 'nothing'}`,
      { at: locationOf(input) },
    );
  }
  expectGroup(named.value, groupNames, locationOf(input, named.case));
  return named.value;
}

/**
 * Reads a block whose layer is input_layer or raw_input; null for any other.
 *
 * @throws ConfigError for anything but one known feature group as its input.
 */
export function planSource(block: Block, groupNames: readonly string[]): SourcePlan | null {
  const layer = oneofCase(block, 'layer');
  if (layer?.case !== 'input_layer' && layer?.case !== 'raw_input') return null;
  const { case: kind } = layer;
  if (block.layers.length > 0) {
    throw new ConfigError(`block "${block.name}": expected either ${kind} or layers, received both`, {
      at: locationOf(block, 'layers'),
    });
  }
  const group = onlyGroup(block, kind, groupNames);
  // EasyRec's documentation shows it here, its code never looks at it.
  const warning = has(block, 'extra_input_fn')
    ? `extra_input_fn has no effect on a block with ${kind}`
    : null;
  const common = { kind, group, at: locationOf(block), warning };
  if (layer.case === 'raw_input') return { ...common, fetch: (groups) => groups.rawInputs(group) };
  const form = formOf(layer.value);
  const options = optionsOf(layer.value);
  return { ...common, fetch: (groups) => form(groups.inputLayer(group, options)) };
}
