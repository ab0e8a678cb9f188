import { ConfigError, didYouMean } from '../errors.js';
import { featureType } from '../features/index.js';
import type { FeatureGroup, FeaturePlan } from '../features/plan.js';
import type { EmbeddedSpec, FeatureSpec } from '../features/spec.js';
import type { FeatureValue, SparseIds } from '../features/types.js';
import type { BuildContext } from '../layers/context.js';
import type { EmbeddingEngine, LookupRequest } from '../layers/embedding_engine.js';
import { PLAIN_EMBEDDINGS } from '../layers/embedding_engine.js';
import { EmbeddingTables } from '../layers/embedding_tables.js';
import { ops, Output } from '../tf/index.js';
import type { GroupSource, GroupTensors, InputLayerOptions } from './group_source.js';
import { GroupNormalizer } from './input_layer_options.js';

/** The feature groups of one tower: parses each feature once, and numbers the calls whose tables it makes. */
export class InputLayers implements GroupSource {
  readonly #ctx: BuildContext;
  readonly #plan: FeaturePlan;
  readonly #columns: ReadonlyMap<string, Output>;
  readonly #features: ReadonlyMap<string, FeatureSpec>;
  readonly #groups: ReadonlyMap<string, FeatureGroup>;
  readonly #engine: EmbeddingEngine;
  readonly #tables: EmbeddingTables;
  readonly #normalizer: GroupNormalizer;
  readonly #values = new Map<string, FeatureValue>();
  readonly #lookups = new Map<string, GroupTensors>();

  /**
   * @param columns what was read, `[B]` by input field
   * @param engine how tables are looked up; default: with standard ops
   * @throws ConfigError when features that share a table differ in their number of ids
   */
  constructor(
    ctx: BuildContext,
    plan: FeaturePlan,
    columns: ReadonlyMap<string, Output>,
    engine: EmbeddingEngine = PLAIN_EMBEDDINGS,
  ) {
    this.#ctx = ctx;
    this.#plan = plan;
    this.#columns = columns;
    this.#features = new Map(plan.features.map((spec) => [spec.name, spec]));
    this.#groups = new Map(plan.groups.map((group) => [group.name, group]));
    this.#engine = engine;
    this.#tables = new EmbeddingTables(ctx, engine);
    this.#normalizer = new GroupNormalizer(ctx);
    this.#checkSharedTables();
  }

  get groupNames(): readonly string[] {
    return [...this.#groups.keys()];
  }

  /** @throws ConfigError when the group or one of its features is unknown or cannot be looked up. */
  inputLayer(groupName: string, options: InputLayerOptions): GroupTensors {
    let tensors = this.#lookups.get(groupName);
    if (tensors === undefined) {
      tensors = this.#lookUp(this.#group(groupName));
      this.#lookups.set(groupName, tensors);
    }
    return this.#normalizer.apply(groupName, tensors, options);
  }

  /** @throws ConfigError when the group or one of its features is unknown, or a feature is no dense tensor. */
  rawInputs(groupName: string): readonly Output[] {
    const group = this.#group(groupName);
    return group.featureNames.map((name) => this.#raw(name, group));
  }

  #group(name: string): FeatureGroup {
    const group = this.#groups.get(name);
    if (group !== undefined) return group;
    const known = this.groupNames;
    throw new ConfigError(
      `feature group "${name}": no such group; expected one of ${known.join(', ')}${didYouMean(name, known)}`,
    );
  }

  #feature(name: string, group: FeatureGroup): FeatureSpec {
    const spec = this.#features.get(name);
    if (spec !== undefined) return spec;
    throw new ConfigError(
      `feature group "${group.name}": no feature "${name}"${didYouMean(name, this.#features.keys())}`,
      { at: group.at },
    );
  }

