import type { KerasLayer, Lambda, Layer, OneofCase } from '../../config/index.js';
import { locationOf, oneofCase, parseLambda } from '../../config/index.js';
import { ConfigError, didYouMean } from '../../errors.js';
import type { ComponentContext } from '../context.js';
import { evaluateLambda } from '../lambda/evaluate.js';
import type { ParamSource } from '../params/source.js';
import { emptySource, messageSource, structSource } from '../params/source.js';
import type { Component, ComponentTable } from '../types.js';
import type { BlockValue } from '../value.js';
import { locateErrors } from './locate_errors.js';

/** A layer whose config has been read: from its input to its output. */
export type ApplyLayer = (ctx: ComponentContext, name: string, input: BlockValue) => BlockValue;

function componentOf(config: KerasLayer, components: ComponentTable): Component {
  const name = config.class_name.trim();
  const component = Object.hasOwn(components, name) ? components[name] : undefined;
  if (component !== undefined) return component;
  const known = Object.keys(components);
  throw new ConfigError(
    `class_name: unknown component "${name}"${didYouMean(name, known)}; known: ${known.join(', ')}; --plugin brings components of your own`,
    { at: locationOf(config, 'class_name') },
  );
}

function paramSource(config: KerasLayer, component: Component): ParamSource {
  const params = oneofCase(config, 'params');
  if (params === null) return emptySource(locationOf(config));
  if (params.case === 'st_params') return structSource(params.value);
  if (params.case === component.message) return messageSource(params.case, params.value);
  const expected = component.message === null ? 'st_params' : `${component.message} or st_params`;
  throw new ConfigError(
    `${component.name}: expected its parameters in ${expected}, received ${params.case}`,
    {
      at: locationOf(config, params.case),
    },
  );
}

function planKerasLayer(config: KerasLayer, components: ComponentTable): ApplyLayer {
  const component = componentOf(config, components);
  const at = locationOf(config);
  const build = component.prepare(paramSource(config, component));
  return (ctx, name, input) =>
    locateErrors(`block "${name}" (${component.name})`, at, () =>
      build(ctx, { name, scope: `backbone/${name}` }, input),
    );
}

function planLambda(config: Lambda): ApplyLayer {
  const at = locationOf(config, 'expression');
  const lambda = parseLambda(config.expression, at);
  return (ctx, name, input) =>
    locateErrors(`block "${name}"`, at, () => evaluateLambda(lambda, ctx.graph, [input]));
}

/** The kind and config of a layer: what `layers` entries and blocks have in common. */
export type LayerCase = OneofCase<Layer, 'layer'>;

/** @throws ConfigError for an entry of `layers` that holds none. */
export function expectLayer(entry: Layer): LayerCase {
  const layer = oneofCase(entry, 'layer');
  if (layer !== null) return layer;
  throw new ConfigError('layers: expected a keras_layer or a lambda, received neither', {
    at: locationOf(entry),
  });
}

/**
 * Reads one layer's config, so that its mistakes show before anything is built.
 *
 * @throws ConfigError for an unknown component, wrong parameters or expression, and kinds that are not supported.
 */
export function planLayer(layer: LayerCase, components: ComponentTable): ApplyLayer {
  switch (layer.case) {
    case 'keras_layer':
      return planKerasLayer(layer.value, components);
    case 'lambda':
      return planLambda(layer.value);
    case 'recurrent':
    case 'repeat':
      throw new ConfigError(`${layer.case}: not supported yet`, { at: locationOf(layer.value) });
  }
}
