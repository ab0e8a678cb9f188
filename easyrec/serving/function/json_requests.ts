import { invalidArgument } from '../status.js';
import type { CreateFunctionRequest } from './messages.js';

/** A JSON object in which nothing is null: proto3 reads null as what is not there. */
export type JsonRequest = Readonly<Record<string, unknown>>;

/**
 * Reads the text of a JSON object.
 * @throws ServingError INVALID_ARGUMENT when it is none.
 */
export function parseJsonRequest(text: string): JsonRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalidArgument(`body: expected JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidArgument('body: expected a JSON object');
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

/**
 * A request to deploy or to update a function.
 * @throws ServingError INVALID_ARGUMENT naming the field that is of another type.
 */
export function createRequestOf(body: JsonRequest): CreateFunctionRequest {
  return {
    Service: textOf(body, 'Service', 'a text'),
    Image: textOf(body, 'Image', 'a text'),
    EnvVars: textsOf(body, 'EnvVars'),
    Labels: textsOf(body, 'Labels'),
    Annotations: textsOf(body, 'Annotations'),
    Limits: textsOf(body, 'Limits'),
    Requests: textsOf(body, 'Requests'),
    Constraints: listOf(body, 'Constraints'),
    Secrets: listOf(body, 'Secrets'),
    MinReplicas: numberOf(body, 'MinReplicas'),
    MaxReplicas: numberOf(body, 'MaxReplicas'),
  };
}

/**
 * A request to scale a function.
 * @throws ServingError INVALID_ARGUMENT naming the field that is of another type.
 */
export function scaleRequestOf(body: JsonRequest): { readonly name: string; readonly replicas: number } {
  return { name: textOf(body, 'ServiceName', "a function's name"), replicas: numberOf(body, 'Replicas') };
}

function textOf(body: JsonRequest, field: string, expected: string): string {
  const value = body[field];
  if (typeof value === 'string') return value;
  throw invalidArgument(`${field}: expected ${expected}`);
}

function textsOf(body: JsonRequest, field: string): Readonly<Record<string, string>> {
  const { [field]: value = {} } = body;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const texts = Object.entries(value).filter((entry): entry is [string, string] => isText(entry[1]));
    if (texts.length === Object.keys(value).length) return Object.fromEntries(texts);
  }
  throw invalidArgument(`${field}: expected an object of texts`);
}

function listOf(body: JsonRequest, field: string): readonly string[] {
  const { [field]: value = [] } = body;
  if (Array.isArray(value) && value.every(isText)) return value;
  throw invalidArgument(`${field}: expected a list of texts`);
}

/** As JSON writes numbers, and as proto3's JSON writes 64-bit ones; 0 where there is none. */
function numberOf(body: JsonRequest, field: string): number {
  const { [field]: value = 0 } = body;
  if (typeof value === 'number') return value;
  if (isText(value) && /^-?\d+$/.test(value)) return Number(value);
  throw invalidArgument(`${field}: expected a number, received ${JSON.stringify(value).slice(0, 100)}`);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
