import { DataError } from '../../errors.js';
import type { ReaderPlan } from '../reader_plan.js';

/** Why a pass over the files gave nothing; `firstBad` says what is wrong with the first of its rows, if it has any. */
export function noRowsError({ paths, options }: ReaderPlan, firstBad: string | undefined): DataError {
  const what = paths.length > 1 ? `${paths.length} files without any` : 'an empty file';
  const received = options.withHeader ? `${what}, apart from its header` : what;
  return new DataError(
    firstBad === undefined ? `expected rows, received ${received}` : `no row fits; the first: ${firstBad}`,
    { at: { file: paths[0] ?? '' } },
  );
}
