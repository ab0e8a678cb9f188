import { buildBackbone } from '../components/backbone.js';
import type { GroupSource } from '../components/group_source.js';
import { UNSUPPORTED } from '../config/case_table.js';
import type { EasyRecModel } from '../config/generated/types.js';
import { locationOf } from '../config/message.js';
import { ConfigError } from '../errors.js';
import type { ComponentContext } from '../components/context.js';
import { dense } from '../layers/dense.js';
import { glorotUniform } from '../layers/initializers.js';
import { LOSSES, type Loss } from '../losses/index.js';
import { ops, Output } from '../tf/index.js';
import type { BuiltModel, LabelSource } from './types.js';

/**
 * A ranking model whose body is a backbone: its output, brought to one logit a row by a dense layer named `output`
 * unless it has that width already, is the logit of a click.
 *
 * @throws ConfigError without a backbone, or when it ends in a list of tensors.
 */
export function rankModel(ctx: ComponentContext, config: EasyRecModel, groups: GroupSource): BuiltModel {
  const { backbone } = config;
  if (backbone === null) {
    throw new ConfigError('RankModel: expected a backbone, received none', {
      at: locationOf(config, 'model_class'),
    });
  }
  const body = buildBackbone(ctx, backbone, groups);
  if (!(body instanceof Output)) {
    throw new ConfigError('RankModel: expected the backbone to end in one tensor, received a list', {
      at: locationOf(backbone, 'output_blocks'),
    });
  }
  const width = body.shape?.at(-1);
  const logits =
    width === config.num_class
      ? body
      : dense(ctx, body, { name: 'output', units: config.num_class, kernelInitializer: glorotUniform() });
  const flat = ops.squeeze(logits, [1]); // [B, 1] -> [B]
  const { key, build } = lossOf(config);
  const labelOf = ({ first }: { readonly first: string }): string => config.label_name || first;
  return {
    predictions: new Map([
      ['logits', flat],
      ['probs', ops.sigmoid(flat)],
    ]),
    losses(source: LabelSource) {
      const labels = source.labels.get(labelOf(source));
      if (labels === undefined) {
        throw new ConfigError(`label_name: "${labelOf(source)}" is not among data_config.label_fields`, {
          at: locationOf(config, 'label_name'),
        });
      }
      return new Map([[key, build({ labels, logits: flat, weights: source.weights })]]);
    },
    metricSource: (source) => ({ label: labelOf(source), probs: 'probs', logits: 'logits' }),
  };
}

function lossOf(config: EasyRecModel): Loss {
  const name = config.loss_type;
  const loss: Loss | typeof UNSUPPORTED = LOSSES[name];
  if (loss !== UNSUPPORTED) return loss;
  const known = Object.entries(LOSSES).filter(([, each]) => each !== UNSUPPORTED);
  const names = known.map(([each]) => each).join(' or ');
  throw new ConfigError(`loss_type: expected ${names}, received ${name}, which is not supported yet`, {
    at: locationOf(config, 'loss_type'),
  });
}
