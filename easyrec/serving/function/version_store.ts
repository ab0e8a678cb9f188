import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { isPartialName } from '../../atomic_files.js';
import { ServingError } from '../status.js';
import { hasCode } from './has_code.js';
import { JsonFile } from './json_file.js';

/** A kind of handler that the gateway can run. */
export type FunctionRuntime = 'python3' | 'node';

/** What a version says of itself, in its version.json. */
export interface VersionManifest {
  readonly format_version: 1;
  readonly runtime: FunctionRuntime;
  /** Relative to the content. */
  readonly handler_file: string;
  readonly handler_name: string;
  /** 0 stands for the gateway's default. */
  readonly timeout_ms: number;
  readonly concurrency: number;
  /** 0 stands for never. */
  readonly idle_timeout_ms: number;
  /** The folder name of what is installed for it. */
  readonly environment: string;
}

/** A version that is ready to run, with all paths in full. */
export interface FunctionVersion {
  /** `sha256:HEX` */
  readonly id: string;
  readonly runtime: FunctionRuntime;
  readonly contentDirectory: string;
  readonly handlerPath: string;
  readonly handlerName: string;
  /** What a node worker imports: the handler, compiled. */
  readonly modulePath: string;
  readonly cacheDirectory: string;
  readonly environmentDirectory: string;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly idleTimeoutMs: number;
}

/** A version that no function and no image names any more is kept for so long. */
const KEEP_MS = 24 * 3600 * 1000;

const FOLDERS = ['versions', 'environments', 'functions', 'uploads'];

/** The file that is written last into each folder of a kind. */
const COMPLETE_MARKERS: Readonly<Record<string, string>> = {
  versions: 'version.json',
  environments: 'complete',
  functions: 'function.json',
};

/** The folders of all versions, by the hash of what is in them, and which image names which. */
export class VersionStore {
  /** The gateway's state folder. */
  readonly directory: string;
  readonly #imagesFile: JsonFile;
  #images: Readonly<Record<string, string>> = {};

  constructor(directory: string) {
    this.directory = directory;
    this.#imagesFile = new JsonFile(join(directory, 'images.json'));
  }

  get uploadsDirectory(): string {
    return join(this.directory, 'uploads');
  }

  get environmentsDirectory(): string {
    return join(this.directory, 'environments');
  }

  /** Reads what is there, and clears what a killed gateway left half done. */
  async open(): Promise<void> {
    for (const folder of FOLDERS) {
      await mkdir(join(this.directory, folder), { recursive: true, mode: 0o700 });
      for (const name of await readdir(join(this.directory, folder))) {
        const path = join(this.directory, folder, name);
        const marker = COMPLETE_MARKERS[folder];
        const isWhole = !isPartialName(name) && (marker === undefined || existsSync(join(path, marker)));
        if (!isWhole) await rm(path, { recursive: true, force: true });
      }
    }
    const { path } = this.#imagesFile;
    if (existsSync(path)) this.#images = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
  }

  /** Where a version's folder is, or is to be. */
  pathOf(id: string): string {
    return join(this.directory, 'versions', id.replace('sha256:', ''));
  }

  /**
   * The version that an image names: the one after `@`, else the last that was uploaded under that name.
   * @throws ServingError FAILED_PRECONDITION when there is none.
   */
  resolve(image: string): string {
    const [, exact] = /@(sha256:[0-9a-f]{64})$/.exec(image) ?? [];
    const id = exact ?? (Object.hasOwn(this.#images, image) ? this.#images[image] : undefined);
    if (id !== undefined && existsSync(join(this.pathOf(id), 'version.json'))) return id;
    throw new ServingError(
      'FAILED_PRECONDITION',
      `image ${image} is not in this gateway's store: upload the function's folder first, as "dcf function create" does`,
    );
  }

  /** Reads a version's manifest. */
  async read(id: string): Promise<FunctionVersion> {
    const directory = this.pathOf(id);
    const manifest = JSON.parse(await readFile(join(directory, 'version.json'), 'utf8')) as VersionManifest;
    const contentDirectory = join(directory, 'content');
    return {
      id,
      runtime: manifest.runtime,
      contentDirectory,
      handlerPath: join(contentDirectory, manifest.handler_file),
      handlerName: manifest.handler_name,
      modulePath: join(directory, 'build', 'handler.mjs'),
      cacheDirectory: join(directory, 'cache'),
      environmentDirectory: join(this.environmentsDirectory, manifest.environment),
      timeoutMs: manifest.timeout_ms,
      concurrency: manifest.concurrency,
      idleTimeoutMs: manifest.idle_timeout_ms,
    };
  }

  /** Whether a version is there, with what is installed for it. */
  has(id: string): boolean {
    return existsSync(join(this.pathOf(id), 'version.json'));
  }

  /** Whether a version is there; if so, it is kept for another while even where nothing names it yet. */
  async use(id: string): Promise<boolean> {
    if (!this.has(id)) return false;
    await utimes(this.pathOf(id), new Date(), new Date());
    return true;
  }

  /** Makes a version of its folder, which is complete but for this. */
  async complete(id: string, manifest: VersionManifest): Promise<void> {
    await new JsonFile(join(this.pathOf(id), 'version.json')).write(manifest);
  }

  /** Has an image name a version from now on. */
  async setImage(image: string, id: string): Promise<void> {
    this.#images = { ...this.#images, [image]: id };
    await this.#imagesFile.write(this.#images);
  }

  /**
   * Removes versions that nothing names and that are older than a day, and what is installed for none that is left.
   * @param inUse versions of functions.
   */
  async collect(inUse: ReadonlySet<string>): Promise<void> {
    const named = new Set([...inUse, ...Object.values(this.#images)]);
    const environments = new Set<string>();
    for (const name of await readdir(join(this.directory, 'versions'))) {
      const id = `sha256:${name}`;
      if (!named.has(id) && (await isOld(this.pathOf(id)))) {
        await rm(this.pathOf(id), { recursive: true, force: true });
      } else if (this.has(id)) environments.add((await this.read(id)).environmentDirectory);
    }
    for (const name of await readdir(this.environmentsDirectory)) {
      const path = join(this.environmentsDirectory, name);
      if (!environments.has(path) && (await isOld(path))) await rm(path, { recursive: true, force: true });
    }
  }
}

/** What an upload that fails has removed meanwhile is not there to be old. */
async function isOld(path: string): Promise<boolean> {
  const stats = await stat(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  return stats !== undefined && Date.now() - stats.mtimeMs > KEEP_MS;
}
