import { readFile } from 'node:fs/promises';
import type { Log } from '../../log.js';
import type { ReloadableCatalog } from './model_manager.js';
import { parseModelServerConfig } from './model_server_config_proto.js';

/** Reads a config file again and again, and has a catalog serve what it says. */
export class ConfigFilePoller {
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #text: string | undefined;
  #problem = '';

  /**
   * @param text What the file said when the catalog began to serve it.
   * @param intervalMs From one look to the next.
   */
  constructor(
    readonly file: string,
    text: string,
    readonly intervalMs: number,
    readonly catalog: ReloadableCatalog,
    readonly log: Log,
  ) {
    this.#text = text;
    this.#plan();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #plan(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#look().finally(() => this.#plan()), this.intervalMs);
  }

  async #look(): Promise<void> {
    try {
      const text = await readFile(this.file, 'utf8');
      if (text === this.#text) return;
      const config = parseModelServerConfig(text, this.file);
      if (this.#problem === '') this.log.info(`${this.file} has changed: serving what it says`);
      await this.catalog.reload(config);
      this.#text = text;
      this.#problem = '';
    } catch (error) {
      // Tried again at each look: a label may name a version that is still being loaded.
      const problem = error instanceof Error ? error.message : String(error);
      if (problem !== this.#problem) this.log.warn(`${this.file} could not be applied: ${problem}`);
      this.#problem = problem;
    }
  }
}
