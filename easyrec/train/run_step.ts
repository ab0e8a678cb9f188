import { DataError } from '../errors.js';
import type { RunSettings, Session, Step, StatusCode, Tensor } from '../tf/index.js';
import { TensorflowError } from '../tf/index.js';

/** What the data or the model's description can bring about; any other code is a defect of ours. */
const USER_CODES: ReadonlySet<StatusCode> = new Set([
  'INVALID_ARGUMENT',
  'OUT_OF_RANGE',
  'NOT_FOUND',
  'FAILED_PRECONDITION',
  'DATA_LOSS',
  'RESOURCE_EXHAUSTED',
]);

/**
 * Runs a step.
 *
 * @param where Begins the message of an error: `training step 5`.
 * @throws DataError with TensorFlow's own message, when an op refuses what it is given or memory runs out
 */
export async function runStep(
  session: Session,
  step: Step,
  feeds: readonly Tensor[],
  where: string,
  settings: RunSettings = {},
): Promise<Tensor[]> {
  try {
    return await session.run(step, feeds, settings);
  } catch (error) {
    if (!(error instanceof TensorflowError) || !USER_CODES.has(error.code)) throw error;
    throw new DataError(`${where}: ${error.code}: ${error.detail}`, { cause: error });
  }
}
