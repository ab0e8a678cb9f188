import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UserError } from '../../errors.js';
import type { Preprocessing } from './image_graph.js';
import type { OperatorProperties } from './operator.js';
import { YamlObject } from '../yaml_object.js';

/** How a SavedModel is used as an operator. */
export interface ModelSpec {
  readonly kind: 'model';
  readonly properties: OperatorProperties;
  /** A SavedModel's folder, or one that holds a folder per version. */
  readonly model: string;
  /** Absent when the model takes image files as they are, or features. */
  readonly image?: {
    readonly height: number;
    readonly width: number;
    readonly preprocessing: Preprocessing;
  };
  /** What a datum is. */
  readonly data: 'image' | 'features';
  readonly l2Normalize: boolean;
  readonly signature?: string;
  readonly modelInput?: string;
  readonly modelOutput?: string;
  /** So many images go through the model together. */
  readonly batchSize: number;
}

/** A user's class as an operator. */
export interface ClassSpec {
  readonly kind: 'class';
  /** A TypeScript or JavaScript file. */
  readonly path: string;
}

export type OperatorSpec = ModelSpec | ClassSpec;

const DEFAULT_BATCH_SIZE = 32;
const MAX_IMAGE_SIDE = 8192;
const TYPES = ['encoder', 'processor'] as const;
const PREPROCESSING = ['vgg', 'resnet', 'scaling', 'none'] as const;
const KEYS = [
  ...['name', 'type', 'input', 'output', 'dimension', 'metric_type'],
  ...['model', 'class', 'data', 'image_size', 'preprocessing', 'scale', 'offset', 'l2_normalize'],
  ...['signature', 'model_input', 'model_output', 'batch_size'],
];

/**
 * Reads what an operator is from operator.yaml, or takes a TypeScript or JavaScript file for the operator's class.
 * @throws ConfigError naming line and column when the file says something wrong.
 * @throws UserError when it cannot be read.
 */
export async function readOperatorFile(path: string): Promise<OperatorSpec> {
  const file = resolve(path);
  if (/\.[cm]?[jt]s$/.test(file)) return { kind: 'class', path: file };
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`operator: expected a file such as operator.yaml at ${path}: ${reason}`, { cause });
  }
  return parseOperatorYaml(text, file);
}

/**
 * Reads the text of an operator.yaml; paths in it are taken from its folder.
 * @throws ConfigError naming line and column.
 */
export function parseOperatorYaml(text: string, file: string): OperatorSpec {
  const yaml = YamlObject.parse(text, file, {
    what: 'operator',
    known: KEYS,
    example: 'name: resnet50_encoder',
  });
  const path = yaml.string('class');
  if (path === undefined) return readModel(yaml, dirname(file));
  const [other] = yaml.keys.filter((key) => key !== 'class');
  if (other !== undefined) {
    throw yaml.error(
      other,
      `${other}: the class says this itself; expected nothing besides "class", received it`,
    );
  }
  return { kind: 'class', path: resolve(dirname(file), path) };
}

function readModel(yaml: YamlObject, folder: string): ModelSpec {
  const properties = readProperties(yaml);
  const data = yaml.choice('data', ['image', 'features'] as const) ?? 'image';
  if (data === 'features') {
    yaml.refuse(['image_size', 'preprocessing', 'scale', 'offset', 'model_input'], 'data is "features"');
    if (properties.type === 'processor') throw yaml.error('data', 'data: a processor takes images');
  }
  if (properties.type === 'processor') yaml.refuse(['l2_normalize'], 'type is "processor"');
  const image = readImage(yaml);
  const signature = yaml.string('signature');
  const modelInput = yaml.string('model_input');
  const modelOutput = yaml.string('model_output');
  return {
    kind: 'model',
    properties,
    model: resolve(folder, yaml.required('model', yaml.string('model'))),
    data,
    l2Normalize: yaml.boolean('l2_normalize') ?? false,
    batchSize: yaml.integer('batch_size', 1, 4096) ?? DEFAULT_BATCH_SIZE,
    ...(image !== undefined && { image }),
    ...(signature !== undefined && { signature }),
    ...(modelInput !== undefined && { modelInput }),
    ...(modelOutput !== undefined && { modelOutput }),
  };
}

function readProperties(yaml: YamlObject): OperatorProperties {
  const name = yaml.required('name', yaml.string('name'));
  if (!/^[A-Za-z0-9_-]+$/.test(name)) {
    throw yaml.error('name', `name: expected letters, digits, "_" and "-", received ${JSON.stringify(name)}`);
  }
  const type = yaml.required('type', yaml.choice('type', TYPES));
  const input = yaml.string('input') ?? 'image';
  if (type === 'processor') {
    yaml.refuse(['dimension', 'metric_type'], 'type is "processor"');
    return {
      name,
      type,
      input,
      output: yaml.string('output') ?? 'images',
      dimension: '-1',
      metricType: '-1',
    };
  }
  const dimension = yaml.required('dimension', yaml.integer('dimension', 1, 32_768));
  const metricType = yaml.string('metric_type') ?? 'L2';
  const output = yaml.string('output') ?? 'vector';
  return { name, type, input, output, dimension: String(dimension), metricType };
}

function readImage(yaml: YamlObject): ModelSpec['image'] {
  const size = yaml.integers('image_size', 1, MAX_IMAGE_SIDE);
  const kind = yaml.choice('preprocessing', PREPROCESSING) ?? 'none';
  if (size === undefined) {
    yaml.refuse(['preprocessing', 'scale', 'offset'], 'there is no image_size');
    return undefined;
  }
  const [height = 0, width = height, ...rest] = size;
  if (rest.length > 0 || size.length === 0) {
    throw yaml.error('image_size', 'image_size: expected one number, or [height, width]');
  }
  if (kind !== 'scaling') yaml.refuse(['scale', 'offset'], `preprocessing is "${kind}"`);
  const preprocessing: Preprocessing =
    kind === 'scaling'
      ? { kind, scale: yaml.number('scale') ?? 1 / 255, offset: yaml.number('offset') ?? 0 }
      : { kind };
  return { height, width, preprocessing };
}
