import type {
  FieldSchema,
  MessageField,
  MessageSchema,
  ScalarField,
  ScalarType,
} from '../../config/schema.js';

/** What a field is, besides its name. */
export type FieldKind =
  | { readonly kind: 'scalar'; readonly type: ScalarType; readonly repeated?: boolean }
  | { readonly kind: 'message'; readonly type: MessageSchema; readonly repeated?: boolean };

/** A message of a few fields for the parser of the text format: field numbers do not occur in text. */
export function messageSchema(name: string, fields: Readonly<Record<string, FieldKind>>): MessageSchema {
  const entries = Object.entries(fields).map(([field, kind]): readonly [string, FieldSchema] => [
    field,
    fieldSchema(field, kind),
  ]);
  return { name, fields: new Map(entries), oneofs: new Map() };
}

/** google.protobuf's wrapper of one value: `{ value: 5 }`. */
export function wrapperSchema(name: string, type: ScalarType): MessageSchema {
  return messageSchema(name, { value: { kind: 'scalar', type } });
}

function fieldSchema(name: string, field: FieldKind): ScalarField | MessageField {
  const base = { name, number: 0, repeated: field.repeated ?? false, oneof: null };
  if (field.kind === 'message') return { ...base, kind: 'message', type: field.type };
  const empty = field.type === 'string' ? '' : field.type === 'bool' ? false : 0;
  return { ...base, kind: 'scalar', type: field.type, default: empty };
}
