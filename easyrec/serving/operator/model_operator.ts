import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../errors.js';
import type { Log } from '../../log.js';
import { loadTrustedModel } from '../../trust/load_trusted_model.js';
import type { OpLibraryTrust } from '../../trust/op_library_trust.js';
import { adaptivelyBatched } from '../batching/index.js';
import { newestVersion } from '../model_versions.js';
import { SavedModelServable } from '../saved_model_servable.js';
import type { ServableModel, ServableTensor } from '../servable.js';
import { ServingError } from '../status.js';
import { ImageGraph } from './image_graph.js';
import { type FedBatch, featureFeed, fileFeed, type ModelFeed, pixelFeed } from './model_feed.js';
import { choosePorts, type ModelPorts } from './model_ports.js';
import { imageReader, type ResultReader, vectorReader } from './model_results.js';
import type { Operator, OperatorProperties, OperatorRequest, OperatorResult } from './operator.js';
import type { ModelSpec } from './operator_file.js';
import { type FileReader, logLeftOut } from './read_files.js';

/** What an operator is given besides its file. */
export interface OperatorSurroundings {
  readonly readFiles: FileReader;
  /** Which op libraries may be loaded: they are native code. */
  readonly trust: OpLibraryTrust;
  /** Limit for one run of the model. */
  readonly timeoutMs: number;
  readonly log: Log;
}

/**
 * Loads a SavedModel as an operator and runs it once, so that the first request waits for nothing.
 * @throws NativeError when it cannot be loaded.
 * @throws ConfigError when it does not fit what the file says.
 */
export async function loadModelOperator(
  spec: ModelSpec,
  { readFiles, trust, timeoutMs, log }: OperatorSurroundings,
): Promise<Operator> {
  const directory = await versionOf(spec.model);
  log.info(`loading ${spec.properties.name} from ${directory}`);
  const loaded = new SavedModelServable(await loadTrustedModel(directory, trust, { log }));
  // An encoder makes a vector of each image, whatever images are beside it; a processor may make any number of images.
  const isJoined = spec.properties.type === 'encoder';
  const model = isJoined ? adaptivelyBatched(loaded, { maxRows: spec.batchSize }) : loaded;
  const closers = [() => model.close()];
  const close = async (): Promise<void> => {
    await Promise.all(closers.map((end) => end()));
  };
  try {
    const ports = choosePorts(spec, model);
    const feed = feedOf(spec, ports, log);
    closers.push(() => feed.close());
    const results = resultsOf(spec, log);
    closers.push(() => results.close());
    const operator = new ModelOperator(spec, {
      ...{ model, ports, feed, results },
      ...{ readFiles, timeoutMs, log, close },
    });
    await operator.warmUp();
    return operator;
  } catch (error) {
    await close();
    throw error;
  }
}

/** The folder of the SavedModel that a path means. */
async function versionOf(path: string): Promise<string> {
  return existsSync(join(path, 'saved_model.pb')) ? path : (await newestVersion(path)).directory;
}

function feedOf({ image, data }: ModelSpec, { input, signature }: ModelPorts, log: Log): ModelFeed {
  if (data === 'features' || input === undefined) return featureFeed(signature, log);
  return image === undefined ? fileFeed(input) : pixelFeed(input, new ImageGraph(image), log);
}

function resultsOf({ properties, l2Normalize }: ModelSpec, log: Log): ResultReader {
  if (properties.type === 'processor') return imageReader();
  return vectorReader({ dimension: Number(properties.dimension), l2Normalize }, log);
}

interface Parts extends Pick<OperatorSurroundings, 'readFiles' | 'timeoutMs' | 'log'> {
  readonly model: ServableModel;
  readonly ports: ModelPorts;
  readonly feed: ModelFeed;
  readonly results: ResultReader;
  readonly close: () => Promise<void>;
}

/** A SavedModel as an operator. */
class ModelOperator implements Operator {
  readonly properties: OperatorProperties;
  readonly #batchSize: number;
  readonly #parts: Parts;

  constructor(spec: ModelSpec, parts: Parts) {
    this.properties = spec.properties;
    this.#batchSize = spec.batchSize;
    this.#parts = parts;
  }

  async execute(request: OperatorRequest, signal: AbortSignal): Promise<OperatorResult> {
    const files = await this.#parts.readFiles(request, signal);
    const parts: OperatorResult[] = [];
    for (let start = 0; start < files.length; start += this.#batchSize) {
      signal.throwIfAborted();
      parts.push(...(await this.#runFiles(files.slice(start, start + this.#batchSize))));
    }
    return this.#parts.results.join(parts);
  }

  /** @throws ConfigError when the model fails or makes something else than the file says. */
  async warmUp(): Promise<void> {
    const { feed, log } = this.#parts;
    if (feed.sample === undefined) return;
    const started = performance.now();
    try {
      await this.#run(feed.sample);
    } catch (error) {
      if (!(error instanceof ServingError)) throw error;
      throw new ConfigError(`operator: the model fails on a first, empty image: ${error.message}`, {
        cause: error,
      });
    }
    log.info(`ran the model once in ${Math.round(performance.now() - started)} ms`);
  }

  close(): Promise<void> {
    return this.#parts.close();
  }

  /** All together; where the model refuses that, one by one, so that one bad file costs no other its result. */
  async #runFiles(files: readonly Uint8Array[]): Promise<readonly OperatorResult[]> {
    const { feed, log } = this.#parts;
    const batch = await feed.read(files);
    if (batch.count === 0) return [];
    try {
      return [await this.#run(batch)];
    } catch (error) {
      if (!(error instanceof ServingError) || error.code !== 'INVALID_ARGUMENT') throw error;
      if (files.length === 1) {
        logLeftOut('datum', log, error);
        return [];
      }
    }
    const results: OperatorResult[] = [];
    for (const file of files) results.push(...(await this.#runFiles([file])));
    return results;
  }

  async #run({ inputs }: FedBatch): Promise<OperatorResult> {
    const { model, ports, results, timeoutMs } = this.#parts;
    const { signatureName, output } = ports;
    const values = await model.run({ signatureName, inputs, outputs: [output], timeoutMs });
    const tensor: ServableTensor | undefined = values.get(output);
    if (tensor === undefined) throw new ServingError('INTERNAL', `the model gave no "${output}"`);
    return results.read(tensor);
  }
}
