import type { Random } from '../../../easyrec/input/random.js';

/** Lengths and numbers at which programs err. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff] as const;

/** Bytes without any meaning. */
export function noise(random: Random, maxLength: number): Buffer {
  return Buffer.from(Array.from({ length: random.below(maxLength + 1) }, () => random.below(256)));
}

/** A message with one to eight mistakes: bytes changed, inserted, removed, repeated, the end cut off. */
export function broken(random: Random, message: Uint8Array): Buffer {
  let bytes = Buffer.from(message);
  for (let mistakes = 1 + random.below(8); mistakes > 0; mistakes--) {
    const at = random.below(bytes.length + 1);
    const length = random.below(16);
    const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
    switch (random.below(6)) {
      case 0:
        bytes = Buffer.from(bytes);
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 1:
        bytes = Buffer.from(bytes);
        if (at < bytes.length) bytes[at] = EDGES[random.below(EDGES.length)] ?? 0;
        break;
      case 2:
        bytes = Buffer.concat([head, noise(random, length), tail]);
        break;
      case 3:
        bytes = Buffer.concat([head, tail.subarray(length)]);
        break;
      case 4:
        bytes = Buffer.concat([head, tail.subarray(0, length), tail]);
        break;
      default:
        bytes = Buffer.from(head);
    }
  }
  return bytes;
}
