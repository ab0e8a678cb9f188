import type { BackboneTower } from '../config/index.js';
import { locationOf } from '../config/index.js';
import { locateErrors } from './backbone/locate_errors.js';
import { planBackbone } from './backbone/plan.js';
import type { ComponentContext } from './context.js';
import type { GroupSource } from './group_source.js';
import { kerasConcatenate } from './keras/concatenate.js';
import { mlp } from './mlp.js';
import { emptySource, messageSource } from './params/source.js';
import type { BlockValue } from './value.js';
import { elementsOf } from './value.js';

const TOP_MLP = 'backbone_top_mlp';

type Finish = (ctx: ComponentContext, body: BlockValue) => BlockValue;

/** The MLP on top of the blocks' output; a list is put side by side first. */
function prepareTopMlp(config: BackboneTower): Finish {
  if (config.top_mlp === null) return (_ctx, body) => body;
  const at = locationOf(config, 'top_mlp');
  const concatenate = kerasConcatenate.prepare(emptySource(at));
  const build = mlp.prepare(messageSource('top_mlp', config.top_mlp));
  const block = { name: TOP_MLP, scope: TOP_MLP };
  return (ctx, body) =>
    locateErrors('top_mlp', at, () =>
      ctx.graph.scope(TOP_MLP, () =>
        build(ctx, block, elementsOf(body) === null ? body : concatenate(ctx, block, body)),
      ),
    );
}

/**
 * Adds a backbone, a DAG of blocks, to the graph of `ctx`.
 *
 * @returns The blocks' output through top_mlp if there is one: a tensor, or a list where output_blocks asks for it.
 * @throws ConfigError at the place of each mistake in the config.
 */
export function buildBackbone(ctx: ComponentContext, config: BackboneTower, groups: GroupSource): BlockValue {
  const plan = planBackbone(config, ctx.components, groups.groupNames);
  const finish = prepareTopMlp(config);
  return finish(ctx, plan.build(ctx, groups));
}
