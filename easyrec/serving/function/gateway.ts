import { createHash } from 'node:crypto';
import { access, constants, mkdir, readdir, readFile, realpath, rename, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { partialPath } from '../../atomic_files.js';
import { didYouMean, UserError } from '../../errors.js';
import type { Log } from '../../log.js';
import { invalidArgument, ServingError } from '../status.js';
import { checkFunctionName, readDeployment, withReplicas } from './deployment.js';
import { Environments } from './environments.js';
import { hasCode } from './has_code.js';
import { type FunctionContext, type FunctionRecord, ManagedFunction } from './managed_function.js';
import type { CreateFunctionRequest, FunctionInfo, FunctionStatus, UploadResult } from './messages.js';
import { killOrphans } from './owned_processes.js';
import { type Upload, Uploader } from './uploader.js';
import { VersionStore } from './version_store.js';

/** How a gateway works. */
export interface GatewayOptions {
  /** Where it keeps all that is to survive it. */
  readonly stateDirectory: string;
  /** Limit for a call where the function names none; default 553,000, as the original's. */
  readonly invokeTimeoutMs?: number | undefined;
  /** A handler that is not loaded by then is given up; default 300,000. */
  readonly startTimeoutMs?: number | undefined;
  /** The interpreter that makes the environments of python3 functions; default `python3`. */
  readonly python?: string | undefined;
  readonly log: Log;
}

const DEFAULT_INVOKE_TIMEOUT_MS = 553_000;
const DEFAULT_START_TIMEOUT_MS = 300_000;
/** Functions that are deleted may end their calls for so long. */
const DELETE_DRAIN_MS = 60_000;
const QUIET_POLL_MS = 20;

/** Keeps functions, runs them and has them called, whichever protocol the wish came by. */
export class Gateway {
  readonly #directory: string;
  readonly #log: Log;
  readonly #store: VersionStore;
  readonly #uploader: Uploader;
  readonly #context: FunctionContext;
  readonly #functions = new Map<string, ManagedFunction>();
  /** Names whose deployment is under way. */
  readonly #deploying = new Set<string>();
  /** Deleted functions, which end their calls. */
  readonly #leaving = new Map<ManagedFunction, Promise<void>>();
  readonly #owner: Server;
  #isClosing = false;

  private constructor(directory: string, owner: Server, options: GatewayOptions) {
    this.#directory = directory;
    this.#owner = owner;
    this.#log = options.log;
    this.#store = new VersionStore(directory);
    const environments = new Environments(this.#store, options.python ?? 'python3');
    this.#uploader = new Uploader(this.#store, environments);
    this.#context = {
      stateDirectory: directory,
      invokeTimeoutMs: options.invokeTimeoutMs ?? DEFAULT_INVOKE_TIMEOUT_MS,
      startTimeoutMs: options.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS,
      readVersion: (id) => this.#store.read(id),
      mesh: (name, input) => this.#call(name, input),
    };
  }

  /**
   * Opens the state folder, ends what a killed gateway left running, and starts the functions.
   * @throws UserError when another gateway uses the folder, or it cannot be written.
   */
  static async open(options: GatewayOptions): Promise<Gateway> {
    const directory = await openDirectory(options.stateDirectory);
    const owner = await own(directory);
    const gateway = new Gateway(directory, owner, options);
    try {
      await gateway.#restore();
      return gateway;
    } catch (error) {
      await gateway.close(0);
      throw error;
    }
  }

  /** Takes a function's folder into the store. */
  async upload(upload: Upload): Promise<UploadResult> {
    this.#checkOpen();
    const result = await this.#uploader.take(upload);
    this.#log.info(`image ${upload.header.image} is version ${result.version}`);
    await this.#collect();
    return result;
  }

  /**
   * Adds a function.
   * @throws ServingError ALREADY_EXISTS when there is one of that name.
   */
  async deploy(request: CreateFunctionRequest): Promise<void> {
    this.#checkOpen();
    const name = request.Service;
    checkFunctionName(name);
    if (this.#functions.has(name) || this.#deploying.has(name)) {
      throw new ServingError('ALREADY_EXISTS', `function ${name} already exists`);
    }
    const current = readDeployment(request, this.#store.resolve(request.Image));
    this.#deploying.add(name);
    try {
      const record: FunctionRecord = { format_version: 1, name, current };
      const managed = await ManagedFunction.start(this.#context, record, true);
      // Closing may have begun meanwhile, and knows nothing of it.
      if (this.#isClosing) await managed.close(0);
      this.#checkOpen();
      this.#functions.set(name, managed);
    } finally {
      this.#deploying.delete(name);
    }
    this.#log.info(`function ${name} is deployed: ${current.image}, version ${current.version}`);
  }

  /**
   * Has a function become what the request says, without a gap.
   * @throws ServingError NOT_FOUND
   */
  async update(request: CreateFunctionRequest): Promise<void> {
    this.#checkOpen();
    checkFunctionName(request.Service);
    const managed = this.#find(request.Service);
    const deployment = readDeployment(request, this.#store.resolve(request.Image));
    await managed.update(deployment);
    this.#log.info(`function ${managed.name} is updated: ${deployment.image}, version ${deployment.version}`);
  }

  /**
   * Removes a function; its calls may end.
   * @throws ServingError NOT_FOUND
   */
  async delete(name: string): Promise<void> {
    const managed = this.#find(name);
    this.#functions.delete(name);
    // Under a name that the next start clears, so that a function of the same name can be deployed at once.
    const folder = join(this.#directory, 'functions', name);
    const away = partialPath(folder);
    try {
      await rename(folder, away);
    } catch (error) {
      this.#functions.set(name, managed);
      throw error;
    }
    const gone = managed
      .discard(DELETE_DRAIN_MS)
      .then(() => rm(away, { recursive: true, force: true }))
      .catch((error: unknown) => this.#log.warn(`function ${name}: ${messageOf(error)}`))
      .finally(() => this.#leaving.delete(managed));
    this.#leaving.set(managed, gone);
    this.#log.info(`function ${name} is deleted`);
  }

  /**
   * Calls a function; what it answers is UTF-8.
   * @param signal aborted when nobody waits for the answer any more.
   * @throws ServingError INTERNAL when it fails or there is none, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, CANCELLED
   */
  async invoke(name: string, input: Uint8Array, signal?: AbortSignal): Promise<Buffer> {
    this.#checkOpen();
    return this.#call(name, input, signal);
  }

  async #call(name: string, input: Uint8Array, signal?: AbortSignal): Promise<Buffer> {
    const managed = this.#functions.get(name);
    if (managed === undefined) {
      throw new ServingError('INTERNAL', `could not invoke: ${name.slice(0, 100)} - ${this.#notExist(name)}`);
    }
    return managed.invoke(input, signal);
  }

  /** Whether there is a function of that name. */
  has(name: string): boolean {
    return this.#functions.has(name);
  }

  /** All functions, sorted by name. */
  list(): readonly FunctionInfo[] {
    const names = [...this.#functions.keys()].sort();
    return names.map((name) => this.info(name));
  }

  /** @throws ServingError NOT_FOUND */
  info(name: string): FunctionInfo {
    const managed = this.#find(name);
    const { image, annotations, labels } = managed.wanted;
    const { invocations, replicas, available_replicas: available } = managed.status();
    return {
      Name: name,
      Image: image,
      InvocationCount: invocations,
      Replicas: replicas,
      AvailableReplicas: available,
      Annotations: annotations,
      Labels: labels,
    };
  }

  /** @throws ServingError NOT_FOUND */
  status(name: string): FunctionStatus {
    return this.#find(name).status();
  }

  /** @throws ServingError NOT_FOUND */
  readLog(name: string): Promise<string> {
    return this.#find(name).readLog();
  }

  /** @throws ServingError NOT_FOUND, or INVALID_ARGUMENT for a number that is none. */
  async scale(name: string, replicas: number): Promise<void> {
    if (!Number.isInteger(replicas))
      throw invalidArgument(`Replicas: expected a number, received ${replicas}`);
    await this.#find(name).resize((deployment) => withReplicas(deployment, replicas));
  }

  /** What the gateway says of itself. */
  describe(): string {
    const statuses = [...this.#functions.values()].map((managed) => managed.status());
    const workers = statuses.reduce((sum, { available_replicas: available }) => sum + available, 0);
    return [
      'provider: easyrec function gateway (processes on one machine)',
      `functions: ${statuses.length}`,
      `workers: ${workers}`,
      `cpus: ${availableParallelism()}`,
      `memory: ${totalmem()}`,
      '',
    ].join('\n');
  }

  /** Lets calls end for as long as `drainMs`, then ends all workers and gives the state folder free. */
  async close(drainMs: number): Promise<void> {
    this.#isClosing = true;
    const end = performance.now() + drainMs;
    const functions = [...this.#functions.values()];
    // All of them first: a call in progress may call other functions.
    while (performance.now() < end && !functions.every(({ isQuiet }) => isQuiet)) await sleep(QUIET_POLL_MS);
    const rest = Math.max(0, end - performance.now());
    const cut = setTimeout(() => {
      for (const managed of this.#leaving.keys()) managed.cut();
    }, rest);
    await Promise.all([...functions.map((managed) => managed.close(rest)), ...this.#leaving.values()]);
    clearTimeout(cut);
    this.#functions.clear();
    await new Promise<void>((resolve) => this.#owner.close(() => resolve()));
  }

  #checkOpen(): void {
    if (this.#isClosing) throw new ServingError('UNAVAILABLE', 'the gateway stops');
  }

  #find(name: string): ManagedFunction {
    const managed = this.#functions.get(name);
    if (managed === undefined) throw new ServingError('NOT_FOUND', this.#notExist(name));
    return managed;
  }

  /** The original's words, and the nearest name. */
  #notExist(name: string): string {
    return `function is not exist${didYouMean(name.slice(0, 100), this.#functions.keys())}`;
  }

  async #restore(): Promise<void> {
    const orphans = await killOrphans(this.#directory);
    if (orphans > 0) this.#log.warn(`ended ${orphans} processes that a killed gateway had left`);
    await this.#store.open();
    for (const name of await readdir(join(this.#directory, 'functions'))) {
      try {
        const text = await readFile(join(this.#directory, 'functions', name, 'function.json'), 'utf8');
        const record = JSON.parse(text) as FunctionRecord;
        this.#functions.set(name, await ManagedFunction.start(this.#context, record, false));
      } catch (error) {
        // One function that cannot be restored is no reason to stop the others.
        this.#log.warn(`function ${name} cannot be restored: ${messageOf(error)}`);
      }
    }
    await this.#collect();
  }

  async #collect(): Promise<void> {
    await this.#store.collect(new Set([...this.#functions.values()].flatMap(({ versions }) => versions)));
  }
}

/** Makes the folder if need be; returns its path without links. */
async function openDirectory(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return await realpath(path);
  } catch (cause) {
    throw new UserError(
      `state folder ${path}: expected one that can be written, received ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
}

/**
 * Makes this process the only gateway of a state folder: the kernel gives an abstract socket's name to one process, and
 * takes it back however that ends.
 */
async function own(directory: string): Promise<Server> {
  const name = createHash('sha256').update(directory).digest('hex');
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        hasCode(cause, 'EADDRINUSE')
          ? new UserError(`${directory} is used by another gateway that runs`, { cause })
          : cause,
      );
    });
    server.listen(`\0easyrec-function-gateway-${name}`, resolve);
  });
  return server.unref();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
