import type { Block, EasyRecModel } from '../config/generated/types.js';
import { withReadyIds, type FieldTraits, type IdColumn } from '../features/ready_ids.js';
import { hashesFast, type ReaderType } from '../input/index.js';
import { fieldColumns, type InputPlan, type PlannedColumn } from './input_plan.js';
import type { ModelPlan } from './model_plan.js';

/**
 * The same model, fed ids in place of texts where the reader can hash those as it reads. For training and evaluation:
 * an export takes the texts themselves.
 */
export function hashWhileReading(plan: ModelPlan): ModelPlan {
  const { dataConfig } = plan.input;
  if (!hashesFast(dataConfig.input_type as ReaderType)) return plan;
  const fields = fieldColumns(dataConfig);
  const traits = new Map(
    dataConfig.input_fields.map((field): [string, FieldTraits] => {
      const isText = field.input_type === 'STRING';
      const isHashable = isText || field.input_type === 'INT32' || field.input_type === 'INT64';
      return [field.input_name, { isHashable, mayBeEmpty: isText && field.default_val === '' }];
    }),
  );
  const { plan: features, columns } = withReadyIds(plan.features, traits, rawFeatures(plan.modelConfig));
  const used = new Set(features.features.flatMap(({ inputs }) => inputs));
  const texts = plan.input.features.filter(({ name }) => used.has(name));
  const ids = columns.flatMap((column) => plannedIds(column, fields));
  const input: InputPlan = { ...plan.input, features: [...texts, ...ids] };
  return { ...plan, features, input };
}

function plannedIds(column: IdColumn, fields: ReadonlyMap<string, PlannedColumn>): PlannedColumn[] {
  const field = fields.get(column.field);
  const { name, buckets } = column;
  return field === undefined
    ? []
    : [{ name, type: 'int64', index: field.index, idsOf: { field: field.name, buckets } }];
}

/** The features that `raw_input` blocks read. */
function rawFeatures(model: EasyRecModel): ReadonlySet<string> {
  const { backbone } = model;
  const blocks: readonly Block[] = [
    ...(backbone?.packages ?? []).flatMap((part) => part.blocks),
    ...(backbone?.blocks ?? []),
  ];
  const groups = new Set(
    blocks
      .filter(({ raw_input: layer }) => layer !== null)
      .flatMap(({ inputs }) => inputs.map((input) => input.feature_group_name)),
  );
  const read = model.feature_groups.filter(({ group_name: name }) => groups.has(name));
  return new Set(read.flatMap((group) => group.feature_names));
}
