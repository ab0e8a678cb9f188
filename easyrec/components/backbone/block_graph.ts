import type { SourceLocation } from '../../errors.js';
import { ConfigError, formatLocation } from '../../errors.js';

/** Which block feeds which: names, in the order in which they were added. */
export class BlockGraph {
  readonly #successors = new Map<string, string[]>();
  readonly #at = new Map<string, SourceLocation | undefined>();

  add(name: string, at?: SourceLocation): void {
    this.#successors.set(name, []);
    this.#at.set(name, at);
  }

  /** `from` must run before `to`. */
  connect(from: string, to: string): void {
    const successors = this.#successors.get(from);
    if (successors?.includes(to) === false) successors.push(to);
  }

  /** Blocks that feed no other, in the order of declaration. */
  leaves(): string[] {
    return [...this.#successors].filter(([, successors]) => successors.length === 0).map(([name]) => name);
  }

  /**
   * The order of execution. Blocks that are ready wait on a stack, in the order of declaration: those without inputs
   * are taken from its end, as EasyRec does (utils/dag.py), which decides the numbers of `input_layer` scopes. Of the
   * blocks that become ready at the same time EasyRec's order varies from run to run; here the first declared runs first.
   *
   * @throws ConfigError naming the blocks of a cycle.
   */
  order(): string[] {
    const waiting = new Map([...this.#successors.keys()].map((name) => [name, 0]));
    for (const name of [...this.#successors.values()].flat()) waiting.set(name, (waiting.get(name) ?? 0) + 1);
    const ready = [...waiting].filter(([, count]) => count === 0).map(([name]) => name);
    const order: string[] = [];
    for (let name = ready.pop(); name !== undefined; name = ready.pop()) {
      order.push(name);
      for (const next of [...(this.#successors.get(name) ?? [])].reverse()) {
        const left = (waiting.get(next) ?? 0) - 1;
        waiting.set(next, left);
        if (left === 0) ready.push(next);
      }
    }
    if (order.length < this.#successors.size) throw this.#cycleError(new Set(order));
    return order;
  }

  #cycleError(done: ReadonlySet<string>): ConfigError {
    const cycle = this.#findCycle(done);
    const [first = ''] = cycle;
    const described = cycle.map((name) => {
      const at = this.#at.get(name);
      return at === undefined ? `"${name}"` : `"${name}" (${formatLocation(at)})`;
    });
    return new ConfigError(
      `backbone: expected blocks without a cycle, received ${described.join(' -> ')} -> "${first}"`,
      { at: this.#at.get(first) },
    );
  }

  /** Any cycle: every block that never became ready has such a block before it, so walking backwards must repeat. */
  #findCycle(done: ReadonlySet<string>): string[] {
    const left = [...this.#successors.keys()].filter((name) => !done.has(name));
    const path: string[] = [];
    let name = left[0] ?? '';
    while (!path.includes(name)) {
      path.push(name);
      const current = name;
      name = left.find((candidate) => this.#successors.get(candidate)?.includes(current) === true) ?? '';
    }
    return path.slice(path.indexOf(name)).reverse();
  }
}
