/**
 * The program of a worker process: loads op libraries and one SavedModel, and runs it for the server that started it.
 * Arguments: the process id of that server, and a name for lists of processes. The channel is file descriptor 3.
 */
import { NativeError } from '../../errors.js';
import { keepFreedMemory } from '../../tf/freed_memory.js';
import { encodeMessage, loadLibtensorflow, loadOpLibrary, loadSavedModel } from '../../tf/index.js';
import { SavedModelServable } from '../saved_model_servable.js';
import type { ServableModel } from '../servable.js';
import { Channel } from './channel.js';
import type { Frame } from './frames.js';
import type { Failure, LoadOrder, LoadReport, RunOrder } from './messages.js';
import { failureOf } from './messages.js';
import { dieWithParent } from './process_calls.js';
import { decodeTensors, encodeTensors } from './tensor_codec.js';

const CHANNEL_FD = 3;
/** How long the model may take to be freed once the server has closed the channel. */
const CLOSE_LIMIT_MS = 1000;

class Worker {
  readonly #channel = new Channel(CHANNEL_FD, {
    onFrame: (frame) => void this.#receive(frame),
    onClose: () => void this.#end(),
    onProblem: (error) => {
      throw error;
    },
  });
  #model: ServableModel | undefined;

  async #receive(frame: Frame): Promise<void> {
    switch (frame.kind) {
      case 'ping':
        this.#channel.send('pong', 0, '');
        return;
      case 'load':
        return this.#load(JSON.parse(frame.text) as LoadOrder);
      case 'run':
        return this.#run(frame);
      case 'stage':
      case 'loaded':
      case 'failed':
      case 'result':
      case 'error':
      case 'pong':
        throw new Error(`worker process: a frame that only workers send: ${frame.kind}`);
    }
  }

  async #load(order: LoadOrder): Promise<void> {
    try {
      const report = this.#loadLibraries(order);
      this.#stage(`loading the model ${order.directory}`);
      const model = await loadSavedModel(order.directory, order.options);
      this.#model = new SavedModelServable(model);
      const signatures = encodeMessage('MetaGraphDef', { signature_def: this.#model.signatureDefs });
      this.#channel.send('loaded', 0, JSON.stringify(report), [signatures]);
    } catch (error) {
      this.#channel.send('failed', 0, JSON.stringify(explained(failureOf(error), order)));
    }
  }

  #loadLibraries({ libraries }: LoadOrder): LoadReport {
    this.#stage('loading TensorFlow');
    const { version } = loadLibtensorflow();
    const loaded = libraries.map(({ path, sha256 }) => {
      this.#stage(`loading the op library ${path}`);
      const { ops } = loadOpLibrary(path, { sha256 });
      return { path, sha256, ops: ops.map(({ name }) => name).sort() };
    });
    return { tensorflowVersion: version, libraries: loaded };
  }

  #stage(what: string): void {
    this.#channel.send('stage', 0, what);
  }

  async #run({ id, text, payload }: Frame): Promise<void> {
    try {
      if (this.#model === undefined) throw new NativeError('worker process: no model is loaded');
      const { inputs, ...order } = JSON.parse(text) as RunOrder;
      const results = await this.#model.run({ ...order, inputs: decodeTensors(inputs, payload) });
      const { texts, parts } = encodeTensors(results);
      this.#channel.send('result', id, JSON.stringify(texts), parts);
    } catch (error) {
      this.#channel.send('error', id, JSON.stringify(failureOf(error)));
    }
  }

  async #end(): Promise<void> {
    // A step that does not end would keep the process, also in process.exit().
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), CLOSE_LIMIT_MS);
    await this.#model?.close();
    process.exit();
  }
}

/** TensorFlow loads two libraries of one op without a word, and then knows neither kernel from the other. */
function explained(failure: Failure, { libraries }: LoadOrder): Failure {
  if (libraries.length < 2 || !failure.message.includes('Multiple OpKernel registrations')) return failure;
  const files = libraries.map(({ path }) => path).join(', ');
  return {
    ...failure,
    message: `${failure.message}; more than one of the op libraries has this op: ${files}`,
  };
}

function main([parent, name]: readonly string[]): void {
  // Of a call with 10 MB each way it takes half of the processor time here, 6.6 ms instead of 13.7.
  keepFreedMemory();
  dieWithParent();
  // Its end may have come before the line above.
  if (process.ppid !== Number(parent)) process.exit(1);
  process.title = `easyrec worker ${name ?? ''}`;
  // These go to all processes of a terminal or a service: the server ends its workers when requests are answered.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  new Worker();
}

main(process.argv.slice(2));
