import type { ServedVersion, VersionStatus } from '../catalog.js';
import type { VersionDirectory } from '../model_versions.js';
import { invalidArgument, ServingError } from '../status.js';
import { ManagedVersion, type VersionLife } from './managed_version.js';
import type { ModelConfig } from './model_server_config.js';
import { chooseVersions, findVersions, newestFirst } from './version_directories.js';
import { type Patience, VersionWatch } from './version_watch.js';

/** How a model's folder is watched. */
export interface ModelSettings extends VersionLife {
  readonly patience: Patience;
  /** Between two looks at the base path; 0 looks once, a negative number never. */
  readonly pollMs: number;
}

/** How far a model is on its way to be served. */
export type Outcome =
  | { readonly kind: 'available' | 'loading' | 'waiting' }
  /** There is nothing to load. */
  | { readonly kind: 'missing'; readonly error: ServingError }
  | { readonly kind: 'failed'; readonly versions: readonly VersionStatus[]; readonly error: ServingError };

/** While a version is being copied, its folder is looked at so often at least. */
const WATCH_MS = 200;
/** Versions that have ended stay listed, but not without end. */
const MOST_ENDED = 1000;

/** A model: finds its versions on disk, loads and unloads them, and keeps one available as long as there is one. */
export class ManagedModel {
  #config: ModelConfig;
  readonly #versions = new Map<bigint, ManagedVersion>();
  readonly #watches = new Map<bigint, VersionWatch>();
  /** Of versions that could not be loaded: what their files were like. */
  readonly #failedFiles = new Map<bigint, string | undefined>();
  #chosen: readonly VersionDirectory[] = [];
  #waiting: readonly VersionDirectory[] = [];
  #problem: ServingError | undefined;
  readonly #warned = new Set<string>();
  #polled = false;
  #removed = false;
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> | undefined;
  #pollAgain = false;
  readonly #listeners = new Set<() => void>();

  constructor(
    config: ModelConfig,
    readonly settings: ModelSettings,
  ) {
    this.#config = config;
  }

  get config(): ModelConfig {
    return this.#config;
  }

  /** Whether it is not to be served any more. */
  get removed(): boolean {
    return this.#removed;
  }

  /** Takes a config over, of a model that was removed as well, and looks at its folder at once. */
  configure(config: ModelConfig): void {
    this.#config = config;
    this.#removed = false;
    this.#warned.clear();
    void this.poll();
  }

