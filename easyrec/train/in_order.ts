/** What `inOrder` does with the items of a source. */
export interface InOrderOptions<Item, Result> {
  /** So many items are worked on at the same time, at least 1. */
  readonly limit: number;
  readonly work: (item: Item) => Promise<Result>;
  /** Frees a result that nobody takes any more, when the loop has been left. */
  readonly discard: (result: Result) => void;
}

/**
 * Works on several items of a source at a time and yields the results in the order of the items. When the loop is left,
 * however that happens, what is under way is waited for.
 *
 * @throws what the source or `work` throws, for the first item that fails
 */
export async function* inOrder<Item, Result>(
  source: AsyncIterable<Item>,
  { limit, work, discard }: InOrderOptions<Item, Result>,
): AsyncGenerator<Result, void, void> {
  const pending: Promise<Result>[] = [];
  try {
    for await (const item of source) {
      const result = work(item);
      // Its turn to be waited for may come after that of another one which fails.
      result.catch(() => undefined);
      pending.push(result);
      if (pending.length < limit) continue;
      const first = pending.shift();
      if (first !== undefined) yield await first;
    }
    for (let first = pending.shift(); first !== undefined; first = pending.shift()) yield await first;
  } finally {
    for (const rest of await Promise.allSettled(pending)) {
      if (rest.status === 'fulfilled') discard(rest.value);
    }
  }
}
