import type { Classifications, Regressions } from '../inference/inference_record.js';
import { invalidArgument } from '../status.js';
import { formatFloat } from './json_format.js';
import { JsonWriter } from './json_writer.js';

/**
 * The body of the answer to a `:classify` request: for each example a list of `[label, score]`.
 * @throws ServingError when there is no example.
 */
export function writeClassifications(result: Classifications): Buffer {
  if (result.length === 0) throw invalidArgument('Cannot convert empty ClassificationResults to JSON');
  const writer = new JsonWriter();
  writer.startObject();
  writer.key('results');
  writer.startArray();
  for (const classes of result) {
    writer.singleLineArrays = true;
    writer.startArray();
    for (const { label, score } of classes) {
      writer.startArray();
      writer.string(label);
      writer.raw(formatFloat(score, 'float32'));
      writer.endArray();
    }
    writer.endArray();
    writer.singleLineArrays = false;
  }
  writer.endArray();
  writer.endObject();
  return writer.toBytes();
}

/**
 * The body of the answer to a `:regress` request: a value for each example.
 * @throws ServingError when there is no example.
 */
export function writeRegressions(result: Regressions): Buffer {
  if (result.length === 0) throw invalidArgument('Cannot convert empty RegressionResults to JSON');
  const writer = new JsonWriter();
  writer.startObject();
  writer.key('results');
  writer.singleLineArrays = true;
  writer.startArray();
  for (const value of result) writer.raw(formatFloat(value, 'float32'));
  writer.endArray();
  writer.endObject();
  return writer.toBytes();
}
