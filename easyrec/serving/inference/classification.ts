import type { SignatureDef } from '../../tf/index.js';
import type { ServableTensor } from '../servable.js';
import { invalidArgument } from '../status.js';
import { protoDtypeName } from '../tfserving/dtype_names.js';
import type { Classifications } from './inference_record.js';
import { signatureText } from './signature_text.js';

/** The only input of a signature that takes examples. */
export const EXAMPLES_INPUT = 'inputs';

const CLASSES = 'classes';
const SCORES = 'scores';

/**
 * The outputs to compute for a classification.
 * @throws ServingError when the signature is none for classification.
 */
export function classificationOutputs(signature: SignatureDef): readonly string[] {
  const inputs = Object.keys(signature.inputs ?? {});
  const outputs = Object.keys(signature.outputs ?? {});
  if (inputs.length !== 1) throw invalidArgument('Expected one input Tensor.');
  if (outputs.length !== 1 && outputs.length !== 2) {
    throw invalidArgument(`Expected one or two output Tensors, found ${outputs.length}`);
  }
  if (!inputs.includes(EXAMPLES_INPUT)) {
    throw invalidArgument(`No classification inputs found in SignatureDef: ${signatureText(signature)}`);
  }
  const wanted = [CLASSES, SCORES].filter((alias) => outputs.includes(alias));
  if (wanted.length > 0) return wanted;
  throw invalidArgument(
    'Expected classification signature outputs to contain at least one of ' +
      `"${CLASSES}" or "${SCORES}". Signature was: ${signatureText(signature)}`,
  );
}

/**
 * The classes of each example from the outputs, each of shape [B, C].
 * @throws ServingError when they have other shapes or types.
 */
export function readClassifications(
  outputs: ReadonlyMap<string, ServableTensor>,
  count: number,
): Classifications {
  const labels = checked(CLASSES, outputs.get(CLASSES), 'string', count);
  const scores = checked(SCORES, outputs.get(SCORES), 'float32', count);
  if (labels !== undefined && scores !== undefined && labels.shape[1] !== scores.shape[1]) {
    throw invalidArgument(
      `Tensors class and score should match in dim_size(1). Got ${labels.shape[1] ?? 0} vs. ${scores.shape[1] ?? 0}`,
    );
  }
  const classes = (labels ?? scores)?.shape[1] ?? 0;
  const labelAt = (i: number): Uint8Array => {
    const label = labels?.values[i];
    return label instanceof Uint8Array ? label : new Uint8Array();
  };
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: classes }, (__, c) => {
      const i = row * classes + c;
      return { label: labelAt(i), score: Number(scores?.values[i] ?? 0) };
    }),
  );
}

function checked(
  name: string,
  tensor: ServableTensor | undefined,
  dtype: ServableTensor['dtype'],
  count: number,
): ServableTensor | undefined {
  if (tensor === undefined) return undefined;
  const { shape } = tensor;
  if (shape.length !== 2) {
    throw invalidArgument(`Expected Tensor shape: [batch_size num_classes] but got [${shape.join()}]`);
  }
  if (tensor.dtype !== dtype) {
    throw invalidArgument(
      `Expected ${name} Tensor of ${protoDtypeName(dtype)}. Got: ${protoDtypeName(tensor.dtype)}`,
    );
  }
  if (shape[0] !== count) {
    throw invalidArgument(`Expected ${name} output batch size of ${count}. Got: ${shape[0] ?? 0}`);
  }
  return tensor;
}
