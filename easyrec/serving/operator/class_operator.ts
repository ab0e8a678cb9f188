import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { ConfigError } from '../../errors.js';
import type { Log } from '../../log.js';
import { importTypescript } from '../../typescript_module.js';
import { ServingError } from '../status.js';
import { ImageGraph } from './image_graph.js';
import type {
  Operator,
  OperatorProperties,
  OperatorRequest,
  OperatorResult,
  OperatorType,
} from './operator.js';
import { type FileReader, logLeftOut } from './read_files.js';

/** What an operator's class is given to work with. */
export interface OperatorContext {
  readonly log: Log;

  /**
   * The files that a request names: its images, or without any those at its urls. What cannot be read is left out and
   * logged; the server's limits hold.
   */
  readFiles(
    images: readonly string[],
    urls: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly Uint8Array[]>;

  /**
   * Decodes images and resizes them: `height * width * 3` values from 0 to 255 each, row by row, red, green and blue
   * of each pixel. What is no JPEG, PNG, GIF or BMP image is left out and logged.
   */
  readPixels(
    files: readonly Uint8Array[],
    size: { readonly height: number; readonly width: number },
  ): Promise<readonly Float32Array[]>;
}

/** What a user's class is. */
export interface CustomOperator {
  readonly name: string;
  readonly type: OperatorType;
  readonly input: string;
  readonly output: string;
  /** The length of a vector; `-1` for a processor. */
  readonly dimension: number | string;
  readonly metricType: string;

  /** Called once, before the first request: loads the model and warms it up. */
  prepare?(): Promise<void>;

  /**
   * @param images base64 text or data URLs; where there are any, the urls are not to be looked at.
   * @param urls may hold empty ones, which stand for nothing.
   * @param signal aborted when nobody waits for the result any more.
   * @returns of an encoder a vector for each image; of a processor images, as base64 text or as files' bytes.
   */
  run(
    images: readonly string[],
    urls: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly CustomResult[]> | readonly CustomResult[];

  /** Called when the server stops. */
  close?(): Promise<void>;
}

/** A vector, or an image. */
export type CustomResult = readonly number[] | Float32Array | Float64Array | string | Uint8Array;

/** The class that an operator's file exports, as `CustomOperator` or by default. */
export type CustomOperatorClass = new (context: OperatorContext) => CustomOperator;

const TEXTS = ['name', 'input', 'output', 'metricType'] as const;

/**
 * Loads the operator that a TypeScript or JavaScript file exports, and prepares it.
 * @throws ConfigError when there is none, its class fails, or a property is missing.
 */
export async function loadClassOperator(path: string, readFiles: FileReader, log: Log): Promise<Operator> {
  const file = resolve(path);
  const exported = await importTypescript(path, 'operator');
  const found = exported['CustomOperator'] ?? exported['default'];
  if (typeof found !== 'function') {
    const names = Object.keys(exported).join(', ') || 'nothing';
    throw new ConfigError(
      `operator: expected a class exported as CustomOperator, the file exports ${names}`,
      {
        at: { file },
      },
    );
  }
  const context = new Context(readFiles, log);
  try {
    // What the user's class really is, checkProperties finds out.
    const custom = new (found as CustomOperatorClass)(context);
    const properties = checkProperties(custom, file);
    await custom.prepare?.();
    return new ClassOperator(custom, properties, context, log);
  } catch (error) {
    await context.close();
    if (error instanceof ConfigError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`operator: its class fails: ${reason}`, { at: { file }, cause: error });
  }
}

function checkProperties(custom: CustomOperator, file: string): OperatorProperties {
  const fail = (name: string, expected: string, value: unknown): never => {
    const received = value === undefined ? 'nothing' : JSON.stringify(value);
    throw new ConfigError(`operator: ${name}: expected ${expected}, received ${received}`, { at: { file } });
  };
  for (const name of TEXTS) {
    const value: unknown = custom[name];
    if (typeof value !== 'string' || value === '') fail(name, 'a text', value);
  }
  const { name, type, input, output, metricType } = custom;
  if (!['encoder', 'processor'].includes(type)) fail('type', 'encoder or processor', type);
  if (!('run' in custom) || typeof (custom as { readonly run: unknown }).run !== 'function')
    fail('run', 'a method run(images, urls)', undefined);
  const dimension = String(custom.dimension);
  const length = Number(dimension);
  const isRight = type === 'encoder' ? Number.isInteger(length) && length > 0 : dimension === '-1';
  if (!isRight) fail('dimension', type === 'encoder' ? "a vector's length" : '-1', custom.dimension);
  return { name, type, input, output, dimension, metricType };
}

/** The images of each size are decoded by one graph, made when the size is first asked for. */
class Context implements OperatorContext {
  readonly #graphs = new Map<string, ImageGraph>();
  readonly #readFiles: FileReader;

