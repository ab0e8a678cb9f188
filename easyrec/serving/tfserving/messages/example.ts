import { writeVarints } from './varints.js';
import { bytesField, joined, type Parts, textField } from './wire.js';

/** tensorflow.Feature: values of one kind; without any values it is of none. */
export type Feature =
  | { readonly kind: 'none' }
  | { readonly kind: 'bytes'; readonly values: Uint8Array[] }
  | { readonly kind: 'float'; readonly values: number[] }
  | { readonly kind: 'int64'; readonly values: bigint[] };

/** A tensorflow.Example with these features by name. */
export function encodeExample(features: ReadonlyMap<string, Feature>): Buffer {
  const entries = [...features].flatMap(([name, feature]) =>
    bytesField(1, [...textField(1, name), ...bytesField(2, featureParts(feature))]),
  );
  return joined(bytesField(1, entries));
}

function featureParts(feature: Feature): Parts {
  switch (feature.kind) {
    case 'none':
      return [];
    case 'bytes':
      return bytesField(
        1,
        feature.values.flatMap((value) => bytesField(1, [value])),
      );
    case 'float':
      return bytesField(2, bytesField(1, [new Uint8Array(Float32Array.from(feature.values).buffer)]));
    case 'int64':
      return bytesField(3, bytesField(1, [writeVarints(BigInt64Array.from(feature.values))]));
  }
}
