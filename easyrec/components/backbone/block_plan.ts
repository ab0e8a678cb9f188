import type { Block } from '../../config/index.js';
import { has, locationOf, oneofCase, parseLambda } from '../../config/index.js';
import type { SourceLocation } from '../../errors.js';
import { ConfigError } from '../../errors.js';
import type { ComponentContext } from '../context.js';
import { evaluateLambda } from '../lambda/evaluate.js';
import type { ComponentTable } from '../types.js';
import type { BlockValue } from '../value.js';
import type { InputPlan } from './input_plan.js';
import { planInput } from './input_plan.js';
import type { ApplyLayer } from './layer_plan.js';
import { expectLayer, planLayer } from './layer_plan.js';
import { locateErrors } from './locate_errors.js';
import { mergeInputs } from './merge.js';

/** A block that computes something from other blocks' values. */
export interface BlockPlan {
  readonly name: string;
  readonly at: SourceLocation;
  readonly inputs: readonly InputPlan[];
  /** @param values of the blocks that ran before, by name. */
  readonly run: (ctx: ComponentContext, values: ReadonlyMap<string, BlockValue>) => BlockValue;
}

interface NamedLayer {
  readonly name: string;
  readonly apply: ApplyLayer;
}

/** The layers of a block in their order: none for a block that only merges its inputs. */
function layersOf(block: Block, components: ComponentTable): readonly NamedLayer[] {
  if (block.layers.length > 0) {
    return block.layers.map((layer, i) => ({
      name: `${block.name}_l${i}`,
      apply: planLayer(expectLayer(layer), components),
    }));
  }
  const layer = oneofCase(block, 'layer');
  switch (layer?.case) {
    case undefined:
    case 'input_layer':
    case 'raw_input':
      return [];
    case 'embedding_layer':
      throw new ConfigError('embedding_layer: not supported yet', { at: locationOf(layer.value) });
    case 'lambda':
    case 'keras_layer':
    case 'recurrent':
    case 'repeat':
      return [{ name: block.name, apply: planLayer(layer, components) }];
  }
}

function merged(
  ctx: ComponentContext,
  block: Block,
  inputs: readonly InputPlan[],
  values: ReadonlyMap<string, BlockValue>,
): BlockValue {
  const taken = inputs
    .filter(({ isIgnored }) => !isIgnored)
    .map((input) => {
      const value = values.get(input.name);
      if (value === undefined) throw new ConfigError(`input "${input.name}" has no value`, { at: input.at });
      return locateErrors(`block "${block.name}", input "${input.name}"`, input.at, () =>
        input.transform(ctx.graph, value),
      );
    });
  return block.merge_inputs_into_list ? taken : mergeInputs(taken, block.input_concat_axis);
}

/**
 * Reads one block, so that its mistakes show before anything is built.
 *
 * @throws ConfigError for a block without inputs, and for what is wrong with inputs or layers.
 */
export function planBlock(block: Block, components: ComponentTable): BlockPlan {
  const { name } = block;
  const at = locationOf(block);
  if (block.inputs.length === 0) {
    throw new ConfigError(`block "${name}": expected at least one input, received none`, { at });
  }
  const inputs = block.inputs.map(planInput);
  const extraAt = locationOf(block, 'extra_input_fn');
  const extra = has(block, 'extra_input_fn') ? parseLambda(block.extra_input_fn, extraAt) : null;
  const layers = layersOf(block, components);
  return {
    name,
    at,
    inputs,
    run: (ctx, values) =>
      ctx.graph.scope(`backbone/${name}`, () => {
        const input = locateErrors(`block "${name}"`, at, () => merged(ctx, block, inputs, values));
        const ready =
          extra === null
            ? input
            : locateErrors(`block "${name}"`, extraAt, () => evaluateLambda(extra, ctx.graph, [input]));
        return layers.reduce((value, layer) => layer.apply(ctx, layer.name, value), ready);
      }),
  };
}