  constructor(
    readFiles: FileReader,
    readonly log: Log,
  ) {
    this.#readFiles = readFiles;
  }

  readFiles(
    images: readonly string[],
    urls: readonly string[],
    signal = new AbortController().signal,
  ): Promise<readonly Uint8Array[]> {
    return this.#readFiles({ datas: images, urls }, signal);
  }

  async readPixels(
    files: readonly Uint8Array[],
    { height, width }: { readonly height: number; readonly width: number },
  ): Promise<readonly Float32Array[]> {
    const key = `${height}x${width}`;
    const graph = this.#graphs.get(key) ?? new ImageGraph({ height, width, preprocessing: { kind: 'none' } });
    this.#graphs.set(key, graph);
    const read = async (file: Uint8Array, i: number): Promise<readonly Float32Array[]> => {
      try {
        return [await graph.read(file)];
      } catch (error) {
        logLeftOut(`image ${i}`, this.log, error);
        return [];
      }
    };
    return (await Promise.all(files.map(read))).flat();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#graphs.values()].map((graph) => graph.close()));
  }
}

/** A user's class as the service sees it. */
class ClassOperator implements Operator {
  readonly #custom: CustomOperator;
  readonly #context: Context;
  readonly #log: Log;

  constructor(
    custom: CustomOperator,
    readonly properties: OperatorProperties,
    context: Context,
    log: Log,
  ) {
    this.#custom = custom;
    this.#context = context;
    this.#log = log;
  }

  async execute({ datas, urls }: OperatorRequest, signal: AbortSignal): Promise<OperatorResult> {
    let results: unknown;
    try {
      results = await this.#custom.run(datas, urls, signal);
    } catch (error) {
      signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.debug(error instanceof Error ? (error.stack ?? '') : '');
      throw new ServingError('INTERNAL', `run failed: ${reason}`, { cause: error });
    }
    if (!Array.isArray(results)) throw wrongResult('an array', results);
    return this.properties.type === 'encoder'
      ? { kind: 'vectors', vectors: results.map((result) => this.#vector(result)) }
      : { kind: 'images', images: results.map(imageText) };
  }

  async close(): Promise<void> {
    await this.#custom.close?.();
    await this.#context.close();
  }

  #vector(result: unknown): ArrayLike<number> {
    const { dimension } = this.properties;
    const isVector =
      (Array.isArray(result) || result instanceof Float32Array || result instanceof Float64Array) &&
      result.length === Number(dimension);
    if (!isVector) throw wrongResult(`vectors of length ${dimension}`, result);
    const numbers = Float32Array.from(result as ArrayLike<number>);
    if (!numbers.every((value) => Number.isFinite(value))) throw wrongResult('finite numbers', result);
    return numbers;
  }
}

function imageText(result: unknown): string {
  if (typeof result === 'string') return result;
  if (result instanceof Uint8Array) return Buffer.from(result).toString('base64');
  throw wrongResult('images, as base64 text or bytes', result);
}

function wrongResult(expected: string, result: unknown): ServingError {
  const shown = ArrayBuffer.isView(result) ? result.constructor.name : inspect(result, { depth: 1 });
  return new ServingError(
    'INTERNAL',
    `run: expected ${expected}, received ${shown.length > 100 ? `${shown.slice(0, 100)}…` : shown}`,
  );
}
