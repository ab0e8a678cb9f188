import { GraphError } from '../../errors.js';
import type { Operation, Output, Session, Step, Variable } from '../../tf/index.js';
import { makeStep, ops } from '../../tf/index.js';

export interface UpkeepParts {
  /** What the native ops read and write in place. */
  readonly variables: readonly Variable[];
  /** Sets the counts of steps to zero: every row is up to date. */
  readonly reset: readonly Operation[];
  /** Brings all rows up to date; null where rows do not move by themselves. */
  readonly settle: Operation | null;
  /** Rows are brought up to date at least so often, in steps. */
  readonly settleEvery: number;
}

/** What a training does, beside its steps, for tables that are updated by rows. */
export class RowUpkeep {
  readonly #parts: UpkeepParts;
  readonly #reset: Step | null;
  readonly #settle: Step | null;
  readonly #addresses: Step | null;
  #unsettled = 0;

  constructor(parts: UpkeepParts) {
    const { variables, reset, settle } = parts;
    this.#parts = parts;
    this.#reset = reset.length === 0 ? null : makeStep({ targets: reset });
    this.#settle = settle === null ? null : makeStep({ targets: [settle] });
    this.#addresses = variables.length === 0 ? null : makeStep({ fetches: addresses(variables) });
  }

  /** Sets the counts of steps to zero: every row is up to date, as initial values are. */
  get reset(): readonly Operation[] {
    return this.#parts.reset;
  }

  /**
   * Call once variables have their values, and before the first step.
   *
   * @throws GraphError when variables cannot be updated in place.
   */
  async begin(session: Session): Promise<void> {
    if (this.#reset !== null) await session.run(this.#reset);
    this.#unsettled = 0;
    if (this.#addresses === null) return;
    const results = await session.run(this.#addresses);
    const found = results.flatMap((result) => [...result.data('int64')]);
    for (const result of results) result.dispose();
    checkAddresses(
      found,
      this.#parts.variables.map(({ name }) => name),
    );
  }

  /** Call after each step. */
  async stepped(session: Session): Promise<void> {
    this.#unsettled++;
    if (this.#unsettled >= this.#parts.settleEvery) await this.settle(session);
  }

  /** Call before variables are saved or read by anything but the engine's own lookups. */
  async settle(session: Session): Promise<void> {
    if (this.#settle === null || this.#unsettled === 0) return;
    await session.run(this.#settle);
    this.#unsettled = 0;
  }
}

/** The addresses of all variables, as two reads of each find them: those of the first, then those of the second. */
function addresses(variables: readonly Variable[]): readonly Output[] {
  return (['float32', 'int32'] as const).flatMap((dtype) => {
    const ofType = variables.filter((variable) => variable.dtype === dtype);
    const [first] = ofType;
    if (first === undefined) return [];
    const { graph } = first;
    const reads = ofType.flatMap((variable) => {
      const one = variable.read();
      // After the first, so that no optimizer makes one read of the two.
      return [one, graph.withControl([one.op], () => ops.readVariable(variable.handle, dtype))];
    });
    return [graph.op('EasyRecAddresses', [reads]).output()];
  });
}

/** @param found two of each variable, side by side; float32 variables first, then int32 ones */
function checkAddresses(found: readonly bigint[], names: readonly string[]): void {
  const seen = new Set<bigint>();
  for (let i = 0; i < found.length; i += 2) {
    const address = found[i] ?? 0n;
    if (address !== found[i + 1] || seen.has(address)) {
      throw new GraphError(
        `embedding tables cannot be updated in place: of ${names.length} variables, number ${i / 2} is ` +
          `${seen.has(address) ? 'in the memory of another one' : 'copied when it is read'}; ` +
          'train with --plain (or EASYREC_PLAIN=1), and report this',
      );
    }
    seen.add(address);
  }
}
