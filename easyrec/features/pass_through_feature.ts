import type { FeatureType } from './feature_type.js';
import type { PassThroughFeatureSpec } from './spec.js';

/** Input columns as they are, for components that parse them themselves. */
export const passThroughFeature: FeatureType<PassThroughFeatureSpec> = {
  parse: (inputs) => ({ kind: 'raw', columns: inputs }),
  raw: (inputs, { name }) => new Map(inputs.map((column, i) => [i === 0 ? name : `${name}_${i}`, column])),
  columnName: ({ name }) => name,
  tableRows: () => 0,
};
