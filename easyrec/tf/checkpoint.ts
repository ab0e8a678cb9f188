import { DataError, didYouMean } from '../errors.js';
import type { DType } from './dtype.js';
import { dtypeOfCode } from './dtype.js';
import type { Handle } from './native.js';
import { native } from './native.js';
import { TensorflowError, withStatus } from './status.js';
import { Tensor } from './tensor.js';

/** A tensor of a checkpoint, as its index describes it. */
export interface CheckpointEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** Reads a checkpoint in TensorFlow's V2 format, whoever wrote it. */
export class CheckpointReader implements Disposable {
  #handle: Handle<'TF_CheckpointReader'> | null;
  readonly #names: readonly string[];

  /**
   * @param prefix The files' names up to `.index`, such as `model_dir/model.ckpt-1000`.
   * @throws DataError when there is no such checkpoint or its index is damaged.
   */
  constructor(readonly prefix: string) {
    const api = native();
    const handle = explained(prefix, () =>
      withStatus((status) => api.TF_NewCheckpointReader(prefix, status)),
    );
    this.#handle = handle;
    const count = api.TF_CheckpointReaderSize(handle);
    this.#names = Array.from({ length: count }, (_, i) =>
      api.TF_CheckpointReaderGetVariable(handle, i),
    ).sort();
  }

  /** The names of all tensors, sorted. */
  get names(): readonly string[] {
    return this.#names;
  }

  has(name: string): boolean {
    return native().TF_CheckpointReaderHasTensor(this.#open(), name) !== 0;
  }

  /** @throws DataError with the nearest names when there is no such tensor. */
  dtype(name: string): DType {
    return dtypeOfCode(native().TF_CheckpointReaderGetVariableDataType(this.#checked(name), name));
  }

  /** @throws DataError with the nearest names when there is no such tensor. */
  shape(name: string): readonly number[] {
    const api = native();
    const handle = this.#checked(name);
    const rank = api.TF_CheckpointReaderGetVariableNumDims(handle, name);
    const dims = new BigInt64Array(rank);
    withStatus((status) => api.TF_CheckpointReaderGetVariableShape(handle, name, dims, rank, status));
    return Array.from(dims, Number);
  }

  /** Every tensor, without its values. */
  entries(): CheckpointEntry[] {
    return this.#names.map((name) => ({ name, dtype: this.dtype(name), shape: this.shape(name) }));
  }

  /**
   * A copy of a tensor, which the caller disposes of. Reads on the calling thread: to restore variables, use
   * `restoreCheckpoint`.
   *
   * @throws DataError when there is no such tensor or the data is damaged.
   */
  read(name: string): Tensor {
    const handle = this.#checked(name);
    return explained(
      this.prefix,
      () => new Tensor(withStatus((status) => native().TF_CheckpointReaderGetTensor(handle, name, status))),
    );
  }

  dispose(): void {
    if (this.#handle !== null) native().TF_DeleteCheckpointReader(this.#handle);
    this.#handle = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #checked(name: string): Handle<'TF_CheckpointReader'> {
    const handle = this.#open();
    if (!this.has(name)) {
      throw new DataError(
        `checkpoint ${this.prefix}: no tensor "${name}" among its ${this.#names.length}${didYouMean(name, this.#names)}`,
      );
    }
    return handle;
  }

  #open(): Handle<'TF_CheckpointReader'> {
    if (this.#handle === null) throw new Error(`checkpoint ${this.prefix}: reader used after dispose()`);
    return this.#handle;
  }
}

/** Turns what TensorFlow says of a checkpoint that it cannot read into an error for the user. */
export function checkpointProblem(prefix: string, error: TensorflowError): DataError {
  return error.code === 'NOT_FOUND'
    ? missingCheckpoint(prefix, { cause: error })
    : damagedCheckpoint(prefix, error.message, { cause: error });
}

/** The error for a checkpoint that is not there. */
export function missingCheckpoint(prefix: string, options?: ErrorOptions): DataError {
  const reason = options?.cause instanceof TensorflowError ? ` (${options.cause.detail})` : '';
  return new DataError(
    `checkpoint ${prefix}: not found: expected ${prefix}.index and ${prefix}.data-00000-of-00001 or more; ` +
      `name a checkpoint by its files' common beginning${reason}`,
    options,
  );
}

/** The error for a checkpoint that cannot be read. */
export function damagedCheckpoint(prefix: string, reason: string, options?: ErrorOptions): DataError {
  return new DataError(
    `checkpoint ${prefix}: damaged or incomplete: ${reason}; restore its files from a copy, or use another checkpoint`,
    options,
  );
}

function explained<Result>(prefix: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw error instanceof TensorflowError ? checkpointProblem(prefix, error) : error;
  }
}
