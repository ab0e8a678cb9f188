import type { Random } from './random.js';
import type { RowCursor } from './row_cursor.js';

const FIRST_ARENA_BYTES = 1 << 16;
const FIRST_SLOTS = 1024;

/**
 * Draws each row at random from the next `capacity` rows of `source`, as tf.data's shuffle does
 * (the same scheme, not the same random numbers).
 */
export class ShuffleCursor implements RowCursor {
  start = 0;
  end = 0;
  file = 0;
  line = 0;
  /** Waiting rows lie in one arena, which is rewritten without gaps when full: at most about twice their size. */
  private arena = Buffer.allocUnsafe(FIRST_ARENA_BYTES);
  private arenaEnd = 0;
  private liveBytes = 0;
  /** Bytes of all rows that came in. */
  private takenBytes = 0;
  private starts = new Float64Array(FIRST_SLOTS);
  private ends = new Float64Array(FIRST_SLOTS);
  private files = new Float64Array(FIRST_SLOTS);
  private lines = new Float64Array(FIRST_SLOTS);
  private count = 0;
  private sourceDone = false;

  constructor(
    private readonly source: RowCursor,
    private readonly capacity: number,
    private readonly random: Random,
  ) {}

  get buffer(): Uint8Array {
    return this.arena;
  }

  get consumedBytes(): number {
    const waiting = this.takenBytes === 0 ? 0 : this.liveBytes / this.takenBytes;
    return this.source.consumedBytes * (1 - waiting);
  }

  advance(): boolean {
    while (!this.sourceDone && this.count < this.capacity) {
      if (!this.source.advance()) return false;
      this.push();
    }
    if (this.count === 0) return false;
    const slot = this.random.below(this.count);
    this.start = this.starts[slot] as number;
    this.end = this.ends[slot] as number;
    this.file = this.files[slot] as number;
    this.line = this.lines[slot] as number;
    this.liveBytes -= this.end - this.start;
    this.count--;
    this.starts[slot] = this.starts[this.count] as number;
    this.ends[slot] = this.ends[this.count] as number;
    this.files[slot] = this.files[this.count] as number;
    this.lines[slot] = this.lines[this.count] as number;
    return true;
  }

  async load(): Promise<boolean> {
    if (this.sourceDone) return false;
    if (await this.source.load()) return true;
    this.sourceDone = true;
    return this.count > 0;
  }

  close(): Promise<void> {
    return this.source.close();
  }

  private push(): void {
    const { source, count } = this;
    const length = source.end - source.start;
    if (this.arenaEnd + length > this.arena.length) this.rewriteArena(length);
    if (count === this.starts.length) this.growSlots();
    const from = this.arenaEnd;
    const { buffer } = source;
    const { arena } = this;
    for (let i = 0; i < length; i++) arena[from + i] = buffer[source.start + i] as number;
    this.starts[count] = from;
    this.ends[count] = this.arenaEnd = from + length;
    this.files[count] = source.file;
    this.lines[count] = source.line;
    this.liveBytes += length;
    this.takenBytes += length;
    this.count++;
  }

  private rewriteArena(incoming: number): void {
    let size = this.arena.length;
    while (size < 2 * (this.liveBytes + incoming)) size *= 2;
    const fresh = Buffer.allocUnsafe(size);
    let to = 0;
    for (let slot = 0; slot < this.count; slot++) {
      const copied = this.arena.copy(fresh, to, this.starts[slot], this.ends[slot]);
      this.starts[slot] = to;
      to += copied;
      this.ends[slot] = to;
    }
    this.arena = fresh;
    this.arenaEnd = to;
  }

  private growSlots(): void {
    const grow = (old: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(Math.min(old.length * 2, this.capacity));
      grown.set(old);
      return grown;
    };
    this.starts = grow(this.starts);
    this.ends = grow(this.ends);
    this.files = grow(this.files);
    this.lines = grow(this.lines);
  }
}
