import type { InitialRows } from '../layers/initial_rows.js';
import type { BundleIndex, CheckpointEntry } from '../tf/index.js';
import { CheckpointReader, readBundleIndex } from '../tf/index.js';
import { type CompactTable, describedTable, descriptionName, parseCompactTable } from './compact_table.js';

/** A variable of which a checkpoint holds only rows that are not at their start. */
export interface CompactVariable extends CheckpointEntry {
  readonly shape: readonly [rows: number, width: number];
  /** The name of its table. */
  readonly table: string;
  readonly description: CompactTable;
  /** What the other rows are. */
  readonly initial: InitialRows;
}

/** What a checkpoint holds. */
export interface CheckpointContents {
  readonly prefix: string;
  /** What is in its files. */
  readonly index: BundleIndex;
  /** The variables: compact ones as if all of them were there. */
  readonly entries: readonly CheckpointEntry[];
  /** The compact ones by name; none in an ordinary checkpoint. */
  readonly compact: ReadonlyMap<string, CompactVariable>;
}

/**
 * Reads what a checkpoint holds, ordinary or compact, whoever wrote it. All that take variables from checkpoints ask
 * here.
 *
 * @throws DataError when there is no such checkpoint or it is damaged
 */
export function readCheckpoint(prefix: string): CheckpointContents {
  const index = readBundleIndex(prefix);
  const tables = [...index.entries.keys()].flatMap((name) => describedTable(name) ?? []);
  const compact = new Map<string, CompactVariable>();
  if (tables.length > 0) {
    using reader = new CheckpointReader(prefix);
    for (const table of tables) {
      for (const variable of variablesOf(reader, table)) compact.set(variable.name, variable);
    }
  }
  const parts = [...compact.keys(), ...tables].map((name) => `${name}/compact/`);
  const whole = [...index.entries.values()].filter(
    ({ name }) => !parts.some((part) => name.startsWith(part)),
  );
  return { prefix, index, entries: [...whole, ...compact.values()], compact };
}

function variablesOf(reader: CheckpointReader, table: string): readonly CompactVariable[] {
  using text = reader.read(descriptionName(table));
  const description = parseCompactTable(text.strings()[0] ?? '', reader.prefix);
  const { rows, dim, initial, slots } = description;
  const shared = { dtype: 'float32', table, description } as const;
  return [
    { name: table, shape: [rows, dim], initial, ...shared },
    ...slots.map((slot): CompactVariable => ({
      name: `${table}/${slot.suffix}`,
      shape: [rows, slot.perRow === true ? 1 : dim],
      initial: { kind: 'constant', values: [slot.initial] },
      ...shared,
    })),
  ];
}
