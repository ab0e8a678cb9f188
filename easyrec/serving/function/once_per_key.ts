/** Work that is to be done once for each key. Who asks for it meanwhile waits, and does it where the first one fails. */
export class OncePerKey {
  readonly #running = new Map<string, Promise<void>>();

  /**
   * Does the work unless it is done.
   * @param isDone asked again after each wait.
   * @param onWait told of each wait for another.
   */
  async run(
    key: string,
    isDone: () => boolean,
    work: () => Promise<void>,
    onWait?: () => void,
  ): Promise<void> {
    while (!isDone()) {
      const running = this.#running.get(key);
      if (running !== undefined) {
        onWait?.();
        await running.catch(() => undefined);
        continue;
      }
      const own = work().finally(() => this.#running.delete(key));
      this.#running.set(key, own);
      await own;
    }
  }
}
