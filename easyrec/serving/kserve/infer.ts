import type { ModelSpec } from '../catalog.js';
import type { CallContext, Inference } from '../inference/index.js';
import type { ServableTensor } from '../servable.js';
import { feedsOf, type InferRequest } from './infer_request.js';
import { signatureOf } from './model_metadata.js';

/** Who answered, and with what. */
export interface InferResult {
  readonly modelName: string;
  readonly version: bigint;
  readonly outputs: ReadonlyMap<string, ServableTensor>;
}

/**
 * Runs a request of the protocol, over whichever transport; one that cannot be read counts as a call that was refused.
 * @param read The request; may throw.
 * @throws ServingError
 */
export async function infer(
  inference: Inference,
  spec: ModelSpec,
  read: () => InferRequest | Promise<InferRequest>,
  context: CallContext,
): Promise<{ readonly asked: InferRequest; readonly result: InferResult }> {
  let asked: InferRequest;
  let signatureName: string;
  try {
    asked = await read();
    signatureName = asked.signatureName ?? signatureOf(inference.catalog.find(spec).model);
  } catch (error) {
    inference.refused({ method: 'predict' }, spec, error, context);
    throw error;
  }
  const { version, result: outputs } = await inference.predict(
    spec,
    {
      signatureName,
      inputs: (signature) => feedsOf(asked, spec.name, signature),
      outputs: asked.outputs.map(({ name }) => name),
    },
    context,
  );
  return { asked, result: { modelName: spec.name, version, outputs } };
}
