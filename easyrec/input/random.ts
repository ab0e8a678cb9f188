/** Pseudo-random numbers (sfc32) from integers only: the same sequence for one seed on every machine. */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** Different `stream`s of one seed are independent sequences. */
  constructor(seed: number, stream = 0, substream = 0) {
    this.a = seed | 0;
    this.b = stream | 0;
    this.c = substream | 0;
    // The state is nearly all zeros for small seeds; some rounds spread it over all bits.
    for (let round = 0; round < 15; round++) this.nextUint32();
  }

  nextUint32(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    this.c |= 0;
    return sum >>> 0;
  }

  /** Uniform in [0, 1), a multiple of 2^-32. */
  uniform(): number {
    return this.nextUint32() / 0x1_0000_0000;
  }

  /** A whole number from 0 to n - 1, for n up to 2^32. */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /**
   * Nearly normal, mean 0, variance 1: the sum of twelve uniforms less six (Irwin-Hall).
   * Additions are exact to the last bit everywhere, which Math.log and Math.cos are not.
   */
  gaussian(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += this.uniform();
    return sum;
  }

  /** Shuffles in place (Fisher-Yates). */
  shuffle(items: unknown[]): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const held = items[i];
      items[i] = items[j];
      items[j] = held;
    }
  }
}
