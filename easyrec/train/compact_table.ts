import type { InitialRows } from '../layers/initial_rows.js';
import type { SlotSpec } from '../optimizers/index.js';
import { damagedCheckpoint } from '../tf/index.js';

/**
 * How a compact checkpoint describes a table of which it holds only rows that are not at their start: as JSON, in the
 * tensor `<table>/compact/description`. The numbers of those rows are in `<table>/compact/ids`, their weights in
 * `<table>/compact/rows`, the slots in `<table>/<slot>/compact/rows`.
 */
export interface CompactTable {
  readonly rows: number;
  readonly dim: number;
  /** What the weights of the other rows are. */
  readonly initial: InitialRows;
  /** Of TensorFlow's stateless random ops. */
  readonly seed: readonly [number, number];
  /** What the slots of the other rows are. */
  readonly slots: readonly SlotSpec[];
}

const DESCRIPTION = '/compact/description';

/** The name of the tensor that describes a table. */
export function descriptionName(table: string): string {
  return `${table}${DESCRIPTION}`;
}

/** The table that a tensor of that name describes; undefined for any other tensor. */
export function describedTable(name: string): string | undefined {
  return name.endsWith(DESCRIPTION) ? name.slice(0, -DESCRIPTION.length) : undefined;
}

/** The name of the tensor of row numbers, int64. */
export function idsName(table: string): string {
  return `${table}/compact/ids`;
}

/** The name of the tensor that holds rows of a variable, in the order of the row numbers. */
export function rowsName(variable: string): string {
  return `${variable}/compact/rows`;
}

/** The text of a description. */
export function printCompactTable(table: CompactTable): string {
  return JSON.stringify(table);
}

/**
 * A description from its text.
 *
 * @throws DataError when it is none
 */
export function parseCompactTable(text: string, prefix: string): CompactTable {
  try {
    const value: unknown = JSON.parse(text);
    if (isCompactTable(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw damagedCheckpoint(prefix, `expected the description of a table, received ${text.slice(0, 80)}`);
}

function isCompactTable(value: unknown): value is CompactTable {
  const { rows, dim, initial, seed, slots } = fieldsOf(value);
  return (
    [rows, dim].every((size) => Number.isSafeInteger(size) && Number(size) > 0) &&
    isInitial(initial) &&
    isNumbers(seed, 2) &&
    Array.isArray(slots) &&
    slots.every(isSlot)
  );
}

function isInitial(value: unknown): value is InitialRows {
  const { kind, mean, deviation, values } = fieldsOf(value);
  if (kind === 'constant') return isNumbers(values);
  return (kind === 'normal' || kind === 'truncated_normal') && isNumbers([mean, deviation]);
}

function isSlot(value: unknown): value is SlotSpec {
  const { suffix, initial, perRow = false } = fieldsOf(value);
  return typeof suffix === 'string' && typeof initial === 'number' && typeof perRow === 'boolean';
}

function isNumbers(value: unknown, count?: number): boolean {
  if (!Array.isArray(value) || value.length === 0 || value.length !== (count ?? value.length)) return false;
  return value.every((each) => typeof each === 'number');
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
