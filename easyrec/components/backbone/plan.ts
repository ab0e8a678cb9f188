import type { BackboneTower, Block } from '../../config/index.js';
import { locationOf } from '../../config/index.js';
import type { SourceLocation } from '../../errors.js';
import { ConfigError, didYouMean, formatLocation } from '../../errors.js';
import type { ComponentContext } from '../context.js';
import type { GroupSource } from '../group_source.js';
import { PLAIN_INPUT_LAYER } from '../group_source.js';
import type { ComponentTable } from '../types.js';
import type { BlockValue } from '../value.js';
import { BlockGraph } from './block_graph.js';
import type { BlockPlan } from './block_plan.js';
import { planBlock } from './block_plan.js';
import type { InputPlan } from './input_plan.js';
import { locateErrors } from './locate_errors.js';
import { mergeInputs } from './merge.js';
import type { SourcePlan } from './source_plan.js';
import { expectGroup, planSource } from './source_plan.js';

/** Computes one block's value from those of the blocks before it. */
type RunBlock = (
  ctx: ComponentContext,
  groups: GroupSource,
  values: ReadonlyMap<string, BlockValue>,
) => BlockValue;

/** The blocks of a backbone, read and put in order; they can be built any number of times. */
export interface BackbonePlan {
  /** Names of the blocks in the order of execution. */
  readonly order: readonly string[];
  readonly build: (ctx: ComponentContext, groups: GroupSource) => BlockValue;
}

class Planner {
  readonly #graph = new BlockGraph();
  readonly #runs = new Map<string, RunBlock>();
  readonly #sources = new Map<string, SourcePlan>();
  readonly #blocks: BlockPlan[] = [];

  constructor(
    readonly config: BackboneTower,
    readonly components: ComponentTable,
    readonly groupNames: readonly string[],
  ) {}

  plan(): BackbonePlan {
    for (const block of this.config.blocks) this.#declare(block);
    if (this.#blocks.length === 0) {
      throw new ConfigError('backbone: expected at least one block that is no input layer', {
        at: locationOf(this.config),
      });
    }
    for (const block of this.#blocks) this.#connect(block);
    const order = this.#graph.order();
    const finish = this.#output();
    return {
      order,
      build: (ctx, groups) => {
        const values = new Map<string, BlockValue>();
        for (const name of order) {
          const run = this.#runs.get(name);
          if (run !== undefined) values.set(name, run(ctx, groups, values));
        }
        return finish(values);
      },
    };
  }

  #declare(block: Block): void {
    const { name } = block;
    const at = locationOf(block, 'name');
    if (!/^[A-Za-z0-9.][A-Za-z0-9_./-]*$/.test(name)) {
      throw new ConfigError(
        `blocks.name: expected a letter or digit, then letters, digits and any of _ . - /, received "${name}"`,
        { at },
      );
    }
    const earlier = this.config.blocks.find((other) => other.name === name);
    if (earlier !== undefined && earlier !== block) {
      throw new ConfigError(
        `block "${name}": declared twice, first at ${formatLocation(locationOf(earlier, 'name'))}`,
        { at },
      );
    }
    this.#graph.add(name, at);
    const source = planSource(block, this.groupNames);
    if (source === null) {
      const plan = planBlock(block, this.components);
      this.#blocks.push(plan);
      this.#runs.set(name, (ctx, _groups, values) => plan.run(ctx, values));
    } else {
      this.#declareSource(name, source);
    }
  }

  #declareSource(name: string, source: SourcePlan): void {
    const { kind, group, at, warning } = source;
    for (const [other, { kind: otherKind, group: otherGroup }] of this.#sources) {
      if (kind === 'input_layer' && otherKind === kind && otherGroup === group) {
        throw new ConfigError(
          `block "${name}": expected one input_layer block for feature group "${group}", which "${other}" has already; ` +
            `refer to that by block_name`,
          { at },
        );
      }
    }
    this.#sources.set(name, source);
    this.#runs.set(name, (ctx, groups) => {
      if (warning !== null) ctx.log.warn(`block "${name}": ${warning}`);
      return locateErrors(`block "${name}"`, at, () => source.fetch(groups));
    });
  }

  #connect(block: BlockPlan): void {
    const usedGroups = [...this.#sources.values()].map(({ group }) => group);
    if (usedGroups.includes(block.name)) {
      throw new ConfigError(
        `block "${block.name}": has the name of a feature group that is used here; only its input_layer may`,
        { at: block.at },
      );
    }
    for (const input of block.inputs) {
      if (!this.#runs.has(input.name)) this.#resolveGroup(block, input);
      this.#graph.connect(input.name, block.name);
    }
  }

  /** A feature group named by a block gets an input layer without options, of the group's name. */
  #resolveGroup(block: BlockPlan, { kind, name, at }: InputPlan): void {
    if (kind === 'block') {
      const known = [...this.#runs.keys()];
      const hint = this.groupNames.includes(name)
        ? '; there is a feature group of this name: feature_group_name takes it'
        : didYouMean(name, known);
      throw new ConfigError(`block "${block.name}": unknown block "${name}" in block_name${hint}`, { at });
    }
    expectGroup(name, this.groupNames, at);
    this.#graph.add(name, at);
    this.#declareImplicit(name, at);
  }

  #declareImplicit(name: string, at: SourceLocation): void {
    const fetch = (groups: GroupSource): BlockValue => groups.inputLayer(name, PLAIN_INPUT_LAYER).concat;
    const source: SourcePlan = { kind: 'input_layer', group: name, at, warning: null, fetch };
    this.#sources.set(name, source);
    this.#runs.set(name, (_ctx, groups) => locateErrors(`feature group "${name}"`, at, () => fetch(groups)));
  }

  /** Output blocks as a list; else concat_blocks, or all blocks that feed no other, merged. */
  #output(): (values: ReadonlyMap<string, BlockValue>) => BlockValue {
    const { config } = this;
    const field = config.output_blocks.length > 0 ? 'output_blocks' : 'concat_blocks';
    const declared = config[field];
    declared.forEach((name, i) => {
      if (this.#runs.has(name)) return;
      throw new ConfigError(`${field}: unknown block "${name}"${didYouMean(name, this.#runs.keys())}`, {
        at: locationOf(config, field, i),
      });
    });
    const names = declared.length > 0 ? declared : this.#graph.leaves();
    const at = locationOf(config, field);
    return (values) => {
      const outputs = names.map((name) => values.get(name)).filter((value) => value !== undefined);
      return field === 'output_blocks' ? outputs : locateErrors(field, at, () => mergeInputs(outputs));
    };
  }
}

/**
 * Reads a backbone's blocks and puts them in order.
 *
 * @param components All that a config can name.
 * @param groupNames Of the model's feature groups.
 * @throws ConfigError at the place of each mistake: unknown names, cycles, wrong parameters, what is not supported.
 */
export function planBackbone(
  config: BackboneTower,
  components: ComponentTable,
  groupNames: readonly string[],
): BackbonePlan {
  const [first] = config.packages;
  if (first !== undefined) throw new ConfigError('packages: not supported yet', { at: locationOf(first) });
  return new Planner(config, components, groupNames).plan();
}
