import assert from 'node:assert/strict';
import { CheckpointReader } from '../../easyrec/tf/index.js';

/** Every tensor of a checkpoint by name: its dtype, shape and bytes. */
export function tensorsOf(prefix: string): ReadonlyMap<string, string> {
  using reader = new CheckpointReader(prefix);
  return new Map(
    reader.entries().map(({ name, dtype, shape }) => {
      using value = reader.read(name);
      const { buffer, byteOffset, byteLength } = value.numbers();
      const bytes = Buffer.from(buffer, byteOffset, byteLength);
      return [name, `${dtype}[${shape.join()}] ${bytes.toString('hex')}`];
    }),
  );
}

/** The names of the tensors that two checkpoints do not hold bit for bit alike, or that one of them lacks. */
export function differingTensors(a: string, b: string): string[] {
  const [left, right] = [tensorsOf(a), tensorsOf(b)];
  assert.ok(left.size > 0, `${a} holds no tensor`);
  return [...new Set([...left.keys(), ...right.keys()])].filter((name) => left.get(name) !== right.get(name));
}
