import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { discardPartial, partialPath } from '../../atomic_files.js';
import { didYouMean } from '../../errors.js';
import { invalidArgument, ServingError } from '../status.js';
import { sealFolder, unpackArchive } from './archive.js';
import type { EnvironmentOptions, Environments } from './environments.js';
import type { UploadHeader, UploadResult } from './messages.js';
import { OncePerKey } from './once_per_key.js';
import { type InstallerOptions, runInstaller } from './run_installer.js';
import type { FunctionRuntime, VersionManifest, VersionStore } from './version_store.js';

/** An upload as it arrives. */
export interface Upload {
  readonly header: UploadHeader;
  /** A .tar.gz, in pieces. */
  readonly archive: AsyncIterable<Uint8Array>;
  /** Takes each line of what is done. */
  readonly onLine: (line: string) => void;
  /** Aborted when nobody waits for the result any more. */
  readonly signal: AbortSignal;
}

type Settings = Omit<VersionManifest, 'environment' | 'format_version'>;

const DEFAULT_HANDLERS: Readonly<Record<FunctionRuntime, readonly string[]>> = {
  python3: ['handler.py'],
  node: ['handler.ts', 'handler.mjs', 'handler.js'],
};

/** As a container registry takes them: host, folders, a name and a tag. */
const IMAGE_NAME = /^[a-zA-Z0-9][\w.:-]*(\/[a-zA-Z0-9][\w.:-]*)*$/;
const MAX_IMAGE_LENGTH = 255;
const PACKAGE_NAME = /^[a-z0-9][a-z0-9+.-]+(:[a-z0-9]+)?$/;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_MS = 2 ** 31 - 1;
/** Settings that have a limit; a python3 worker has as many threads as calls at once. */
const MOST = { timeout_ms: MAX_MS, concurrency: 1000, idle_timeout_ms: MAX_MS } as const;

/** Makes versions of uploaded folders. */
export class Uploader {
  readonly #store: VersionStore;
  readonly #environments: Environments;
  readonly #builds = new OncePerKey();

  constructor(store: VersionStore, environments: Environments) {
    this.#store = store;
    this.#environments = environments;
  }

