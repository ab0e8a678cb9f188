import { DataError, didYouMean } from '../../errors.js';
import { unreadable } from '../byte_source.js';
import { columnBuilder, columnTooLarge } from '../csv/column_builder.js';
import { noRowsError } from '../csv/no_rows.js';
import { shown } from '../csv/row_parser.js';
import type { ProblemWords } from '../native/native_reader.js';
import { PROBLEMS, type ReportedProblem, type ReportedRow } from '../native/report.js';
import type { InputField } from '../reader.js';
import type { ReaderPlan } from '../reader_plan.js';

const NUL = '\0';

/** Says what is wrong with Parquet files; `line` of a place is the row, from 1. */
export class ParquetProblems implements ProblemWords {
  constructor(private readonly plan: ReaderPlan) {}

  ofRow({ file, line, text, header }: ReportedRow): DataError {
    const at = { file: this.path(file), line };
    const [name = '', why = ''] = Buffer.from(header).toString('utf8').split(NUL);
    const column = `column ${JSON.stringify(name)}`;
    const field = this.field(name);
    switch (why) {
      case 'several':
        return new DataError(
          `${column}: expected at most one element, received a list of more; lists are for a TagFeature, or a RawFeature of several numbers`,
          { at },
        );
      case 'separator': {
        const separator = JSON.stringify(field?.listSeparator ?? '');
        return new DataError(`${column}: expected elements without ${separator}, received ${shown(text)}`, {
          at,
        });
      }
      case 'null':
        return new DataError(`${column}: expected a list without nulls, received one in ${shown(text)}`, {
          at,
        });
      default: {
        const expected = field === undefined ? 'a value' : columnBuilder(field, 1).expected;
        return new DataError(`${column}: expected ${expected}, received ${shown(text)}`, { at });
      }
    }
  }

  ofProblem(problem: ReportedProblem, firstBad: string | undefined): Error {
    const file = this.path(problem.file);
    const text = Buffer.from(problem.text).toString('utf8');
    switch (problem.kind) {
      case PROBLEMS.columns:
        return this.ofColumns(file, text.split(NUL));
      case PROBLEMS.query:
        return unreadable(file, text.split('\n')[0] ?? '');
      case PROBLEMS.noRows:
        return noRowsError(this.plan, firstBad);
      case PROBLEMS.columnTooLarge:
        return columnTooLarge();
      default:
        return new Error(`the native reader ended early: ${text === '' ? `code ${problem.kind}` : text}`);
    }
  }

  /** The field that does not fit, then the name and type of each column of the file. */
  private ofColumns(file: string, [name = '', ...columns]: readonly string[]): DataError {
    const names = columns.filter((_, i) => i % 2 === 0);
    const at = { file };
    const found = names.indexOf(name);
    if (found < 0) {
      const there = names.length === 0 ? 'none' : names.join(', ');
      const message = `input field ${JSON.stringify(name)}: no such column${didYouMean(name, names)} (there are ${there})`;
      return new DataError(message, { at });
    }
    const expected = this.expectedTypes(this.field(name));
    return new DataError(
      `column ${JSON.stringify(name)}: expected ${expected}, received ${columns[2 * found + 1] ?? ''}`,
      { at },
    );
  }

  private expectedTypes(field: InputField | undefined): string {
    if (field?.type !== 'string') return `numbers or text for a field of type ${field?.type ?? ''}`;
    const lists = field.listSeparator === undefined ? '' : ', or lists of text or numbers';
    return `text or whole numbers${lists} for a field of type string`;
  }

  private field(name: string): InputField | undefined {
    return this.plan.options.fields.find((field) => field.name === name);
  }

  private path(file: number): string {
    return this.plan.paths[file] ?? '';
  }
}
