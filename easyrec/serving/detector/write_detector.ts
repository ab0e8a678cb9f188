import {
  type ExportedVariable,
  Graph,
  makeStep,
  ops,
  type Output,
  Session,
  tensor,
  writeSavedModel,
} from '../../tf/index.js';
import { colourDetector, DETECTOR_WEIGHTS } from './colour_detector.js';

/**
 * Writes the detector of coloured rectangles as a SavedModel with the signature of TensorFlow's Object Detection API:
 * input `input_tensor`, `uint8 [B, height, width, 3]`; outputs as in `Detections`.
 * @param directory Must not exist.
 */
export async function writeDetector(directory: string): Promise<void> {
  using graph = new Graph();
  const images = ops.placeholder(graph, 'uint8', [-1, -1, -1, 3], 'input_tensor');
  const variables: ExportedVariable[] = [];
  const outputs = colourDetector(images, (name) => {
    const { shape } = DETECTOR_WEIGHTS[name];
    const handle = ops.varHandle(graph, name, 'float32', shape);
    variables.push({ name, dtype: 'float32', shape, handle, trainable: true });
    return ops.readVariable(handle, 'float32');
  });
  await using session = Session.create(graph);
  await assignAll(session, variables);
  await writeSavedModel(directory, {
    session,
    variables,
    signatures: new Map([
      [
        'serving_default',
        {
          inputs: new Map([['input_tensor', images]]),
          outputs: new Map<string, Output>(Object.entries(outputs)),
        },
      ],
    ]),
  });
}

async function assignAll(session: Session, variables: readonly ExportedVariable[]): Promise<void> {
  const { graph } = session;
  for (const { name, shape, handle } of variables) {
    const { values } = DETECTOR_WEIGHTS[name as keyof typeof DETECTOR_WEIGHTS];
    const value = ops.placeholder(graph, 'float32', shape, `${name}/initial`);
    using content = tensor('float32', shape, values);
    await session.run(makeStep({ feeds: [value], targets: [ops.assign(handle, value)] }), [content]);
  }
}
