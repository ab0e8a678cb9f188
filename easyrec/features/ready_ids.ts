import type { FeaturePlan } from './plan.js';
import type { Buckets, FeatureSpec, IdFeatureSpec } from './spec.js';

/** A column of ids made of an input field: Fingerprint64 of its text modulo `buckets`, -1 for an empty text. */
export interface IdColumn {
  /** `<field>#<buckets>`. */
  readonly name: string;
  readonly field: string;
  readonly buckets: Buckets;
}

/** What has to be known of an input field. */
export interface FieldTraits {
  /** Strings and integers; the text of a float depends on the feature. */
  readonly isHashable: boolean;
  /** Whether a row may be without a text. */
  readonly mayBeEmpty: boolean;
}

/**
 * The same features, reading ids in place of texts where that makes no difference to the ids: an IdFeature with
 * hash_bucket_size, unless something else needs its text.
 *
 * @param fields of the input, by name
 * @param needsText features whose values are read as they are, by name
 */
export function withReadyIds(
  plan: FeaturePlan,
  fields: ReadonlyMap<string, FieldTraits>,
  needsText: ReadonlySet<string>,
): { readonly plan: FeaturePlan; readonly columns: readonly IdColumn[] } {
  const columns = new Map<string, IdColumn>();
  const features = plan.features.map((spec): FeatureSpec => {
    const column = spec.type === 'IdFeature' && !needsText.has(spec.name) ? idColumn(spec, fields) : null;
    if (column === null || spec.type !== 'IdFeature') return spec;
    columns.set(column.name, column);
    const complete = fields.get(column.field)?.mayBeEmpty === false;
    return { ...spec, inputs: [column.name], ids: { kind: 'ready', buckets: column.buckets, complete } };
  });
  return { plan: { ...plan, features }, columns: [...columns.values()] };
}

function idColumn(spec: IdFeatureSpec, fields: ReadonlyMap<string, FieldTraits>): IdColumn | null {
  const [field = ''] = spec.inputs;
  if (spec.ids.kind !== 'hash' || fields.get(field)?.isHashable !== true) return null;
  const { buckets } = spec.ids;
  const name = `${field}#${buckets}`;
  return fields.has(name) ? null : { name, field, buckets };
}
