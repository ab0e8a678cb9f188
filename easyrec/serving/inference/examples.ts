import type { ServableTensor } from '../servable.js';
import { invalidArgument } from '../status.js';
import type { Examples } from './inference_record.js';

/**
 * The examples as the tensor that a signature for examples takes; the context is put before each of them, which is how
 * protobuf merges messages: what an example says itself counts.
 * @returns shape [B]
 * @throws ServingError when there is none.
 */
export function examplesTensor({ examples, context }: Examples): ServableTensor {
  if (examples.length === 0) throw invalidArgument('Input is empty.');
  const values =
    context === undefined ? examples : examples.map((example) => Buffer.concat([context, example]));
  return { dtype: 'string', shape: [examples.length], values };
}
