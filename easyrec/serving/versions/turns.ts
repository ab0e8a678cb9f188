/**
 * Hands out at most so many turns at a time; who waits gets one in the order of asking.
 * @param most 0 for any number.
 */
export function makeTurns(most: number): () => Promise<() => void> {
  let taken = 0;
  const waiting: (() => void)[] = [];
  const giveBack = (): void => {
    const next = waiting.shift();
    // The turn goes to the next one without being free in between.
    if (next === undefined) taken--;
    else next();
  };
  return async () => {
    if (most > 0 && taken >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else taken++;
    return giveBack;
  };
}
