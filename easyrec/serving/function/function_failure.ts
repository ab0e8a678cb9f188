/** A call that was not answered with a result, for a reason that lies with the function. */
export class FunctionFailure extends Error {
  override readonly name = 'FunctionFailure';
}