  /**
   * Unpacks a folder, installs what it requires, and gives the result its image's name.
   * @throws ServingError INVALID_ARGUMENT when header or folder are wrong, FAILED_PRECONDITION when an installer fails.
   */
  async take({ header, archive, onLine, signal }: Upload): Promise<UploadResult> {
    checkHeader(header);
    const staging = partialPath(join(this.#store.uploadsDirectory, 'upload'));
    try {
      const content = join(staging, 'content');
      await mkdir(content, { recursive: true, mode: 0o700 });
      await unpackArchive(archive, content);
      const settings = readSettings(header, content);
      const { directory: stateDirectory } = this.#store;
      await checkPackages(header.build_packages ?? [], { onLine, signal, stateDirectory });
      const hash = createHash('sha256').update(`${JSON.stringify(settings)}\n`);
      // Of its own even if nothing has changed: what runs keeps what it runs on.
      const isFresh = header.no_cache === true;
      if (isFresh) hash.update(randomUUID());
      await sealFolder(content, hash);
      const id = `sha256:${hash.digest('hex')}`;
      const existed = await this.#store.use(id);
      // Uploads of the same folder at once follow each other; the later ones find what the first has made.
      await this.#builds.run(
        id,
        () => this.#store.has(id),
        () => this.#build(id, staging, settings, { onLine, signal, isFresh }),
      );
      await this.#store.setImage(header.image, id);
      return { version: id, existed };
    } finally {
      await discardPartial(staging);
    }
  }

  async #build(
    id: string,
    staging: string,
    settings: Settings,
    options: Pick<EnvironmentOptions, 'onLine' | 'signal' | 'isFresh'>,
  ): Promise<void> {
    const folder = this.#store.pathOf(id);
    await rm(folder, { recursive: true, force: true });
    // To its place first: what is installed from a folder may refer to where that lies.
    await rename(staging, folder);
    try {
      const content = join(folder, 'content');
      const { runtime } = settings;
      const environment = await this.#environments.ensure({ runtime, content, version: id, ...options });
      if (runtime === 'node') {
        await symlink(
          join(this.#store.environmentsDirectory, environment, 'node_modules'),
          join(folder, 'node_modules'),
        );
        await compileHandler(content, settings.handler_file, join(folder, 'build', 'handler.mjs'));
      }
      await this.#store.complete(id, { format_version: 1, ...settings, environment });
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }
}

function checkHeader(header: UploadHeader): void {
  const { image, runtime } = header;
  if (!IMAGE_NAME.test(image) || image.length > MAX_IMAGE_LENGTH) {
    throw invalidArgument(
      `image: expected a name such as registry/ssd-test, received ${JSON.stringify(image.slice(0, 300))}`,
    );
  }
  if (!isRuntime(runtime)) {
    const known = Object.keys(DEFAULT_HANDLERS);
    throw invalidArgument(
      `runtime: expected ${known.join(' or ')}, received "${runtime}"${didYouMean(runtime, known)}`,
    );
  }
  for (const [field, most] of Object.entries(MOST) as [keyof typeof MOST, number][]) {
    const value = header[field] ?? 0;
    if (value > most) throw invalidArgument(`${field}: expected at most ${most}, received ${value}`);
  }
}

function isRuntime(text: string): text is FunctionRuntime {
  return Object.hasOwn(DEFAULT_HANDLERS, text);
}

function readSettings(header: UploadHeader, content: string): Settings {
  const runtime = header.runtime as FunctionRuntime;
  const candidates = header.handler_file ? [posix.normalize(header.handler_file)] : DEFAULT_HANDLERS[runtime];
  const inside = candidates.filter((name) => !name.startsWith('../') && !name.startsWith('/'));
  const file = inside.find((name) => existsSync(join(content, name)));
  if (file === undefined) {
    throw invalidArgument(
      `handler file: expected ${candidates.join(' or ')} in the function's folder, there is none`,
    );
  }
  const name = header.handler_name || 'Handler';
  if (!IDENTIFIER.test(name))
    throw invalidArgument(`handler name: expected a name of Python's, received "${name}"`);
  return {
    runtime,
    handler_file: file,
    handler_name: name,
    timeout_ms: header.timeout_ms ?? 0,
    concurrency: header.concurrency ?? 0,
    idle_timeout_ms: header.idle_timeout_ms ?? 0,
  };
}

/** Debian packages belong to the machine, which an upload does not change: they must be there. */
async function checkPackages(
  names: readonly string[],
  { onLine, signal, stateDirectory }: Pick<InstallerOptions, 'onLine' | 'signal' | 'stateDirectory'>,
): Promise<void> {
  const missing: string[] = [];
  for (const name of names) {
    if (!PACKAGE_NAME.test(name))
      throw invalidArgument(`build_packages: expected Debian packages, received "${name}"`);
    const options = { directory: '/', stateDirectory, onLine: () => undefined, signal };
    await runInstaller({ what: 'dpkg', command: ['dpkg', '--status', name], ...options }).then(
      () => onLine(`${name} is installed`),
      () => missing.push(name),
    );
  }
  if (missing.length === 0) return;
  const message = `build_packages: the gateway's machine has no ${missing.join(', ')}: run apt-get install ${missing.join(' ')} there`;
  throw new ServingError('FAILED_PRECONDITION', message);
}

/** Compiles a handler with the files it imports; packages stay where they are installed. */
async function compileHandler(content: string, file: string, outfile: string): Promise<void> {
  // Loaded only when there is something to compile.
  const { build } = await import('esbuild');
  const entry = join(content, file);
  const own = JSON.stringify(pathToFileURL(entry).href);
  try {
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      logLevel: 'silent',
      absWorkingDir: content,
      // What lies beside the handler is found from there.
      define: { 'import.meta.url': own, 'import.meta.dirname': JSON.stringify(content) },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidArgument(`handler: ${file} does not compile: ${reason.replaceAll(`${content}/`, '')}`);
  }
}
