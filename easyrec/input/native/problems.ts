import { getSystemErrorMap } from 'node:util';
import { DataError } from '../../errors.js';
import { notGzip, unreadable } from '../byte_source.js';
import { columnTooLarge } from '../csv/column_builder.js';
import type { CsvPlan } from '../csv/csv_plan.js';
import { noRowsError } from '../csv/no_rows.js';
import { RowParser } from '../csv/row_parser.js';
import { longLine } from '../line_cursor.js';
import type { ProblemWords } from './native_reader.js';
import { PROBLEMS, type ReportedProblem, type ReportedRow } from './report.js';

/** In Node's own words, which the plain reader passes on. */
function systemError(errorNumber: number, call: string): string {
  const [name, words] = getSystemErrorMap().get(-errorNumber) ?? ['UNKNOWN', `error ${errorNumber}`];
  return `${name}: ${words}, ${call}`;
}

/**
 * Says what is wrong in the words of the plain reader: its own code parses the row again. So both readers have the same
 * messages, and a row that the two judge differently does not go unnoticed.
 */
export class ProblemTexts implements ProblemWords {
  private readonly parser: RowParser;

  constructor(private readonly plan: CsvPlan) {
    this.parser = new RowParser(plan, 1);
  }

  /** Why a row does not fit. */
  ofRow({ file, line, text, header }: ReportedRow): DataError {
    const { parser, plan } = this;
    const at = { file: plan.paths[file] ?? '', line };
    const { fields, withHeader } = plan.options;
    const layout = withHeader ? parser.layoutOf(header, fields, at.file) : fields;
    if (parser.parse(parser.columnsOf(layout), 0, text, 0, text.length)) {
      throw new Error(`${at.file}:${line}: the native reader refused a row that the plain one takes`);
    }
    return new DataError(parser.problem, { at });
  }

  /** Why reading ended; `firstBad` is the message of the first bad row. */
  ofProblem(problem: ReportedProblem, firstBad: string | undefined): Error {
    const { plan } = this;
    const file = plan.paths[problem.file] ?? '';
    const text = Buffer.from(problem.text).toString('utf8');
    switch (problem.kind) {
      case PROBLEMS.open:
        return unreadable(file, systemError(problem.errorNumber, `open '${file}'`));
      case PROBLEMS.read:
        return unreadable(file, systemError(problem.errorNumber, 'read'));
      case PROBLEMS.unpack:
        return unreadable(file, text);
      case PROBLEMS.notGzip:
        return notGzip(file);
      case PROBLEMS.longLine:
        return longLine({ file, line: problem.line });
      case PROBLEMS.header:
        return this.ofHeader(problem, file);
      case PROBLEMS.noRows:
        return noRowsError(plan, firstBad);
      case PROBLEMS.columnTooLarge:
        return columnTooLarge();
      default:
        return new Error(`the native reader ended early: ${text === '' ? `code ${problem.kind}` : text}`);
    }
  }

  private ofHeader({ text }: ReportedProblem, file: string): Error {
    try {
      this.parser.layoutOf(text, this.plan.options.fields, file);
    } catch (error) {
      if (error instanceof DataError) return error;
      throw error;
    }
    return new Error(`${file}: the native reader refused a header that the plain one takes`);
  }
}
