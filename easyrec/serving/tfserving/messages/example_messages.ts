import protobuf from 'protobufjs';
import type {
  Classifications,
  Examples,
  InferenceTask,
  InferenceTaskResult,
  Regressions,
} from '../../inference/inference_record.js';
import { decodeModelSpec, type ModelSpecMessage, modelSpecField } from './model_spec.js';
import { bytesField, joined, type Parts, readFields, tagOf, textField } from './wire.js';
import type { WireReader } from './wire_reader.js';

/** tensorflow.serving.ClassificationRequest and RegressionRequest, which are alike. */
export interface ExamplesRequest {
  /** Absent where the message has none. */
  readonly model?: ModelSpecMessage;
  readonly input: Examples;
}

/** tensorflow.serving.MultiInferenceRequest. */
export interface MultiInferenceRequest {
  readonly tasks: readonly InferenceTask[];
  readonly input: Examples;
}

const FIRST = tagOf(1, 'bytes');
const SECOND = tagOf(2, 'bytes');

/** @throws Error when the bytes are no message. */
export function decodeExamplesRequest(bytes: Uint8Array): ExamplesRequest {
  let model: ModelSpecMessage | undefined;
  let input: Examples = { examples: [] };
  readFields(bytes, (tag, reader) => {
    if (tag === FIRST) model = decodeModelSpec(reader.nested());
    else if (tag === SECOND) input = decodeInput(reader.nested());
    else return false;
    return true;
  });
  return { ...(model && { model }), input };
}

/** A ClassificationRequest or RegressionRequest. */
export function encodeExamplesRequest(model: ModelSpecMessage, input: Examples): Buffer {
  return joined([...modelSpecField(1, model), ...inputField(2, input)]);
}

/** @throws Error when the bytes are no message. */
export function decodeMultiInferenceRequest(bytes: Uint8Array): MultiInferenceRequest {
  const tasks: InferenceTask[] = [];
  let input: Examples = { examples: [] };
  readFields(bytes, (tag, reader) => {
    if (tag === FIRST) tasks.push(decodeTask(reader.nested()));
    else if (tag === SECOND) input = decodeInput(reader.nested());
    else return false;
    return true;
  });
  return { tasks, input };
}

/** A MultiInferenceRequest. */
export function encodeMultiInferenceRequest({ tasks, input }: MultiInferenceRequest): Buffer {
  const encoded = tasks.flatMap(({ spec, signatureName, methodName }) =>
    bytesField(1, [...modelSpecField(1, { spec, signatureName }), ...textField(2, methodName)]),
  );
  return joined([...encoded, ...inputField(2, input)]);
}

/** A ClassificationResponse. */
export function encodeClassificationResponse(result: Classifications, model: ModelSpecMessage): Buffer {
  return joined([...bytesField(1, [classificationResult(result)]), ...modelSpecField(2, model)]);
}

/** A RegressionResponse. */
export function encodeRegressionResponse(result: Regressions, model: ModelSpecMessage): Buffer {
  return joined([...bytesField(1, [regressionResult(result)]), ...modelSpecField(2, model)]);
}

/** A MultiInferenceResponse; `model` is the name and version that answered. */
export function encodeMultiInferenceResponse(
  results: readonly InferenceTaskResult[],
  { spec }: Pick<ModelSpecMessage, 'spec'>,
): Buffer {
  return joined(
    results.flatMap((result) =>
      bytesField(1, [
        ...modelSpecField(1, { spec, signatureName: result.signatureName }),
        ...('classifications' in result
          ? bytesField(2, [classificationResult(result.classifications)])
          : bytesField(3, [regressionResult(result.regressions)])),
      ]),
    ),
  );
}

/** tensorflow.serving.Input; the kind of list that comes last is the one that counts. */
function decodeInput(message: WireReader): Examples {
  let input: Examples = { examples: [] };
  readFields(message, (tag, reader) => {
    if (tag === FIRST) input = { examples: decodeExampleList(reader.nested()).examples };
    else if (tag === SECOND) input = decodeExampleList(reader.nested());
    else return false;
    return true;
  });
  return input;
}

/** ExampleList and ExampleListWithContext. */
function decodeExampleList(message: WireReader): Examples {
  const examples: Uint8Array[] = [];
  let context: Uint8Array | undefined;
  readFields(message, (tag, reader) => {
    if (tag === FIRST) examples.push(reader.bytes());
    else if (tag === SECOND) context = reader.bytes();
    else return false;
    return true;
  });
  return { examples, ...(context && { context }) };
}

function inputField(field: number, { examples, context }: Examples): Parts {
  const list = examples.flatMap((example) => bytesField(1, [example]));
  const input =
    context === undefined ? bytesField(1, list) : bytesField(2, [...list, ...bytesField(2, [context])]);
  return bytesField(field, input);
}

function decodeTask(message: WireReader): InferenceTask {
  let model: ModelSpecMessage = { spec: { name: '' }, signatureName: '' };
  let methodName = '';
  readFields(message, (tag, reader) => {
    if (tag === FIRST) model = decodeModelSpec(reader.nested());
    else if (tag === SECOND) methodName = reader.text();
    else return false;
    return true;
  });
  return { ...model, methodName };
}

function classificationResult(result: Classifications): Uint8Array {
  const writer = protobuf.Writer.create();
  const score = tagOf(2, 'fixed32');
  for (const classes of result) {
    writer.uint32(FIRST).fork();
    for (const each of classes) {
      writer.uint32(FIRST).fork();
      if (each.label.length > 0) writer.uint32(FIRST).bytes(each.label);
      writer.uint32(score).float(each.score).ldelim();
    }
    writer.ldelim();
  }
  return writer.finish();
}

function regressionResult(result: Regressions): Uint8Array {
  const writer = protobuf.Writer.create();
  const value = tagOf(1, 'fixed32');
  for (const each of result) writer.uint32(FIRST).fork().uint32(value).float(each).ldelim();
  return writer.finish();
}
