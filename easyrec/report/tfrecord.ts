import { maskedCrc32c } from './crc32c.js';

/** `payload` framed as one TFRecord: length (uint64), its CRC, the bytes, their CRC; all little-endian, both CRCs masked. */
export function frameRecord(payload: Uint8Array): Buffer {
  const record = Buffer.alloc(12 + payload.length + 4);
  record.writeBigUInt64LE(BigInt(payload.length), 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  record.set(payload, 12);
  record.writeUInt32LE(maskedCrc32c(payload), 12 + payload.length);
  return record;
}
