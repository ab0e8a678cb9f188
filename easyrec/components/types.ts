import type { ComponentContext } from './context.js';
import type { ParamsMessage, ParamSource } from './params/source.js';
import type { ConfigOf, ParamTable } from './params/read.js';
import { ignoredFields, readParams } from './params/read.js';
import type { BlockValue } from './value.js';

/** How a block is called. */
export interface BlockScope {
  /** As in the config: `deep_mlp`. */
  readonly name: string;
  /** What its variables' names begin with: `backbone/deep_mlp`. */
  readonly scope: string;
}

/** Adds a component with known parameters to a graph. */
export type BuildComponent = (ctx: ComponentContext, block: BlockScope, input: BlockValue) => BlockValue;

/** What a `keras_layer` block names in `class_name`. */
export interface Component {
  readonly name: string;
  /** The message that may hold its parameters instead of `st_params`; null for none. */
  readonly message: ParamsMessage | null;
  readonly params: ParamTable;
  /** The native op library it needs: `overlap` for liboverlap.so; null for none. */
  readonly requiredOpLibrary: string | null;
  /**
   * Reads the parameters of one block.
   *
   * @throws ConfigError for an unknown, missing or wrong parameter.
   */
  prepare(source: ParamSource): BuildComponent;
}

/** All components that a config can name, by class_name. */
export type ComponentTable = Readonly<Record<string, Component>>;

/** What makes a component. */
export interface ComponentDefinition<P extends ParamTable> {
  /** As configs write it in `class_name`. */
  readonly name: string;
  /** Default: none, parameters come from `st_params` alone. */
  readonly message?: ParamsMessage;
  readonly params: P;
  /** Loaded before `build` is called. Default: none. */
  readonly requiredOpLibrary?: string;
  /**
   * Adds the component to the graph of `ctx`.
   *
   * @throws ConfigError or GraphError when the input does not fit; the block's place is added.
   */
  readonly build: (
    ctx: ComponentContext,
    block: BlockScope,
    input: BlockValue,
    config: ConfigOf<P>,
  ) => BlockValue;
}

/** Defines a component; a plugin does so for its own. */
export function defineComponent<const P extends ParamTable>(definition: ComponentDefinition<P>): Component {
  const { name, message = null, params, requiredOpLibrary = null, build } = definition;
  return {
    name,
    message,
    params,
    requiredOpLibrary,
    prepare(source) {
      const config = readParams(name, params, source);
      const ignored = ignoredFields(params, source);
      return (ctx, block, input) => {
        if (ignored.length > 0) {
          ctx.log.warn(
            `block "${block.name}" (${name}): no effect in EasyRec, nor here: ${ignored.join(', ')}`,
          );
        }
        if (requiredOpLibrary !== null) ctx.opLibraries.require(requiredOpLibrary);
        return build(ctx, block, input, config);
      };
    },
  };
}
