import { DataError } from '../errors.js';
import type { BadRowPolicy } from './reader.js';

const MESSAGES_KEPT = 5;

/** Counts the rows that do not fit their description, and decides when there are too many. */
export class BadRows {
  private total = 0;
  private readonly messages: string[] = [];

  constructor(private readonly policy: BadRowPolicy) {}

  get count(): number {
    return this.total;
  }

  /** The first few messages. */
  get first(): readonly string[] {
    return [...this.messages];
  }

  /** @throws DataError for this row when the policy is to fail, for their number when it exceeds the limit. */
  add(error: DataError): void {
    if (this.policy === 'fail') throw error;
    if (this.messages.length < MESSAGES_KEPT) this.messages.push(error.message);
    this.addCounted(1);
  }

  /** Adds rows that are known to be bad without having been read again. */
  addCounted(count: number): void {
    this.total += count;
    const limit = this.policy === 'fail' ? 0 : this.policy.maxSkipped;
    if (this.total > limit) {
      throw new DataError(
        `expected at most ${limit} rows that do not fit, received more; the first ones:\n  ${this.messages.join('\n  ')}`,
      );
    }
  }
}
