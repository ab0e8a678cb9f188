import { readFileSync } from 'node:fs';
import type protobuf from 'protobufjs';
import textFormat from 'protobufjs/ext/textformat.js';
import { ConfigError, DataError, didYouMean } from '../errors.js';

/**
 * Reads a message in protobuf's text format into a plain object: names as in the .proto file, enums by name, 64-bit
 * integers as decimal text; fields that the text does not set are absent.
 *
 * @param file what errors name the text by
 * @throws ConfigError in TensorFlow Serving's words, with the line
 */
export function parseTextProto(type: protobuf.Type, text: string, file: string): Record<string, unknown> {
  try {
    const message = textFormat.fromText(type, text);
    return type.toObject(message, { longs: String, enums: String });
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    const [, reason = problem, line] = /^(.*?)(?: \(line (\d+)\))?$/s.exec(problem) ?? [];
    throw new ConfigError(
      `Error parsing text-format ${type.fullName.slice(1)}: ${reason}${near(type, reason)}`,
      {
        at: { file, ...(line !== undefined && { line: Number(line) }) },
        cause,
      },
    );
  }
}

/** For an unknown field, the fields of its message that are named alike. */
function near(type: protobuf.Type, reason: string): string {
  const [, owner, field] = /^(\.[\w.]+): unknown field '(.+)'$/.exec(reason) ?? [];
  if (owner === undefined || field === undefined) return '';
  return didYouMean(field, Object.keys(type.root.lookupType(owner).fields));
}

/**
 * As `parseTextProto`, from a file.
 * @throws DataError when the file cannot be read, ConfigError when it does not hold such a message.
 */
export function readTextProto(type: protobuf.Type, file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new DataError(
      `${file}: cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
  return parseTextProto(type, text, file);
}