  #lookUp(group: FeatureGroup): GroupTensors {
    const call = this.#lookups.size;
    const scope = call === 0 ? 'input_layer' : `input_layer_${call}`;
    if (group.featureNames.length === 0) {
      throw new ConfigError(`feature group "${group.name}": expected at least one feature`, { at: group.at });
    }
    const parts = group.featureNames.map((name) => this.#part(name, group, scope));
    const requests = parts.filter((part): part is LookupRequest => !(part instanceof Output));
    const embedded = requests.length === 0 ? null : this.#engine.lookUp(this.#ctx, requests);
    return this.#ctx.graph.scope(scope, () => {
      let next = 0;
      const features = parts.map(
        (part) => (part instanceof Output ? part : embedded?.features[next++]) ?? missing(),
      );
      const isAll = requests.length === parts.length;
      const concat = ops.concat(isAll && embedded !== null ? embedded.parts : features, 1);
      if (embedded !== null) this.#regularize(embedded.parts);
      return { concat, features };
    });
  }

  /** One feature of a group: its numbers, `[B, D]`, or what is to be looked up for it. */
  #part(name: string, group: FeatureGroup, scope: string): Output | LookupRequest {
    const spec = this.#feature(name, group);
    const value = this.#value(spec);
    if (value.kind === 'dense' && !group.isWide) return value.values;
    if (value.kind !== 'sparse' || spec.type === 'PassThroughFeature') {
      throw new ConfigError(notEmbeddable(spec, group), { at: spec.at });
    }
    return this.#request(spec, value, group, scope);
  }

  #request(spec: EmbeddedSpec, value: SparseIds, group: FeatureGroup, scope: string): LookupRequest {
    const { isWide } = group;
    const type = featureType(spec);
    const column = type.columnName(spec);
    const table = this.#tables.table({
      scope,
      column,
      rows: type.tableRows(spec),
      dim: isWide ? this.#wideOutputDim(group) : deepDim(spec, group),
      isWide,
      embedding: spec.embedding,
    });
    return {
      feature: spec.name,
      scope: `${scope}/${column}_embedding`,
      table,
      value,
      combiner: isWide ? 'sum' : spec.embedding.combiner,
      mayReadTable: spec.embedding.sharedName === null,
    };
  }

  #wideOutputDim(group: FeatureGroup): number {
    const { wideOutputDim } = this.#plan;
    if (wideOutputDim !== null && wideOutputDim > 0) return wideOutputDim;
    throw new ConfigError(
      `feature group "${group.name}": a WIDE group needs wide_output_dim (of the model, or of its input_layer block)`,
      { at: group.at },
    );
  }

  #columnsOf(spec: FeatureSpec): readonly Output[] {
    const columns = this.#columns;
    return spec.inputs.map((name) => {
      const column = columns.get(name);
      if (column !== undefined) return column;
      const message = `feature "${spec.name}": no input field "${name}"${didYouMean(name, columns.keys())}`;
      throw new ConfigError(message, { at: spec.at });
    });
  }

  #value(spec: FeatureSpec): FeatureValue {
    let value = this.#values.get(spec.name);
    if (value === undefined) {
      const { graph } = this.#ctx;
      const columns = this.#columnsOf(spec);
      value = graph.rootScope(() =>
        graph.scope(`features/${spec.name}`, () => featureType(spec).parse(columns, spec)),
      );
      this.#values.set(spec.name, value);
    }
    return value;
  }

  /** Features of several inputs have further names: `<name>_1` is the second input of `<name>`. */
  #raw(name: string, group: FeatureGroup): Output {
    const named = this.#features.get(name);
    const further = [...this.#features.values()].filter((spec) =>
      spec.inputs.some((_, i) => i > 0 && name === `${spec.name}_${i}`),
    );
    for (const spec of named === undefined ? further : [named]) {
      const tensor = featureType(spec).raw(this.#columnsOf(spec), spec).get(name);
      if (tensor !== undefined) return tensor;
    }
    const spec = named ?? further[0] ?? this.#feature(name, group);
    throw new ConfigError(
      `feature group "${group.name}": raw_input needs one value a row; ${spec.type} "${name}" has any number of them`,
      { at: group.at },
    );
  }

  /** The loss grows with the vectors that a batch looked up, not with the tables. */
  #regularize(tensors: readonly Output[]): void {
    const { embeddingRegularization: weight } = this.#plan;
    if (weight <= 0 || tensors.length === 0 || this.#ctx.mode !== 'train') return;
    this.#ctx.regularization.push(ops.mul(ops.addN(tensors.map(ops.l2Loss)), weight));
  }

  #checkSharedTables(): void {
    const used = new Set(this.#plan.groups.flatMap((group) => group.featureNames));
    const first = new Map<string, EmbeddedSpec>();
    for (const spec of this.#plan.features) {
      if (spec.type === 'PassThroughFeature' || !used.has(spec.name)) continue;
      const name = spec.embedding.sharedName;
      const rows = featureType(spec).tableRows(spec);
      if (name === null || rows === 0) continue;
      const other = first.get(name) ?? spec;
      first.set(name, other);
      const expected = featureType(other).tableRows(other);
      if (rows === expected) continue;
      throw new ConfigError(
        `feature "${spec.name}": embedding_name "${name}" is shared with "${other.name}": expected ${expected} ids as there, received ${rows}`,
        { at: spec.at },
      );
    }
  }
}

function missing(): never {
  throw new Error('an embedding engine gave fewer tensors than it was asked for');
}

function deepDim(spec: EmbeddedSpec, group: FeatureGroup): number {
  if (spec.embedding.dim > 0) return spec.embedding.dim;
  throw new ConfigError(`feature "${spec.name}": expected embedding_dim, as group "${group.name}" is DEEP`, {
    at: spec.at,
  });
}

function notEmbeddable({ name, type }: FeatureSpec, group: FeatureGroup): string {
  const what = `feature "${name}", group "${group.name}"`;
  return type === 'PassThroughFeature'
    ? `${what}: a PassThroughFeature can only be read by a raw_input block`
    : `${what}: a RawFeature without boundaries needs embedding_dim in a WIDE group`;
}
