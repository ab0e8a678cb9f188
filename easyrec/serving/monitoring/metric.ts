/** The values of a metric's labels, in the order of their names. */
export type LabelValues = readonly string[];

/** What every metric of one kind has. */
interface Family {
  /** As in the original, such as `/tensorflow/serving/request_count`. */
  readonly name: string;
  readonly labels: readonly string[];
}

/** A caller may invent any number of model names: what exceeds this many is counted under one label. */
const MAX_CELLS = 2000;
const OTHER = '(other)';

/** Cells by the values of their labels, in the order they came up. */
class Cells<Cell> {
  readonly #cells = new Map<string, { readonly labels: LabelValues; readonly cell: Cell }>();
  readonly #make: () => Cell;

  constructor(make: () => Cell) {
    this.#make = make;
  }

  get(labels: LabelValues): Cell {
    const key = labels.join('\n');
    const known = this.#cells.get(key);
    if (known !== undefined) return known.cell;
    if (this.#cells.size >= MAX_CELLS && labels[0] !== OTHER) return this.get(labels.map(() => OTHER));
    const cell = this.#make();
    this.#cells.set(key, { labels, cell });
    return cell;
  }

  values(): readonly { readonly labels: LabelValues; readonly cell: Cell }[] {
    return [...this.#cells.values()];
  }
}

/** A number that only grows, for each combination of labels. */
export class Counter implements Family {
  readonly kind = 'counter';
  readonly #cells = new Cells(() => ({ value: 0 }));

  constructor(
    readonly name: string,
    readonly labels: readonly string[],
  ) {}

  add(labels: LabelValues, count = 1): void {
    this.#cells.get(labels).value += count;
  }

  points(): readonly { readonly labels: LabelValues; readonly value: number }[] {
    return this.#cells.values().map(({ labels, cell }) => ({ labels, value: cell.value }));
  }
}

/** How often values fell between limits. */
export interface Distribution {
  /** One more than there are limits: the last counts what exceeds them all. */
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

/** Counts values by size, for each combination of labels. */
export class Histogram implements Family {
  readonly kind = 'histogram';
  readonly #cells: Cells<{ readonly counts: number[]; sum: number; count: number }>;

  constructor(
    readonly name: string,
    readonly labels: readonly string[],
    /** Upper limits, which belong to their bucket. */
    readonly limits: readonly number[],
  ) {
    this.#cells = new Cells(() => ({
      counts: new Array<number>(limits.length + 1).fill(0),
      sum: 0,
      count: 0,
    }));
  }

  add(labels: LabelValues, value: number): void {
    const cell = this.#cells.get(labels);
    const index = this.#bucketOf(value);
    cell.counts[index] = (cell.counts[index] ?? 0) + 1;
    cell.sum += value;
    cell.count++;
  }

  points(): readonly { readonly labels: LabelValues; readonly value: Distribution }[] {
    return this.#cells.values().map(({ labels, cell }) => ({ labels, value: cell }));
  }

  #bucketOf(value: number): number {
    let low = 0;
    let high = this.limits.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value <= (this.limits[middle] ?? Infinity)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

export type Metric = Counter | Histogram;

/** `count` limits, each `growth` times the one before. */
export function exponentialLimits(first: number, growth: number, count: number): readonly number[] {
  const limits: number[] = [];
  for (let i = 0, limit = first; i < count; i++, limit *= growth) limits.push(limit);
  return limits;
}