  /**
   * Stops looking and unloads all versions; resolves when they are freed.
   * @param drainMs Limit for calls in progress. Default: that of the settings.
   */
  async remove(drainMs?: number): Promise<void> {
    this.#removed = true;
    clearTimeout(this.#timer);
    this.#chosen = [];
    this.#waiting = [];
    this.#polled = false;
    this.#watches.clear();
    const versions = [...this.#versions.values()];
    await Promise.all(versions.map((version) => version.withdraw(drainMs)));
  }

  /** The versions that take requests, newest first. */
  available(): ServedVersion[] {
    const served = [...this.#versions.values()].flatMap((version) => version.served ?? []);
    return served.sort(newestFirst);
  }

  /** A version that takes requests; the newest one where none is named. */
  find(version: bigint | undefined): ServedVersion | undefined {
    return version === undefined ? this.available()[0] : this.#versions.get(version)?.served;
  }

  /** As `ManagedVersion.report`. */
  report(version: bigint, problem: string | undefined): void {
    this.#versions.get(version)?.report(problem);
  }

  /** All versions it ever had, newest first. */
  statuses(): VersionStatus[] {
    return [...this.#versions.values()].map(({ status }) => status).sort(newestFirst);
  }

  get outcome(): Outcome {
    if (this.available().length > 0) return { kind: 'available' };
    const versions = this.#chosen.flatMap(({ version }) => this.#versions.get(version)?.status ?? []);
    const failed = versions.filter(({ state, errorCode }) => state === 'END' && errorCode !== 'OK');
    const error = failed.flatMap(({ version }) => this.#versions.get(version)?.error ?? [])[0];
    if (error !== undefined && failed.length === this.#chosen.length && this.#waiting.length === 0) {
      return { kind: 'failed', versions: failed, error };
    }
    if (!this.#polled || this.#chosen.length > 0) return { kind: 'loading' };
    if (this.#waiting.length > 0) return { kind: 'waiting' };
    const { name, basePath } = this.#config;
    return {
      kind: 'missing',
      error:
        this.#problem ??
        new ServingError(
          'NOT_FOUND',
          `Unable to find a numerical version path for servable ${name} at: ${basePath}`,
        ),
    };
  }

  /** Calls `listener` whenever the outcome may have changed; returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks at the folder now and, if so set, again and again; resolves when it has looked. */
  poll(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.settings.pollMs < 0) return Promise.resolve();
    if (this.#polling !== undefined) {
      this.#pollAgain = true;
      return this.#polling;
    }
    this.#polling = this.#pollUntilDone().finally(() => (this.#polling = undefined));
    return this.#polling;
  }

  async #pollUntilDone(): Promise<void> {
    do {
      this.#pollAgain = false;
      await this.#look();
    } while (this.#isAskedAgain());
    if (this.#isRemoved()) return;
    const { pollMs } = this.settings;
    const isWatching = this.#waiting.length > 0;
    if (!isWatching && pollMs <= 0) return;
    const delay = isWatching ? Math.min(WATCH_MS, pollMs > 0 ? pollMs : WATCH_MS) : pollMs;
    this.#timer = setTimeout(() => void this.poll(), delay);
  }

  async #look(): Promise<void> {
    const config = this.#config;
    const { name, basePath, versionPolicy } = config;
    let found: Awaited<ReturnType<typeof findVersions>>;
    try {
      found = await findVersions(basePath);
    } catch (error) {
      if (this.#isOutdated(config)) return;
      // What is served goes on being served: the folder may be back at the next look.
      this.#problem = unreadable(this.#config, error);
      this.#warnOnce(this.#problem.message);
      this.#polled = true;
      this.#tell();
      return;
    }
    this.#problem = undefined;
    const { chosen, waiting, missing } = await chooseVersions(found.versions, versionPolicy, (version) =>
      this.#isReady(version),
    );
    for (const directory of found.duplicates) {
      this.#warnOnce(`duplicate version directories of model ${name}: ${directory} is ignored`);
    }
    for (const version of missing) {
      this.#warnOnce(`version ${version} of model ${name} was asked for, but is not under ${basePath}`);
    }
    if (chosen.length === 0 && waiting.length === 0) {
      this.#warnOnce(
        `No versions of servable ${name} found under base path ${basePath}. ` +
          "Did you forget to name your leaf directory as a number (eg. '/1/')?",
      );
    }
    if (this.#isOutdated(config)) return;
    this.#chosen = chosen;
    this.#waiting = waiting;
    this.#polled = true;
    this.#forget(found.versions);
    this.#admit();
    this.#arrange();
    this.#tell();
  }

  /** Whether a version may be loaded, or already is what it can be. */
  async #isReady(version: VersionDirectory): Promise<boolean> {
    const known = this.#versions.get(version.version);
    const isFailed = known?.state === 'END' && !known.withdrawn;
    if (known !== undefined && !isFailed && known.state !== 'END' && known.state !== 'START') return true;
    const watch = this.#watchOf(version);
    const isReady = await watch.isReady();
    if (isFailed) {
      // It stays what it is until somebody has mended it.
      if (isReady && watch.fingerprint !== this.#failedFiles.get(version.version)) {
        this.#versions.delete(version.version);
      }
      return true;
    }
    if (!isReady && watch.lack !== undefined) {
      const text = `version ${version.version} of model ${this.#config.name} is not loaded yet`;
      this.#warnOnce(`${text}: ${watch.lack}`, text);
    }
    return isReady;
  }

  #watchOf({ version, directory }: VersionDirectory): VersionWatch {
    const known = this.#watches.get(version);
    if (known?.directory === directory) return known;
    const watch = new VersionWatch(directory, this.settings.patience);
    this.#watches.set(version, watch);
    return watch;
  }

  #forget(found: readonly VersionDirectory[]): void {
    const there = new Set(found.map(({ version }) => version));
    for (const version of this.#watches.keys()) if (!there.has(version)) this.#watches.delete(version);
  }

  /** Makes entries for versions that are new. */
  #admit(): void {
    for (const { version, directory } of [...this.#chosen, ...this.#waiting]) {
      const known = this.#versions.get(version);
      if (known !== undefined && !(known.state === 'END' && known.withdrawn)) continue;
      const request = { modelName: this.#config.name, version, directory };
      this.#versions.set(version, new ManagedVersion(request, this.settings, () => this.#changed(version)));
    }
    const ended = [...this.#versions.values()].filter(({ state, withdrawn }) => state === 'END' && withdrawn);
    for (const { version } of ended.slice(0, -MOST_ENDED)) this.#versions.delete(version);
  }

  /** Begins what is to be done next: unload what is not wanted, as soon as something wanted is available; load. */
  #arrange(): void {
    if (this.#removed) return;
    const chosen = new Set(this.#chosen.map(({ version }) => version));
    const wanted = new Set([...chosen, ...this.#waiting.map(({ version }) => version)]);
    const unwanted = [...this.#versions.values()].filter(
      ({ version, withdrawn }) => !wanted.has(version) && !withdrawn,
    );
    const served = unwanted.filter((version) => version.served !== undefined).sort(newestFirst);
    const isSafe =
      wanted.size === 0 || this.#chosen.some(({ version }) => this.#versions.get(version)?.served);
    // Of the unwanted ones the newest stays until something takes its place.
    for (const version of isSafe ? served : served.slice(1)) void version.withdraw();
    for (const version of unwanted) if (version.served === undefined) this.#giveUp(version);
    if ([...this.#versions.values()].some((version) => version.isBusy)) return;
    const next = this.#chosen
      .flatMap(({ version }) => this.#versions.get(version) ?? [])
      .find(({ state, withdrawn }) => state === 'START' && !withdrawn);
    if (next !== undefined && !this.#isAboutToBeReplaced(next)) next.start();
  }

  /**
   * Whether a version would be loaded only to be unloaded: nothing is served yet, and enough newer ones are whole and
   * were merely written a moment ago.
   */
  #isAboutToBeReplaced({ version }: ManagedVersion): boolean {
    const { versionPolicy: policy } = this.#config;
    if (policy.kind !== 'latest' || this.available().length > 0) return false;
    const settling = this.#waiting.filter((waiting) => this.#watches.get(waiting.version)?.isSettling);
    return [...this.#chosen, ...settling].filter((other) => other.version > version).length >= policy.count;
  }

  /** Of a version that was never loaded nothing is told. */
  #giveUp(version: ManagedVersion): void {
    if (version.state === 'START') this.#versions.delete(version.version);
    void version.withdraw();
  }

  #changed(version: bigint): void {
    const known = this.#versions.get(version);
    if (known?.state === 'AVAILABLE' || known?.state === 'END') {
      if (known.error !== undefined) this.#failedFiles.set(version, this.#watches.get(version)?.fingerprint);
      else this.#watches.delete(version);
    }
    this.#admit();
    this.#arrange();
    this.#tell();
  }

  // Methods, since these change while others wait.
  #isAskedAgain(): boolean {
    return this.#pollAgain && !this.#removed;
  }

  #isOutdated(config: ModelConfig): boolean {
    return this.#removed || this.#config !== config;
  }

  #isRemoved(): boolean {
    return this.#removed;
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #warnOnce(message: string, key = message): void {
    if (this.#warned.has(key)) return;
    if (this.#warned.size >= MOST_ENDED) this.#warned.clear();
    this.#warned.add(key);
    this.settings.log.warn(message);
  }
}

function unreadable({ name, basePath }: ModelConfig, error: unknown): ServingError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const reason = code === 'ENOENT' ? `NOT_FOUND: ${basePath} not found` : String(error);
  return invalidArgument(`Could not find base path ${basePath} for servable ${name} with error ${reason}`);
}
