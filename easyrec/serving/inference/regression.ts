import type { SignatureDef } from '../../tf/index.js';
import type { ServableTensor } from '../servable.js';
import { invalidArgument } from '../status.js';
import { protoDtypeName } from '../tfserving/dtype_names.js';
import { EXAMPLES_INPUT } from './classification.js';
import type { Regressions } from './inference_record.js';
import { signatureText } from './signature_text.js';

const OUTPUT = 'outputs';

/**
 * The outputs to compute for a regression.
 * @throws ServingError when the signature is none for regression.
 */
export function regressionOutputs(signature: SignatureDef): readonly string[] {
  const inputs = Object.keys(signature.inputs ?? {});
  const outputs = Object.keys(signature.outputs ?? {});
  if (inputs.length !== 1) throw invalidArgument('Expected one input Tensor.');
  if (outputs.length !== 1) throw invalidArgument('Expected one output Tensor.');
  if (!inputs.includes(EXAMPLES_INPUT)) {
    throw invalidArgument(`No regression inputs found in SignatureDef: ${signatureText(signature)}`);
  }
  if (!outputs.includes(OUTPUT)) {
    throw invalidArgument(`No regression outputs found in SignatureDef: ${signatureText(signature)}`);
  }
  return [OUTPUT];
}

/**
 * The value of each example from the output, of shape [B] or [B, 1].
 * @throws ServingError when it has another shape or type.
 */
export function readRegressions(outputs: ReadonlyMap<string, ServableTensor>, count: number): Regressions {
  const output = outputs.get(OUTPUT);
  if (output === undefined) throw invalidArgument(`Could not find output tensor '${OUTPUT}'`);
  const { shape, dtype, values } = output;
  if (!(shape.length === 1 || (shape.length === 2 && shape[1] === 1))) {
    throw invalidArgument(
      `Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [${shape.join()}]`,
    );
  }
  if (shape[0] !== count) {
    throw invalidArgument(`Input batch size did not match output batch size: ${count} vs. ${shape[0] ?? 0}`);
  }
  if (dtype !== 'float32') {
    throw invalidArgument(`Expected output Tensor of DT_FLOAT.  Got: ${protoDtypeName(dtype)}`);
  }
  return Array.from(values, Number);
}
