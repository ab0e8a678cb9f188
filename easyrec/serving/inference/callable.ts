import { type SignatureDef, signatureObstacle } from '../../tf/index.js';
import { invalidArgument } from '../status.js';

/** What TensorFlow's session says of a tensor without a name, which a sparse one is to TensorFlow Serving. */
const NO_SUCH_TENSOR =
  'Tensor :0, specified in either feed_devices or fetch_devices was not found in the Graph';

/**
 * Refuses a signature with a tensor that cannot be fed or fetched.
 * @throws ServingError
 */
export function checkCallable(name: string, def: SignatureDef): void {
  const obstacle = signatureObstacle(name, def);
  if (obstacle !== undefined) throw invalidArgument(`${NO_SUCH_TENSOR}: ${obstacle}`);
}
